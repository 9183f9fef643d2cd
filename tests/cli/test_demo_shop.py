"""The demo merchant's shop gets what it lacks, and nothing that its owner has changed or taken away."""

from __future__ import annotations

from collections.abc import Collection

from callwaiting.cli.demo_shop import MENU, PIECES, furnish
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.bookings import services
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.merchants import service as merchants
from callwaiting.features.orders import codes
from callwaiting.features.reception import answers


class Shop:
    def __init__(self, worker: Runtime, web: Runtime) -> None:
        self.web, self.scope = web, MerchantScope(new_id(), actor="operator")
        with worker.database.unit_of_work(self.scope) as session:
            merchants.create_merchant(session, name="Luigi's Pizza", timezone="America/New_York", currency="USD")

    def furnish(self, given: Collection[str] = ()) -> list[str]:
        with self.web.database.unit_of_work(self.scope) as session:
            return furnish(session, given)

    def has(self) -> tuple[list[str], list[tuple[str, Money | None]], list[str], list[str]]:
        with self.web.database.unit_of_work(self.scope) as session:
            return (
                sorted(item.name for item in catalogue.list_items(session, "USD")),
                [(each.name, each.deposit) for each in services.by_name(session, after=None, limit=9)],
                [code.code for code in codes.by_code(session, after=None, limit=9)],
                [entry.topic for entry in answers.by_topic(session, after=None, limit=9)],
            )


def test_every_piece_is_brought_once(worker: Runtime, web: Runtime) -> None:
    shop = Shop(worker, web)
    given = shop.furnish()
    assert given == list(PIECES)
    menu = sorted(name for name, *_ in MENU)
    whole = (menu, [("Pizza class", Money(1500, "USD")), ("Table", None)], ["SUMMER10"], ["Parking"])
    assert shop.has() == whole
    for known in (given, ()):  # noted, and not: what was written of it may be lost
        shop.furnish(known)
        assert shop.has() == whole


def test_an_older_shop_gets_what_it_lacks_and_keeps_what_its_owner_has_done(worker: Runtime, web: Runtime) -> None:
    shop = Shop(worker, web)
    given = shop.furnish()
    with web.database.unit_of_work(shop.scope) as session:
        (parking,) = answers.by_topic(session, after=None, limit=9)
        answers.remove(session, parking.id, parking.version)
        (code,) = codes.by_code(session, after=None, limit=9)
        codes.remove(session, code.id, code.version)
        cola = next(item for item in catalogue.list_items(session, "USD") if item.name == "Cola")
        catalogue.remove_item(session, cola.id, cola.version)
    assert shop.furnish([name for name in given if name != "code"]) == given
    menu, _, has_codes, topics = shop.has()
    assert (menu, has_codes, topics) == (["Margherita", "Pepperoni"], ["SUMMER10"], [])
