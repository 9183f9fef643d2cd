"""The catalogue in a file: what is exported is what can be imported, all of it or nothing."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from callwaiting.core import sheets
from callwaiting.core.errors import ValidationFailed
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.factory import Runtime
from callwaiting.features.catalogue import importing, sheet
from callwaiting.features.catalogue.matching import Item
from callwaiting.features.catalogue.words import words_of
from callwaiting.features.merchants.tax_rates import Rate, Tax
from tests.api_client import ApiClient, actions
from tests.factories.catalogue import MENU, create_menu

EXPORT, IMPORT, ITEMS = "/catalogue/export", "/catalogue/import", "/catalogue/items"
PRICES = st.sampled_from(["USD", "EUR", "JPY", "KWD"])
WORDS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Zl", "Zp", "Co", "Cn")), min_size=1, max_size=20)
NAMES = WORDS.map(str.strip).filter(lambda name: name.isprintable() and bool(words_of(name)))


RATES = [Rate(new_id(), Tax(name, 700, inclusive=True)) for name in ("Food", "=7+1", "a|b")]


def version(owner: ApiClient) -> int:
    return int(owner.send("GET", EXPORT).headers["ETag"].strip('"v'))


def take_in(owner: ApiClient, text: str, query: str = "", at: int | None = None, key: str = "") -> TestResponse:
    expected = version(owner) if at is None else at
    return owner.send("POST", IMPORT + query, {"csv": text}, version=expected, key=key)


def items(owner: ApiClient) -> dict[str, Any]:
    return {item["name"]: item for page in owner.pages(ITEMS, 100) for item in page}


def test_a_table_brings_a_catalogue(owner: ApiClient, admin_url: str) -> None:
    answer = take_in(
        owner, "name,price,aliases,keypad\r\nTarte flambée,12.50,flammkuchen|tarte,1\r\nCrème brûlée,7,,\r\n"
    )

    assert answer.status_code == 200, answer.get_json()
    assert [item["name"] for item in answer.get_json()["added"]] == ["Tarte flambée", "Crème brûlée"]
    found = items(owner)
    assert found["Tarte flambée"]["price"] == {"amount": 1250, "currency": "USD"}
    assert found["Tarte flambée"]["aliases"] == ["flammkuchen", "tarte"]
    assert found["Crème brûlée"] | {"id": ""} == {
        "id": "", "name": "Crème brûlée", "aliases": [], "price": {"amount": 700, "currency": "USD"},
        "keypad": None, "available": True, "version": 1, "modifier_groups": [], "removals": [], "tax_rate_id": None,
    }  # fmt: skip
    assert answer.headers["ETag"] == f'"v{version(owner)}"'
    assert actions(admin_url)[-3:] == ["catalogue.item_added", "catalogue.item_added", "catalogue.imported"]


def test_what_differs_is_shown_and_done(owner: ApiClient, worker: Runtime) -> None:
    create_menu(worker, owner.scope)
    table = "name,price,available\nCOLA,3.50,no\nPepperoni pizza,14.00,yes\nGelato,4.00,yes\n"
    before, at = items(owner), version(owner)
    tried = take_in(owner, table, "?dry_run=true&missing=remove")
    assert (items(owner), version(owner)) == (before, at)
    done = take_in(owner, table, "?missing=remove").get_json()

    expected = tried.get_json() | {"dry_run": False, "version": done["version"], "added": done["added"]}
    assert done == expected
    assert [(item["id"], item["name"]) for item in tried.get_json()["added"]] == [(None, "Gelato")]
    assert [item["name"] for item in done["removed"]] == ["Margherita pizza", "Mac and cheese", "Fish & chips"]
    assert done["unchanged"] == 1
    (cola,) = done["changed"]
    assert cola["id"] == before["Cola"]["id"]
    assert cola["differences"] == [
        {"field": "name", "before": "Cola", "after": "COLA"},
        {"field": "price", "before": "3.00", "after": "3.50"},
        {"field": "available", "before": "yes", "after": "no"},
    ]
    found = items(owner)
    assert found["COLA"]["aliases"] == ["coke"]  # there is no such column
    assert found["COLA"]["version"] == before["Cola"]["version"] + 1
    assert found["Pepperoni pizza"] == before["Pepperoni pizza"]
    assert found.keys() == {"COLA", "Pepperoni pizza", "Gelato"}


def test_the_same_again_changes_nothing(owner: ApiClient, admin_url: str) -> None:
    table = "name,price\nGelato,4\n"
    key, at = str(uuid4()), version(owner)
    first, again = take_in(owner, table, at=at, key=key), take_in(owner, table, at=at, key=key)
    later = take_in(owner, table).get_json()

    assert (again.data, again.headers["Idempotent-Replayed"]) == (first.data, "true")
    assert (later["added"], later["changed"], later["unchanged"]) == ([], [], 1)
    assert actions(admin_url).count("catalogue.item_added") == 1


def test_somebody_elses_change_is_not_overwritten(owner: ApiClient, worker: Runtime) -> None:
    create_menu(worker, owner.scope)
    at = version(owner)
    cola = items(owner)["Cola"]
    body = {name: cola[name] for name in ("name", "aliases", "keypad", "available")}
    owner.send("PUT", f"{ITEMS}/{cola['id']}", body | {"price": {"amount": 333, "currency": "USD"}}, version=1)
    late = take_in(owner, "name,price\nCola,3.00\n", at=at)

    assert (late.status_code, items(owner)["Cola"]["price"]["amount"]) == (412, 333)
    assert owner.send("POST", IMPORT, {"csv": "name,price\n"}).status_code == 428


WRONG = [
    ("name,price\nGelato,4\nTea,1.5\n", ["csv.3.price"]),
    ("name,price\nTea,1.500\nTea,-1\nTea,1e3\nTea,١\nTea,\n", [f"csv.{line}.price" for line in range(2, 7)]),
    ('name,price\n"two\nlines",4\nTea,x\n', ["csv.4.price"]),
    ("name,price\nTea,1,234\n", ["csv.2"]),
    ("name,price,keypad\nTea,1,10\nGelato,1,\n", ["csv.2.keypad"]),
    ("name,price,keypad\nTea,1,7\nGelato,1,7\n", ["csv.3.keypad"]),
    ("name,price,keypad\nTea,1,3\n", ["csv.2.keypad"]),  # that of an item which is not in the file
    ("name,price,available\nTea,1,perhaps\n", ["csv.2.available"]),
    ("name,price,currency\nTea,1,EUR\n", ["csv.2.currency"]),
    ("name,price\nTea,1\ntea ,2\n", ["csv.3.name"]),
    ("id,name,price\nnone,Tea,1\n", ["csv.2.id"]),
    ("name,price\n!!!,1\n,1\n", ["csv.2.name", "csv.3.name"]),
    ("name,cost\nTea,1\n", ["csv.1.cost", "csv.1.price"]),
    ("name,price,price\nTea,1,1\n", ["csv.1.price"]),
    ("", ["csv.1.name", "csv.1.price"]),
    ('name,price\n"Tea"x,1\n', ["csv.2"]),
    ("name,price\nCr\ufffdme,1\n", ["csv"]),
    ("name,price\n" + "Tea,1\n" * (importing.MAX_ROWS + 1), [f"csv.{importing.MAX_ROWS + 2}"]),
]


@pytest.mark.parametrize(("table", "places"), WRONG)
def test_of_a_wrong_row_nothing_is_done(
    owner: ApiClient, worker: Runtime, admin_url: str, table: str, places: list[str]
) -> None:
    create_menu(worker, owner.scope)
    before = items(owner), actions(admin_url)
    answer = take_in(owner, table, "?missing=keep")

    assert answer.status_code == 422
    assert [field["field"] for field in answer.get_json()["fields"]] == places
    assert (items(owner), actions(admin_url)) == before


def test_keys_are_exchanged(owner: ApiClient, worker: Runtime) -> None:
    create_menu(worker, owner.scope)
    answer = take_in(owner, "name,price,keypad\nCola,3.00,1\nMargherita pizza,12.50,3\n")

    assert answer.status_code == 200, answer.get_json()
    assert {name: item["keypad"] for name, item in items(owner).items()} == {
        **{name: key for name, (_, key, _) in MENU.items()}, "Cola": 1, "Margherita pizza": 3,
    }  # fmt: skip


def test_what_spreadsheets_of_other_countries_save(owner: ApiClient) -> None:
    answer = take_in(owner, "\ufeffName;Price;Available\r\nKäsespätzle;9,50;Yes\r\n\r\nBrezn;1;no\r\n;;\r\n")

    assert answer.status_code == 200, answer.get_json()
    assert items(owner)["Käsespätzle"]["price"]["amount"] == 950
    assert items(owner)["Brezn"]["available"] is False


def test_a_file_of_one_merchant_serves_another(owner: ApiClient, stranger: ApiClient, worker: Runtime) -> None:
    """Also its ids: they are each merchant's own, and say nothing about whether another has them."""
    ids = create_menu(worker, owner.scope)
    file = owner.get(EXPORT)
    assert (file["format"], file["format_version"], file["currency"]) == ("callwaiting.catalogue", 1, "USD")
    answer = stranger.send("POST", IMPORT, {"catalogue": file}, version=version(stranger))
    again = stranger.send("POST", IMPORT, {"catalogue": file}, version=version(stranger)).get_json()

    assert [item["id"] for item in answer.get_json()["added"]] == [str(ids[name]) for name in MENU]
    assert again["unchanged"] == len(MENU)
    assert stranger.get(EXPORT) == file
    assert owner.get(EXPORT) == file
    foreign = file | {"currency": "EUR"}
    assert stranger.send("POST", IMPORT, {"catalogue": foreign}, version=version(stranger)).status_code == 422
    both = stranger.send("POST", IMPORT, {"catalogue": file, "csv": ""}, version=version(stranger))
    assert both.status_code == 422


def test_a_removed_item_comes_back_as_itself(owner: ApiClient, worker: Runtime) -> None:
    create_menu(worker, owner.scope)
    file, before = owner.get(EXPORT), items(owner)
    answer = take_in(owner, "name,price\n", "?missing=remove")
    assert (len(answer.get_json()["removed"]), items(owner)) == (len(MENU), {})
    assert owner.send("POST", IMPORT, {"catalogue": file}, version=version(owner)).status_code == 200

    assert items(owner) == before


def test_no_cell_is_a_formula(owner: ApiClient) -> None:
    name = '=HYPERLINK("http://evil.example";"pay")'
    body = {"name": name, "aliases": ["+1", "'quoted", "a|b", "c\\"], "price": {"amount": 1, "currency": "USD"}}
    owner.post(ITEMS, body | {"keypad": None, "available": True})
    answer = owner.send("GET", f"{EXPORT}?format=csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    again = take_in(owner, answer.data.decode()).get_json()

    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="catalogue.csv"'
    assert rows[1][1] == f"'{name}"
    assert rows[1][2].startswith("'+1|")
    assert (again["added"], again["changed"], again["unchanged"]) == ([], [], 1)


@given(
    st.lists(
        st.builds(
            Item, id=st.builds(new_id), name=NAMES, aliases=st.lists(NAMES, max_size=4).map(tuple),
            price=st.builds(Money, st.integers(0, 99_999_999), st.just("USD")), keypad=st.none(),
            available=st.booleans(), tax_rate=st.sampled_from([None, *RATES]),
        ),
        max_size=5,
    ),
    PRICES,
)  # fmt: skip
def test_a_table_loses_nothing(found: list[Item], currency: str) -> None:
    present = [replace(item, price=Money(item.price.minor, currency)) for item in found]
    table = b"".join(sheet.write(present)).decode()
    rows = sheet.read(table, currency)

    plan = importing.planned(present, rows, currency, remove_missing=True, rates=RATES)
    assert (plan.added, plan.changed, plan.removed, plan.unchanged) == ([], [], [], len(present))
    new = importing.planned([], rows, currency, remove_missing=True, rates=RATES)
    assert [(item.id, item.name, item.aliases, item.price, item.tax_rate) for item in new.added] == [
        (item.id, item.name, item.aliases, item.price, item.tax_rate) for item in present
    ]
    for row in csv.reader(io.StringIO(table.removeprefix("\ufeff"))):
        assert not any(cell.startswith(sheets.FORMULA) for cell in row)


@given(st.text(st.sampled_from("name,price;\"'\n\r\t\\|=0123.\ufeffé"), max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    places: list[str] = []
    try:
        sheet.read(f"name,price,aliases\n{text}", "USD")
    except ValidationFailed as refusal:
        places = [field.field for field in refusal.fields]
    assert all(place.startswith("csv") for place in places)


def test_viewers_may_export_and_managers_import(owner: ApiClient) -> None:
    viewer, agent = replace(owner, role="viewer"), replace(owner, role="agent")

    assert viewer.send("GET", EXPORT).status_code == 200
    assert take_in(agent, "name,price\n", at=1).status_code == 403


def test_as_many_as_are_allowed(owner: ApiClient) -> None:
    table = "name,price,aliases\n" + "".join(f"Dish {n},{n}.00,number {n}\n" for n in range(importing.MAX_ROWS))
    answer = take_in(owner, table)

    assert answer.status_code == 200
    assert len(answer.get_json()["added"]) == importing.MAX_ROWS
