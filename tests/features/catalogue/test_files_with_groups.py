"""Modifier groups, removals and taxes in files of a catalogue."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api_client import ApiClient, actions
from tests.features.catalogue.test_files import EXPORT, IMPORT, items, take_in, version

USD = {"currency": "USD"}
SIZE: dict[str, Any] = {
    "name": "Size", "min_choices": 1, "max_choices": 1,
    "options": [
        {"name": "Small", "price_delta": USD | {"amount": -200}, "aliases": ["little"]},
        {"name": "Large", "price_delta": USD | {"amount": 250}, "available": False},
    ],
}  # fmt: skip
EXTRAS = SIZE | {
    "name": "Extras",
    "min_choices": 0,
    "options": [{"name": "Olives", "price_delta": USD | {"amount": 99}}],
}
PIZZA: dict[str, Any] = {
    "name": "Pizza", "price": USD | {"amount": 1250}, "modifier_groups": ["Size", "Extras"], "removals": ["onions"],
    "tax_rate": "Food",
}  # fmt: skip


def file_of(**parts: Any) -> dict[str, Any]:
    return {"currency": "USD", "modifier_groups": [SIZE, EXTRAS], "items": [PIZZA], **parts}


def send(owner: ApiClient, file: dict[str, Any], query: str = "") -> Any:
    return owner.send("POST", IMPORT + query, {"catalogue": file}, version=version(owner))


def groups(owner: ApiClient) -> dict[str, Any]:
    return {group["name"]: group for group in owner.get("/catalogue/modifier-groups")["items"]}


@pytest.fixture(autouse=True)
def food(owner: ApiClient) -> str:
    """The id of the tax rate that the pizza has."""
    return make_rate(owner, "Food")


def make_rate(client: ApiClient, name: str) -> str:
    made: str = client.post("/tax-rates", {"name": name, "basis_points": 700, "inclusive": True})["id"]
    return made


def test_a_file_brings_groups_and_loses_nothing(
    owner: ApiClient, stranger: ApiClient, food: str, admin_url: str
) -> None:
    make_rate(stranger, "Food")
    made = send(owner, file_of())
    assert made.status_code == 200, made.get_json()
    assert made.get_json()["groups_added"] == ["Size", "Extras"]
    found, item = groups(owner), items(owner)["Pizza"]
    assert item["modifier_groups"] == [found["Size"]["id"], found["Extras"]["id"]]
    assert (item["removals"], item["tax_rate_id"]) == (["onions"], food)
    assert [option["price_delta"]["amount"] for option in found["Size"]["options"]] == [-200, 250]
    assert "catalogue.group_added" in actions(admin_url)

    again = send(owner, file_of()).get_json()
    assert (again["unchanged"], again["groups_changed"], again["groups_added"]) == (1, [], [])
    assert groups(owner) == found
    file = owner.get(EXPORT)
    assert send(stranger, file).status_code == 200
    assert stranger.get(EXPORT) == file
    emptied = send(owner, file_of(modifier_groups=[], items=[]), "?missing=remove").get_json()
    assert (sorted(emptied["groups_removed"]), groups(owner), items(owner)) == (["Extras", "Size"], {}, {})
    assert send(owner, file).status_code == 200
    assert owner.get(EXPORT) == file


def test_a_table_carries_them_too(owner: ApiClient) -> None:
    send(owner, file_of())
    table = owner.send("GET", f"{EXPORT}?format=csv").data.decode()
    unchanged = take_in(owner, table).get_json()
    assert (unchanged["unchanged"], unchanged["changed"]) == (1, [])
    changed = take_in(
        owner,
        "name,price,modifier_groups,removals,tax_rate\nPizza,12.50,extras,onions|olives,sales TAX\n",
    ).get_json()
    assert {part["field"]: part["after"] for part in changed["changed"][0]["differences"]} == {
        "groups": "Extras", "removals": "onions, olives", "tax_rate": "Sales tax",
    }  # fmt: skip
    assert items(owner)["Pizza"]["modifier_groups"] == [groups(owner)["Extras"]["id"]]
    without = take_in(owner, "name,price\nPizza,13.00\n").get_json()
    assert [part["field"] for part in without["changed"][0]["differences"]] == ["price"]
    assert items(owner)["Pizza"]["removals"] == ["onions", "olives"]
    take_in(owner, "name,price,tax_rate\nPizza,13.00,\n")
    assert items(owner)["Pizza"]["tax_rate_id"] is None


def test_a_rate_that_is_not_there_is_a_wrong_cell(owner: ApiClient, food: str) -> None:
    send(owner, file_of())
    archived = {"name": "Food", "basis_points": 700, "inclusive": True, "archived": True}
    owner.send("PUT", f"/tax-rates/{food}", archived, version=1)
    answer = take_in(owner, "name,price,tax_rate\nPizza,1,food\nTea,1,Food\nCola,1,Drinks\nRum,1,\n")
    filed = send(owner, file_of(items=[PIZZA, PIZZA | {"name": "Tea"}]))

    wrong = {part["field"]: part["message"] for part in answer.get_json()["fields"]}
    assert list(wrong) == ["csv.3.tax_rate", "csv.4.tax_rate"]  # what the pizza has stays
    assert wrong["csv.4.tax_rate"] == "No tax rate has this name. There are: Sales tax."
    assert [part["field"] for part in filed.get_json()["fields"]] == ["catalogue.items.1.tax_rate"]
    assert list(items(owner)) == ["Pizza"]


def test_options_keep_their_ids_by_name(owner: ApiClient) -> None:
    send(owner, file_of())
    before = {option["name"]: option["id"] for option in groups(owner)["Size"]["options"]}
    dearer = SIZE | {"options": [SIZE["options"][1] | {"price_delta": USD | {"amount": 300}}]}
    changed = send(owner, file_of(modifier_groups=[dearer])).get_json()

    assert (changed["groups_changed"], changed["groups_removed"], changed["unchanged"]) == (["Size"], [], 1)
    (left,) = groups(owner)["Size"]["options"]
    assert (left["id"], left["price_delta"]["amount"]) == (before["Large"], 300)


def test_a_change_of_a_group_is_a_change_of_the_catalogue(owner: ApiClient) -> None:
    send(owner, file_of())
    seen = version(owner)
    size = groups(owner)["Size"]
    body = {name: size[name] for name in ("name", "min_choices", "max_choices", "options")}
    path = f"/catalogue/modifier-groups/{size['id']}"
    assert owner.send("PUT", path, body | {"name": "How big"}, version=1).status_code == 200

    late = owner.send("POST", IMPORT, {"catalogue": file_of()}, version=seen)
    assert late.status_code == 412


def test_a_group_that_an_item_asks_stays(owner: ApiClient) -> None:
    send(owner, file_of())
    gone = send(owner, file_of(modifier_groups=[], items=[PIZZA | {"modifier_groups": ["Size"]}]), "?missing=remove")

    assert gone.get_json()["groups_removed"] == ["Extras"]
    assert list(groups(owner)) == ["Size"]


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"modifier_groups": [SIZE]}, "catalogue.items.0.modifier_groups"),  # it asks for extras
        ({"modifier_groups": [SIZE, EXTRAS, SIZE]}, "catalogue.modifier_groups.2.name"),
        ({"modifier_groups": [SIZE | {"max_choices": 3}, EXTRAS]}, "catalogue.modifier_groups.0.max_choices"),
        (
            {"modifier_groups": [SIZE | {"options": [SIZE["options"][0]] * 2}, EXTRAS]},
            "catalogue.modifier_groups.0.options.0.name",
        ),
        ({"items": [PIZZA | {"modifier_groups": ["Size", "size"]}]}, "catalogue.items.0.modifier_groups"),
        ({"items": [PIZZA | {"removals": ["!!!"]}]}, "catalogue.items.0.removals"),
    ],
)
def test_of_a_wrong_group_nothing_is_done(owner: ApiClient, parts: dict[str, Any], field: str) -> None:
    answer = send(owner, file_of(**parts))

    assert answer.status_code == 422
    assert answer.get_json()["fields"][0]["field"] == field
    assert (groups(owner), items(owner)) == ({}, {})
