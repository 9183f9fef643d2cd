"""Orders as the dialogue wants them: priced, placed, looked up."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.features.calls.acts import PlaceOrder, Price
from callwaiting.features.calls.outcomes import (
    AmountRefused,
    ChoicesOpen,
    ItemsGone,
    OrderFound,
    OrderUnknown,
    Placed,
    Priced,
    TextsRefused,
)
from callwaiting.features.calls.reach import can_text
from callwaiting.features.calls.talk import Talk
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.merchants.service import Profile
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.errors import AmountOutOfRange, ChoicesInvalid, ItemsUnavailable, TotalChanged
from callwaiting.features.payments.errors import CurrencyNotTaken


def order(
    session: Session, talk: Talk, profile: Profile, effect: Price | PlaceOrder
) -> Priced | ItemsGone | ChoicesOpen | AmountRefused | Placed | TextsRefused:
    """Price or place the order."""
    try:
        if isinstance(effect, Price):
            return Priced(orders.quote(session, effect.lines))
        if talk.caller_id is None or not can_text(session, talk.caller_id):
            return TextsRefused()
        placed = orders.place_order(
            session,
            caller_id=talk.caller_id,
            call_id=talk.call_id,
            phone_number_id=talk.phone_number_id,
            lines=effect.lines,
            agreed=effect.agreed,
            agreed_now=effect.due_now,
        )
    except ItemsUnavailable as error:
        known = catalogue.items_by_id(session, error.item_ids, profile.currency)
        return ItemsGone(error.item_ids, tuple(known[item_id].name for item_id in error.item_ids if item_id in known))
    except ChoicesInvalid as error:
        return ChoicesOpen(error.lines)
    except (AmountOutOfRange, CurrencyNotTaken):
        return AmountRefused()
    except TotalChanged as error:
        return Priced(error.quote, changed=True)
    talk.keep("order")
    return Placed(placed.number, placed.total, placed.due_now)


def find(session: Session, talk: Talk, number: int) -> OrderFound | OrderUnknown:
    """One of the caller's own orders by its number."""
    state = None if talk.caller_id is None else orders.state_of(session, caller_id=talk.caller_id, number=number)
    if state is None:
        return OrderUnknown()
    talk.keep("answer")
    return OrderFound(number, state)
