"""What the demo merchant's shop has, piece by piece.

Each piece is brought once, also to a shop that an older version has made. What its owner has changed or taken away
since stays so.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import time
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.money import Money
from callwaiting.features.bookings import resources, services
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.catalogue.service import OptionChange
from callwaiting.features.merchants import hours, tax_rates
from callwaiting.features.orders import codes
from callwaiting.features.orders.totals import Discount
from callwaiting.features.reception import answers
from callwaiting.features.reception import service as reception

BUSINESS_LINE = "+14155550111"
OWNER_PHONE = "+14155550166"
OPENS, CLOSES = time(11), time(22)
MENU = (("Margherita", 1150, 1, ("plain pizza",)), ("Pepperoni", 1375, 2, ()), ("Cola", 300, 3, ("coke",)))
FEW = 50


def furnish(session: Session, given: Collection[str]) -> list[str]:
    """Bring every piece that is not among those that were `given`; returns the names of all that are there then.

    A piece that is there without having been noted is left as it is.
    """
    for name, bring in PIECES.items():
        if name not in given:
            bring(session)
    return list(PIECES)


def _tax(session: Session) -> None:
    if not tax_rates.rates_by_id(session):
        tax_rates.add(session, name="Sales tax", basis_points=825, inclusive=False, is_default=True)


def _menu(session: Session) -> None:
    """Pizzas in two sizes, with up to three toppings, and without what a caller does not like."""
    if catalogue.list_items(session, "USD"):
        return
    size = catalogue.add_group(
        session,
        "USD",
        name="Size",
        min_choices=0,
        max_choices=1,
        options=[OptionChange("Small", -200), OptionChange("Large", 300, aliases=("big", "family size"))],
    )
    toppings = catalogue.add_group(
        session,
        "USD",
        name="Toppings",
        min_choices=0,
        max_choices=3,
        options=[
            OptionChange("Extra cheese", 150, aliases=("cheese",)),
            OptionChange("Mushrooms", 125),
            OptionChange("Olives", 100),
            OptionChange("Peppers", 100),
        ],
    )
    for name, price, keypad, aliases in MENU:
        pizza = name != "Cola"
        catalogue.add_item(
            session,
            name=name,
            price_minor=price,
            keypad=keypad,
            aliases=aliases,
            group_ids=(size, toppings) if pizza else (),
            removals=("basil", "onions", "tomato sauce") if pizza else (),
        )


def _tables(session: Session) -> None:
    table = _resource(session, "Table", opens=OPENS, closes=CLOSES, slot_minutes=60, seats=6)
    _service(session, "Table", minutes=60, price=0, resource_id=table)


def _class(session: Session) -> None:
    """A class that Marco gives; twelve can take part in it, and part of it is paid first."""
    marco = _resource(session, "Marco", opens=time(15), closes=time(21), slot_minutes=90, units=12)
    _service(session, "Pizza class", minutes=90, price=4500, deposit=Money(1500, "USD"), resource_id=marco)


def _hours(session: Session) -> None:
    week = hours.week(session)
    if not week.periods:
        hours.replace_week(session, week.version, [hours.Period(weekday, OPENS, CLOSES) for weekday in range(1, 8)])


def _desk(session: Session) -> None:
    """Whom callers are put through to; nobody is really rung."""
    if reception.desk(session).version > 1:
        return
    reception.change(
        session,
        1,
        address="12 Mulberry Street, New York",
        business_line=BUSINESS_LINE,
        transfer_to=OWNER_PHONE,
        transfer_when="always",
        voicemail=True,
        record_calls=False,
        language_model=False,
    )


def _parking(session: Session) -> None:
    """A question that callers ask besides."""
    if not answers.entries(session):
        asked = ("where can I park", "is there parking")
        answers.add(session, topic="Parking", asked=asked, answer="You can park behind the house, free of charge.")


def _code(session: Session) -> None:
    """A code that callers name."""
    if not codes.by_code(session, after=None, limit=1):
        codes.add(session, "SUMMER10", Discount(basis_points=1000), active=True, ends_at=None, max_uses=None)


PIECES: Mapping[str, Callable[[Session], None]] = {
    "tax": _tax,
    "menu": _menu,
    "tables": _tables,
    "class": _class,
    "hours": _hours,
    "desk": _desk,
    "parking": _parking,
    "code": _code,
}


def _resource(
    session: Session,
    name: str,
    *,
    opens: time,
    closes: time,
    slot_minutes: int,
    units: int = 20,
    seats: int | None = None,
) -> UUID:
    for known in resources.by_name(session, after=None, limit=FEW):
        if known.name == name:
            return known.id
    return resources.add_resource(
        session, name=name, opens=opens, closes=closes, slot_minutes=slot_minutes, units=units, seats=seats
    )


def _service(
    session: Session, name: str, *, minutes: int, price: int, resource_id: UUID, deposit: Money | None = None
) -> None:
    """One that is there, as an older version has made it and nobody has changed it, gets its deposit."""
    wanted = services.Description(
        name=name,
        minutes=minutes,
        step_minutes=30,
        buffer_before=0,
        buffer_after=0,
        price=Money(price, "USD"),
        deposit=deposit,
        capacity=None,
        active=True,
        resource_ids=(resource_id,),
    )
    for known in services.by_name(session, after=None, limit=FEW):
        if known.name == name:
            if known.version == 1 and known.deposit != deposit:
                services.change_service(session, known.id, known.version, wanted)
            return
    services.add_service(session, wanted)
