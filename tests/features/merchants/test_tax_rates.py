"""`/api/v1/tax-rates`, and what is taxed by them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.merchants import service as merchants
from callwaiting.features.merchants import tax_rates
from callwaiting.features.merchants.tax_rates import NO_TAX, Tax
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.errors import TotalChanged
from callwaiting.features.orders.service import LineRequest
from tests.api_client import ApiClient, actions
from tests.factories.payments import make_caller, make_line

RATES, ITEMS = "/tax-rates", "/catalogue/items"
FOOD = {"name": "Food", "basis_points": 700, "inclusive": True}
TEA = {"name": "Tea", "price": {"amount": 1070, "currency": "USD"}}


def by_name(client: ApiClient, query: str = "") -> dict[str, dict[str, Any]]:
    return {rate["name"]: rate for rate in client.get(RATES + query)["items"]}


def default(runtime: Runtime, scope: MerchantScope) -> Tax:
    with runtime.database.unit_of_work(scope) as session:
        return merchants.profile(session).tax


def test_from_first_to_last(owner: ApiClient, stranger: ApiClient, worker: Runtime, admin_url: str) -> None:
    made = owner.post(RATES, FOOD)
    path = f"{RATES}/{made['id']}"
    changed = owner.send("PUT", path, FOOD | {"name": "Foods", "basis_points": 900, "is_default": True}, version=1)
    late = owner.send("PUT", path, FOOD, version=1)

    assert made == FOOD | {"id": made["id"], "is_default": False, "archived": False, "version": 1}
    assert (changed.status_code, changed.headers["ETag"], late.status_code) == (200, '"v2"', 412)
    assert owner.get(path) == changed.get_json()
    assert {name: rate["is_default"] for name, rate in by_name(owner).items()} == {"Foods": True, "Sales tax": False}
    assert by_name(owner)["Sales tax"]["version"] == 2  # it is no more what somebody may have seen
    assert default(worker, owner.scope) == Tax("Foods", 900, inclusive=True)
    assert stranger.send("GET", path).status_code == 404
    assert list(by_name(stranger)) == ["Sales tax"]
    assert [action for action in actions(admin_url) if action.startswith("tax_rate")][-2:] == [
        "tax_rate.added", "tax_rate.changed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "bad\u0007"}, "name"),
        ({"basis_points": 10_001}, "basis_points"),
        ({"basis_points": -1}, "basis_points"),
        ({"basis_points": 7.5}, "basis_points"),
        ({"inclusive": None}, "inclusive"),
        ({"archived": True}, "archived"),
    ],
)
def test_what_a_rate_cannot_be(owner: ApiClient, change: dict[str, object], field: str) -> None:
    answer = owner.send("POST", RATES, FOOD | change)
    assert (answer.status_code, [wrong["field"] for wrong in answer.get_json()["fields"]]) == (422, [field])
    assert list(by_name(owner)) == ["Sales tax"]


def test_a_name_is_one_rates(owner: ApiClient) -> None:
    food = owner.post(RATES, FOOD)
    again = owner.send("POST", RATES, FOOD | {"name": "FOOD"})
    renamed = owner.send("PUT", f"{RATES}/{food['id']}", FOOD | {"name": "sales tax"}, version=1)
    assert [(answer.status_code, answer.get_json()["code"]) for answer in (again, renamed)] == [(409, "CONFLICT")] * 2
    assert sorted(by_name(owner)) == ["Food", "Sales tax"]


def test_without_a_default_nothing_is_taxed_but_what_has_a_rate(owner: ApiClient, worker: Runtime) -> None:
    rate = by_name(owner)["Sales tax"]
    body = {name: rate[name] for name in ("name", "basis_points", "inclusive")}
    path = f"{RATES}/{rate['id']}"
    refused = owner.send("PUT", path, body | {"is_default": True, "archived": True}, version=1)
    archived = owner.send("PUT", path, body | {"archived": True}, version=1)

    assert [wrong["field"] for wrong in refused.get_json()["fields"]] == ["archived"]
    assert archived.get_json() == rate | {"is_default": False, "archived": True, "version": 2}
    assert default(worker, owner.scope) == NO_TAX
    assert (list(by_name(owner, "?archived=true")), by_name(owner, "?archived=false")) == (["Sales tax"], {})


def test_two_that_become_the_default_at_once_leave_one(web: Runtime, merchant: MerchantScope) -> None:
    def add(number: int) -> None:
        with web.database.unit_of_work(merchant) as session:
            tax_rates.add(session, name=f"Rate {number}", basis_points=number, inclusive=False, is_default=True)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(add, range(6)))
    with web.database.unit_of_work(merchant) as session:
        rows = tax_rates.by_name(session, archived=None, after=None, limit=20)
        assert (len(rows), sum(row.is_default for row in rows)) == (7, 1)


def test_an_item_has_a_rate_and_keeps_it_when_it_is_archived(owner: ApiClient, worker: Runtime) -> None:
    food = owner.post(RATES, FOOD)
    tea = owner.post(ITEMS, TEA | {"tax_rate_id": food["id"]})
    owner.send("PUT", f"{RATES}/{food['id']}", FOOD | {"archived": True}, version=1)
    kept = owner.send("PUT", f"{ITEMS}/{tea['id']}", TEA | {"name": "Tee", "tax_rate_id": food["id"]}, version=1)
    refused = owner.send("POST", ITEMS, TEA | {"tax_rate_id": food["id"]})
    with worker.database.unit_of_work(owner.scope) as session:
        (line,) = orders.quote(session, [LineRequest(catalogue.list_items(session, "USD")[0].id, 1)]).lines
    freed = owner.send("PUT", f"{ITEMS}/{tea['id']}", TEA, version=2)

    assert (kept.status_code, kept.get_json()["tax_rate_id"]) == (200, food["id"])
    assert (line.tax, line.net_minor, line.tax_minor) == (Tax("Food", 700, inclusive=True), 1000, 70)
    assert [wrong["field"] for wrong in refused.get_json()["fields"]] == ["tax_rate_id"]
    assert (freed.status_code, freed.get_json()["tax_rate_id"]) == (200, None)


def test_another_merchants_rate_is_no_rate(owner: ApiClient, stranger: ApiClient) -> None:
    theirs = stranger.post(RATES, FOOD)["id"]
    for rate_id in (theirs, str(uuid4())):
        assert owner.send("POST", ITEMS, TEA | {"tax_rate_id": rate_id}).status_code == 422


def test_a_rate_that_changes_during_a_call_is_told_before_the_order(owner: ApiClient, worker: Runtime) -> None:
    food = owner.post(RATES, FOOD | {"inclusive": False})
    tea = owner.post(ITEMS, TEA | {"tax_rate_id": food["id"]})
    line, caller = make_line(worker, owner.scope), make_caller(worker, owner.scope)
    with worker.database.unit_of_work(owner.scope) as session:
        wanted = [LineRequest(catalogue.list_items(session, "USD")[0].id, 1)]
        agreed = orders.quote(session, wanted).total
    owner.send("PUT", f"{RATES}/{food['id']}", FOOD | {"inclusive": False, "basis_points": 1900}, version=1)

    with pytest.raises(TotalChanged) as changed, worker.database.unit_of_work(owner.scope) as session:
        orders.place_order(session, caller_id=caller, call_id=None, phone_number_id=line, lines=wanted, agreed=agreed)
    assert (agreed.minor, changed.value.quote.total.minor) == (1145, 1273)
    assert owner.get(f"{ITEMS}/{tea['id']}")["version"] == 1


@pytest.mark.parametrize(
    ("name", "points", "label"),
    [
        ("Food", 700, "Food 7 %"),
        ("Food 7 %", 700, "Food 7 %"),
        ("Food 7%", 700, "Food 7%"),
        ("Food 17 %", 700, "Food 17 % 7 %"),  # what is charged is said, whatever the name says
        ("Food 0.7 %", 700, "Food 0.7 % 7 %"),
        ("", 825, "8.25 %"),
        ("", 0, "0 %"),
        ("", 5, "0.05 %"),
        ("", 1950, "19.5 %"),
        ("Luxury", 10_000, "Luxury 100 %"),
    ],
)
def test_rates_in_words(name: str, points: int, label: str) -> None:
    assert Tax(name, points, inclusive=False).label == label


def test_agents_read_and_managers_write(owner: ApiClient) -> None:
    agent = replace(owner, role="agent")
    assert list(by_name(agent)) == ["Sales tax"]
    assert agent.send("POST", RATES, FOOD).status_code == 403
    assert replace(owner, role="admin").send("POST", RATES, FOOD).status_code == 201
