"""Orders of items with options: what they cost, what is refused, what is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.catalogue.models import ModifierOption
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.errors import ChoicesInvalid
from callwaiting.features.orders.service import LineRequest
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.errors import CurrencyNotTaken
from tests.api_client import ApiClient
from tests.factories.merchants import create_merchant
from tests.factories.orders import place
from tests.factories.phone_numbers import create_number
from tests.factories.pizzeria import Pizzeria, open_pizzeria


@dataclass(frozen=True)
class Shop:
    worker: Runtime
    scope: MerchantScope
    menu: Pizzeria

    @contextmanager
    def session(self) -> Iterator[Session]:
        with self.worker.database.unit_of_work(self.scope) as session:
            yield session

    def pizza(self, quantity: int, *options: str, removed: Sequence[str] = ()) -> LineRequest:
        return LineRequest(
            self.menu.pizza, quantity, tuple(self.menu.options[name] for name in options), tuple(removed)
        )


def open_shop(worker: Runtime, scope: MerchantScope) -> Shop:
    with worker.database.unit_of_work(scope) as session:
        return Shop(worker, scope, open_pizzeria(session))


@pytest.fixture
def shop(worker: Runtime, merchant: MerchantScope) -> Shop:
    return open_shop(worker, merchant)


def test_options_are_in_the_price_and_taxes_are_the_lines_own(shop: Shop) -> None:
    with shop.session() as session:
        quote = orders.quote(
            session,
            [
                shop.pizza(2, "Large", "Extra cheese", removed=["onions"]),
                shop.pizza(1, "Small"),
                LineRequest(shop.menu.salad, 3),
            ],
        )
    large, small, salad = quote.lines
    assert [line.unit_price.minor for line in quote.lines] == [1350, 900, 800]
    assert large.title == "Pizza, Large, Extra cheese, without onions"
    assert (large.net_minor, large.tax_minor) == (2700, 223)  # 8.25 % on top
    assert (small.net_minor, small.tax_minor) == (900, 74)
    assert (salad.net_minor, salad.tax_minor) == (2182, 218)  # 10 % within
    assert (quote.added_tax.minor, quote.included_tax.minor) == (297, 218)
    assert quote.total.minor == 2700 + 223 + 900 + 74 + 2400


def test_an_item_never_costs_less_than_nothing(shop: Shop) -> None:
    with shop.session() as session:
        session.execute(update(ModifierOption).where(ModifierOption.name == "Small").values(price_delta_minor=-1500))
        lines = orders.quote(session, [shop.pizza(1, "Small"), LineRequest(shop.menu.salad, 1)]).lines
    assert (lines[0].unit_price.minor, lines[0].net_minor, lines[0].tax_minor) == (0, 0, 0)


def test_only_what_is_alike_is_one_line(shop: Shop) -> None:
    wanted = [shop.pizza(1, "Large"), shop.pizza(2, "Small"), shop.pizza(3, "Large"), shop.pizza(1, "Large", "Olives")]
    with shop.session() as session:
        lines = orders.quote(session, wanted).lines
    assert [(line.quantity, line.title) for line in lines] == [
        (4, "Pizza, Large"), (2, "Pizza, Small"), (1, "Pizza, Large, Olives"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "removed"),
    [
        ((), ()),  # a size is needed
        (("Small", "Large"), ()),
        (("Small", "Extra cheese", "Mushrooms", "Olives"), ()),
        (("Small", "Olives", "Olives"), ()),
        (("Small",), ("basil",)),
        (("Small",), ("onions", "onions")),
    ],
)
def test_what_cannot_be_chosen(shop: Shop, options: tuple[str, ...], removed: tuple[str, ...]) -> None:
    line = shop.pizza(1, *options, removed=removed)
    with pytest.raises(ChoicesInvalid) as refused, shop.session() as session:
        orders.quote(session, [shop.pizza(1, "Large"), line])
    assert refused.value.lines == (line,)


def test_an_option_of_another_item_is_refused(shop: Shop) -> None:
    line = LineRequest(shop.menu.salad, 1, (shop.menu.options["Olives"],))
    with pytest.raises(ChoicesInvalid), shop.session() as session:
        orders.quote(session, [line])


def test_an_option_that_is_sold_out_is_refused(shop: Shop) -> None:
    with shop.session() as session:
        session.execute(update(ModifierOption).where(ModifierOption.name == "Olives").values(available=False))
    with pytest.raises(ChoicesInvalid), shop.session() as session:
        orders.quote(session, [shop.pizza(1, "Large", "Olives")])


def test_an_order_keeps_what_it_was_placed_with(owner: ApiClient, worker: Runtime) -> None:
    shop = open_shop(worker, owner.scope)
    placed = place(
        worker,
        owner.scope,
        create_number(worker, owner.scope),
        [shop.pizza(2, "Large", "Olives", removed=["onions"]), LineRequest(shop.menu.salad, 1)],
    )
    before = owner.get(f"/orders/{placed.id}")
    with shop.session() as session:
        quoted = orders.summary(session, placed.id).quote
        session.execute(update(ModifierOption).values(name="Other", price_delta_minor=9))
        catalogue.update_item(session, shop.menu.pizza, name="Calzone", price_minor=1, group_ids=(), removals=())
        catalogue.update_item(session, shop.menu.salad, tax_rate_id=None)
    for rate in owner.get("/tax-rates")["items"]:
        other = {"name": f"{rate['name']} anew", "basis_points": 1, "inclusive": False}
        assert owner.send("PUT", f"/tax-rates/{rate['id']}", other, version=1).status_code == 200
    with shop.session() as session:
        assert orders.summary(session, placed.id).quote == quoted

    assert owner.get(f"/orders/{placed.id}") == before
    pizza, salad = before["lines"]
    assert [(option["group"], option["name"], option["price_delta"]["amount"]) for option in pizza["options"]] == [
        ("Size", "Large", 250), ("Toppings", "Olives", 50),
    ]  # fmt: skip
    assert (pizza["removed"], pizza["tax_basis_points"], pizza["tax_inclusive"]) == (["onions"], 825, False)
    assert (salad["tax_name"], salad["tax_basis_points"], salad["tax_inclusive"]) == ("Greens", 1000, True)
    assert [(tax["name"], tax["net"]["amount"], tax["tax"]["amount"]) for tax in before["taxes"]] == [
        ("Greens", 727, 73), ("Sales tax", 2600, 215),
    ]  # fmt: skip
    assert before["total"]["amount"] == sum(line["net"]["amount"] + line["tax"]["amount"] for line in before["lines"])


def test_a_currency_that_no_provider_takes_is_refused_before_anything_is_promised(worker: Runtime) -> None:
    scope = create_merchant(worker, "Diwaniya", currency="KWD")
    with worker.database.unit_of_work(scope) as session:
        tea = catalogue.add_item(session, name="Tea", price_minor=1250)
        assert orders.quote(session, [LineRequest(tea, 1)]).total.minor == 1350  # 8.25 %, in steps of ten
        payments.add_account(session, "paypal", "test", "")
    with (
        pytest.raises(CurrencyNotTaken, match="PayPal does not take KWD"),
        worker.database.unit_of_work(scope) as session,
    ):
        orders.quote(session, [LineRequest(tea, 1)])
    with worker.database.unit_of_work(scope) as session:
        payments.add_account(session, "stripe", "test", "")
        total = orders.quote(session, [LineRequest(tea, 1)]).total
        assert payments.providers_for(session, total) == ["stripe"]
