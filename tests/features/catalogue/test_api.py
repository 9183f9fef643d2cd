"""`/api/v1/catalogue/items`."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from callwaiting.factory import Runtime
from tests.api_client import ApiClient, actions, statements
from tests.factories.catalogue import MENU, create_menu

ITEM: dict[str, Any] = {
    "name": "Tiramisu",
    "aliases": ["dessert"],
    "price": {"amount": 700, "currency": "USD"},
    "keypad": 9,
    "available": True,
    "modifier_groups": [],
    "removals": [],
    "tax_rate_id": None,
}
ITEMS = "/catalogue/items"


def test_from_first_to_last(owner: ApiClient, admin_url: str) -> None:
    made = owner.post(ITEMS, ITEM)
    path = f"{ITEMS}/{made['id']}"
    changed = owner.send("PUT", path, ITEM | {"keypad": None, "available": False}, version=1)
    late = [owner.send("PUT", path, ITEM, version=1), owner.send("DELETE", path, version=1)]
    gone = owner.send("DELETE", path, version=2)

    assert made == ITEM | {"id": made["id"], "version": 1}
    assert changed.get_json() == made | {"keypad": None, "available": False, "version": 2}
    assert changed.headers["ETag"] == '"v2"'
    assert [answer.status_code for answer in late] == [412, 412]
    assert owner.send("DELETE", path).status_code == 428
    assert (gone.status_code, owner.send("GET", path).status_code) == (204, 404)
    assert actions(admin_url)[-3:] == ["catalogue.item_added", "catalogue.item_changed", "catalogue.item_removed"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "!!!"}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": None}, "name"),
        ({"aliases": [" "]}, "aliases.0"),
        ({"aliases": ["x"] * 21}, "aliases"),
        ({"price": {"amount": -1, "currency": "USD"}}, "price.amount"),
        ({"price": {"amount": 100_000_000, "currency": "USD"}}, "price.amount"),
        ({"price": {"amount": 7.5, "currency": "USD"}}, "price.amount"),
        ({"price": {"amount": 700, "currency": "EUR"}}, "price.currency"),
        ({"keypad": 0}, "keypad"),
        ({"tax_rate_id": 5}, "tax_rate_id"),
    ],
)
def test_what_an_item_cannot_be(owner: ApiClient, change: dict[str, object], field: str) -> None:
    answer = owner.send("POST", ITEMS, ITEM | change)

    assert answer.status_code == 422
    assert [item["field"] for item in answer.get_json()["fields"]] == [field]
    assert owner.get(ITEMS)["items"] == []


def test_a_digit_leads_to_one_item(owner: ApiClient) -> None:
    owner.post(ITEMS, ITEM)
    other = owner.post(ITEMS, ITEM | {"name": "Gelato", "keypad": 8})
    taken = owner.send("POST", ITEMS, ITEM | {"name": "Cannoli"})
    moved = owner.send("PUT", f"{ITEMS}/{other['id']}", ITEM | {"name": "Gelato"}, version=1)

    assert [taken.status_code, moved.status_code] == [409, 409]
    assert taken.get_json()["message"] == "Another item has this digit in the phone menu."


def test_of_many_at_once_one_gets_the_digit(owner: ApiClient) -> None:
    statuses: list[int] = []

    def add(name: str) -> None:
        statuses.append(owner.send("POST", ITEMS, ITEM | {"name": name}).status_code)

    threads = [threading.Thread(target=add, args=(f"Dish {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(statuses) == [201, 409, 409, 409]


def test_pages_by_name(owner: ApiClient, worker: Runtime) -> None:
    create_menu(worker, owner.scope)
    owner.post(ITEMS, ITEM | {"name": "Cola", "available": False})  # a second item of that name
    found = [item["name"] for page in owner.pages(ITEMS, 2) for item in page]
    available = [item["name"] for item in owner.get(f"{ITEMS}?available=true")["items"]]

    assert sorted(found) == sorted([*MENU, "Cola"])
    assert found.index("Cola") + 1 == len(found) - found[::-1].index("Cola") - 1
    assert sorted(available) == sorted(MENU)
    assert [item["keypad"] for item in owner.get(f"{ITEMS}?available=false")["items"]] == [9]
    assert owner.send("GET", f"{ITEMS}?cursor=bm9wZQ").status_code == 422


def test_a_page_costs_the_same_whatever_its_length(owner: ApiClient, worker: Runtime) -> None:
    create_menu(worker, owner.scope)
    owner.get(ITEMS)  # the first request of a process reads its keys too
    counts = []
    for limit in (1, 5):
        with statements(owner.app) as sent:
            owner.get(f"{ITEMS}?limit={limit}")
        counts.append(len(sent))

    assert counts[0] == counts[1] <= 4  # the items, and the groups of all of them


def test_viewers_read_and_managers_write(owner: ApiClient) -> None:
    assert replace(owner, role="viewer").get(ITEMS)["items"] == []
    assert replace(owner, role="agent").send("POST", ITEMS, ITEM).status_code == 403
