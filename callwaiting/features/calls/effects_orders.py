"""Orders as the dialogue wants them: priced, placed, looked up."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from callwaiting.core.money import Money
from callwaiting.features.calls.acts import CheckCode, PlaceOrder, Price
from callwaiting.features.calls.outcomes import (
    AmountRefused,
    ChoicesOpen,
    CodeGood,
    CodeLost,
    CodeRefused,
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
from callwaiting.features.orders.errors import (
    AmountOutOfRange,
    ChoicesInvalid,
    CodeUnusable,
    ItemsUnavailable,
    TotalChanged,
)
from callwaiting.features.payments.errors import CurrencyNotTaken


def order(
    session: Session, talk: Talk, profile: Profile, effect: Price | PlaceOrder
) -> Priced | ItemsGone | ChoicesOpen | AmountRefused | Placed | TextsRefused | CodeLost:
    """Price or place the order."""
    try:
        if isinstance(effect, Price):
            return _priced(session, effect)
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
            code=effect.code,
        )
    except ItemsUnavailable as error:
        known = catalogue.items_by_id(session, error.item_ids, profile.currency)
        return ItemsGone(error.item_ids, tuple(known[item_id].name for item_id in error.item_ids if item_id in known))
    except ChoicesInvalid as error:
        return ChoicesOpen(error.lines)
    except CodeUnusable:
        return CodeLost()
    except (AmountOutOfRange, CurrencyNotTaken):  # without the code it may be enough
        return CodeLost(too_little=True) if effect.code else AmountRefused()
    except TotalChanged:
        return replace(_priced(session, Price(effect.lines, effect.code)), changed=True)
    talk.keep("order")
    return Placed(placed.number, placed.total, placed.due_now)


def _priced(session: Session, effect: Price) -> Priced:
    """What the lines cost now. Raises CodeUnusable, and what `orders.quote` does."""
    code = orders.good_code(session, effect.code) if effect.code else None
    quote = orders.quote(session, effect.lines, code)
    if code is None or code.counts_for(quote.undiscounted):
        return Priced(quote)
    return Priced(quote, least=Money(code.least_minor, quote.currency))


def check(session: Session, profile: Profile, effect: CheckCode) -> CodeGood | CodeRefused:
    """What a code takes off."""
    try:
        code = orders.good_code(session, effect.code)
    except CodeUnusable:
        return CodeRefused(effect.code, effect.said)
    amount, least = (Money(minor, profile.currency) for minor in (code.discount.fixed_minor, code.least_minor))
    return CodeGood(code.code, code.discount.basis_points, amount, least if code.least_minor else None)


def find(session: Session, talk: Talk, number: int) -> OrderFound | OrderUnknown:
    """One of the caller's own orders by its number."""
    state = None if talk.caller_id is None else orders.state_of(session, caller_id=talk.caller_id, number=number)
    if state is None:
        return OrderUnknown()
    talk.keep("answer")
    return OrderFound(number, state)
