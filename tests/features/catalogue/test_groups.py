"""`/api/v1/catalogue/modifier-groups`, and what items do with them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from tests.api_client import ApiClient, actions
from tests.features.catalogue.test_api import ITEM, ITEMS

GROUPS = "/catalogue/modifier-groups"


def option(name: str, delta: float = 0, **more: object) -> dict[str, Any]:
    return {
        "name": name, "aliases": [], "price_delta": {"amount": delta, "currency": "USD"}, "available": True, **more,
    }  # fmt: skip


SIZE: dict[str, Any] = {
    "name": "Size",
    "min_choices": 1,
    "max_choices": 1,
    "options": [option("Small"), option("Large", 250, aliases=["big"])],
}


def test_from_first_to_last(owner: ApiClient, admin_url: str) -> None:
    made = owner.post(GROUPS, SIZE)
    path = f"{GROUPS}/{made['id']}"
    small, large = made["options"]
    changed = owner.send("PUT", path, SIZE | {"options": [large, option("Huge", 400)]}, version=1)
    late = [owner.send("PUT", path, SIZE, version=1), owner.send("DELETE", path, version=1)]
    item = owner.post(ITEMS, ITEM | {"modifier_groups": [made["id"]]})
    held = owner.send("DELETE", path, version=2)
    owner.send("PUT", f"{ITEMS}/{item['id']}", ITEM, version=1)
    gone = owner.send("DELETE", path, version=2)

    assert [{**each, "id": None} for each in made["options"]] == [{**each, "id": None} for each in SIZE["options"]]
    assert changed.headers["ETag"] == '"v2"'
    assert changed.get_json()["options"][0] == large
    assert small["id"] not in [each["id"] for each in changed.get_json()["options"]]
    assert [answer.status_code for answer in late] == [412, 412]
    assert (held.status_code, gone.status_code, owner.send("GET", path).status_code) == (409, 204, 404)
    assert [action for action in actions(admin_url) if action.startswith("catalogue.group")] == [
        "catalogue.group_added", "catalogue.group_changed", "catalogue.group_removed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"min_choices": 2}, "min_choices"),
        ({"max_choices": 3}, "max_choices"),
        ({"max_choices": 0}, "max_choices"),
        ({"options": []}, "options"),
        ({"options": [option("Small"), option("small")]}, "options.0.name"),
        ({"options": [option("!")]}, "options.0.name"),
        ({"options": [option("Small", 1.5)]}, "options.0.price_delta.amount"),
        ({"options": [option("Small") | {"price_delta": {"amount": 1, "currency": "EUR"}}]},
         "options.0.price_delta.currency"),
        ({"options": [option("Small", id=str(uuid4()))]}, "options.0.id"),  # no more than an item has an id of ours
        ({"colour": "red"}, "colour"),
    ],
)  # fmt: skip
def test_what_a_group_cannot_be(owner: ApiClient, change: dict[str, object], field: str) -> None:
    answer = owner.send("POST", GROUPS, SIZE | change)

    assert answer.status_code == 422
    assert field in [wrong["field"] for wrong in answer.get_json()["fields"]]
    assert owner.get(GROUPS)["items"] == []


def test_two_items_share_a_group_and_a_removed_item_leaves_it(owner: ApiClient) -> None:
    size = owner.post(GROUPS, SIZE)["id"]
    extras = owner.post(GROUPS, SIZE | {"name": "Extras", "min_choices": 0})["id"]
    first = owner.post(ITEMS, ITEM | {"modifier_groups": [extras, size], "removals": ["onions"]})
    second = owner.post(ITEMS, ITEM | {"keypad": None, "modifier_groups": [size]})

    assert (first["modifier_groups"], first["removals"]) == ([extras, size], ["onions"])
    assert owner.send("DELETE", f"{ITEMS}/{first['id']}", version=1).status_code == 204
    assert owner.get(f"{ITEMS}/{second['id']}")["modifier_groups"] == [size]
    assert owner.send("DELETE", f"{GROUPS}/{extras}", version=1).status_code == 204


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"modifier_groups": [str(uuid4())]}, "modifier_groups.0"),
        ({"removals": ["!"]}, "removals"),
        ({"tax_rate_id": str(uuid4())}, "tax_rate_id"),
    ],
)
def test_what_an_item_cannot_have(owner: ApiClient, change: dict[str, object], field: str) -> None:
    answer = owner.send("POST", ITEMS, ITEM | change)

    assert answer.status_code == 422
    assert field in [wrong["field"] for wrong in answer.get_json()["fields"]]
    assert owner.get(ITEMS)["items"] == []


def test_the_same_group_twice_is_refused(owner: ApiClient) -> None:
    size = owner.post(GROUPS, SIZE)["id"]
    assert owner.send("POST", ITEMS, ITEM | {"modifier_groups": [size, size]}).status_code == 422


def test_an_option_of_another_group_is_refused(owner: ApiClient) -> None:
    size, extras = owner.post(GROUPS, SIZE), owner.post(GROUPS, SIZE | {"name": "Extras"})
    answer = owner.send("PUT", f"{GROUPS}/{size['id']}", SIZE | {"options": extras["options"]}, version=1)
    assert (answer.status_code, answer.get_json()["fields"][0]["field"]) == (422, "options.0.id")
    assert owner.get(f"{GROUPS}/{extras['id']}") == extras


def test_viewers_read_and_managers_write(owner: ApiClient) -> None:
    made = owner.post(GROUPS, SIZE)
    assert replace(owner, role="viewer").get(f"{GROUPS}/{made['id']}") == made
    assert replace(owner, role="agent").send("POST", GROUPS, SIZE).status_code == 403
