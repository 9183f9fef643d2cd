"""Adding, changing and listing items."""

from __future__ import annotations

from uuid import uuid4

import pytest

from callwaiting.core.money import Money
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.catalogue import service
from callwaiting.features.catalogue.errors import ItemInvalid, ItemNotFound, KeyTaken
from tests.factories.catalogue import MENU, create_menu
from tests.factories.merchants import create_merchant


def test_the_menu_is_in_the_order_of_the_keys(worker: Runtime, merchant: MerchantScope) -> None:
    items = create_menu(worker, merchant)
    with worker.database.unit_of_work(merchant) as session:
        service.add_item(session, name=" Tap water ", price_minor=0)
        service.update_item(session, items["Cola"], available=False)
        menu = service.menu(session, "USD")
        everything = service.list_items(session, "USD")
    assert [item.name for item in menu] == [name for name in MENU if name != "Cola"] + ["Tap water"]
    assert [item.name for item in everything] == [*MENU, "Tap water"]
    assert menu[0].price == Money(1250, "USD")


def test_changes_leave_the_rest_as_it_is(worker: Runtime, merchant: MerchantScope) -> None:
    items = create_menu(worker, merchant)
    with worker.database.unit_of_work(merchant) as session:
        service.update_item(session, items["Cola"], price_minor=350)
    with worker.database.unit_of_work(merchant) as session:
        cola = service.items_by_id(session, [items["Cola"]], "USD")[items["Cola"]]
    assert (cola.name, cola.price.minor, cola.keypad, cola.aliases, cola.available) == ("Cola", 350, 3, ("coke",), True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "x" * 61), ("name", "bad\nname"), ("name", "!!!"), ("price_minor", -1),
        ("price_minor", 100_000_000), ("keypad", 0), ("keypad", 10), ("aliases", [""]), ("aliases", ["x"] * 21),
    ],
)  # fmt: skip
def test_what_an_item_cannot_be(worker: Runtime, merchant: MerchantScope, field: str, value: object) -> None:
    items = create_menu(worker, merchant)
    with worker.database.unit_of_work(merchant) as session, pytest.raises(ItemInvalid) as refused:
        service.update_item(session, items["Cola"], **{field: value})  # type: ignore[arg-type]  # one field at a time
    assert [error.field for error in refused.value.fields] == [field]


def test_a_key_leads_to_one_item(worker: Runtime, merchant: MerchantScope) -> None:
    items = create_menu(worker, merchant)
    with worker.database.unit_of_work(merchant) as session:
        with pytest.raises(KeyTaken):
            service.add_item(session, name="Tea", price_minor=200, keypad=3)
        service.update_item(session, items["Cola"], keypad=3)


def test_items_of_another_merchant_are_not_there(worker: Runtime, merchant: MerchantScope) -> None:
    items = create_menu(worker, merchant)
    other = create_merchant(worker, "Mario's")
    with worker.database.unit_of_work(other) as session:
        assert service.items_by_id(session, items.values(), "USD") == {}
        for item_id in (items["Cola"], uuid4()):
            with pytest.raises(ItemNotFound):
                service.update_item(session, item_id, price_minor=1)
