"""A pizza with a size, toppings and things to leave out, for tests."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.catalogue.service import OptionChange
from callwaiting.features.merchants import tax_rates


@dataclass(frozen=True)
class Pizzeria:
    """Ids by name. A pizza is 10.00; the salad 8.00 with 10 % tax in it, the rate of `Greens`."""

    pizza: UUID
    salad: UUID
    options: dict[str, UUID]


def open_pizzeria(session: Session) -> Pizzeria:
    size = catalogue.add_group(
        session,
        "USD",
        name="Size",
        min_choices=1,
        max_choices=1,
        options=[OptionChange("Small", -100), OptionChange("Large", 250, aliases=("big",))],
    )
    toppings = catalogue.add_group(
        session,
        "USD",
        name="Toppings",
        min_choices=0,
        max_choices=2,
        options=[OptionChange("Extra cheese", 100, aliases=("cheese",)), OptionChange("Mushrooms", 75),
                 OptionChange("Olives", 50)],
    )  # fmt: skip
    pizza = catalogue.add_item(
        session, name="Pizza", price_minor=1000, group_ids=(size, toppings), removals=("onions", "tomato sauce")
    )
    greens = tax_rates.add(session, name="Greens", basis_points=1000, inclusive=True)
    salad = catalogue.add_item(session, name="Salad", price_minor=800, tax_rate_id=greens.id)
    groups = catalogue.items_by_id(session, [pizza], "USD")[pizza].groups
    return Pizzeria(pizza, salad, {option.name: option.id for group in groups for option in group.options})
