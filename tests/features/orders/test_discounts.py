"""Discounts: by a code or by the team, spread over the lines, with a new link for the new total."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from callwaiting.factory import Runtime
from callwaiting.features.messages.errors import NoLongerTrue
from callwaiting.features.messages.events import TextDue
from callwaiting.features.orders import codes
from callwaiting.features.orders.service import LineRequest, PlacedOrder
from callwaiting.features.orders.texts import link_key, require_still_true
from callwaiting.features.orders.totals import Discount
from callwaiting.features.payments.models import PaymentLink
from tests.api_client import ApiClient, actions
from tests.factories.orders import place
from tests.factories.payments import make_payable
from tests.factories.phone_numbers import create_number
from tests.factories.pizzeria import open_pizzeria
from tests.features.orders.test_api import approve, take

CODES = "/discount-codes"
TEN: dict[str, Any] = {"code": "SPRING10", "basis_points": 1000, "amount": None}
KIND = {"reason": "waited too long"}


def usd(minor: int) -> dict[str, object]:
    return {"amount": minor, "currency": "USD"}


@pytest.fixture
def placed(owner: ApiClient, worker: Runtime) -> PlacedOrder:
    """2 large pizzas with olives, 26.00 and tax on top; 3 salads, 24.00 with tax within."""
    with worker.database.unit_of_work(owner.scope) as session:
        menu = open_pizzeria(session)
    lines = [
        LineRequest(menu.pizza, 2, (menu.options["Large"], menu.options["Olives"])),
        LineRequest(menu.salad, 3),
    ]
    return place(worker, owner.scope, create_number(worker, owner.scope), lines)


def give(owner: ApiClient, order_id: UUID, body: dict[str, Any], version: int = 1) -> Any:
    return owner.send("POST", f"/orders/{order_id}/discount", KIND | body, version=version)


def test_a_code_takes_ten_percent_off_every_line(owner: ApiClient, placed: PlacedOrder, admin_url: str) -> None:
    made = owner.post(CODES, TEN | {"max_uses": 2})
    answer = give(owner, placed.id, {"code": "spring 10"})

    assert answer.status_code == 200, answer.get_json()
    order = answer.get_json()
    pizza, salad = order["lines"]
    assert (pizza["discount"], salad["discount"], order["discount"]) == (usd(260), usd(240), usd(500))
    assert (pizza["net"], pizza["tax"]) == (usd(2340), usd(193))
    assert (salad["net"], salad["tax"]) == (usd(1964), usd(196))
    assert order["total"] == usd(2340 + 193 + 2160)
    assert (order["discount_code"], order["version"], answer.headers["ETag"]) == ("SPRING10", 2, '"v2"')
    assert owner.get(f"{CODES}/{made['id']}")["uses"] == 1
    assert actions(admin_url)[-1] == "order.discounted"


def test_a_fixed_amount_is_never_more_than_there_is_and_needs_something_left(
    owner: ApiClient, placed: PlacedOrder
) -> None:
    assert give(owner, placed.id, {"amount": usd(5001)}).status_code == 422  # nothing that could be paid is left
    assert give(owner, placed.id, {"basis_points": 10_000}).status_code == 422
    order = give(owner, placed.id, {"amount": usd(1)}).get_json()
    assert (order["discount"], [line["discount"] for line in order["lines"]]) == (usd(1), [usd(1), usd(0)])


def test_another_discount_replaces_the_first(owner: ApiClient, placed: PlacedOrder) -> None:
    first = give(owner, placed.id, {"basis_points": 5000}).get_json()
    second = give(owner, placed.id, {"amount": usd(500)}, version=2).get_json()
    assert (first["discount"], second["discount"], second["version"]) == (usd(2500), usd(500), 3)
    assert give(owner, placed.id, {"amount": usd(500)}, version=2).status_code == 412


def test_the_link_is_a_new_one_and_the_old_text_is_not_sent(
    owner: ApiClient, worker: Runtime, placed: PlacedOrder
) -> None:
    total = give(owner, placed.id, {"basis_points": 1000}).get_json()["total"]["amount"]
    with worker.database.unit_of_work(owner.scope) as session:
        old, new = session.query(PaymentLink).order_by(PaymentLink.order_version).all()
        assert old.revoked_at is not None
        assert (new.revoked_at, new.order_version, new.amount_minor) == (None, 2, total)
        with pytest.raises(NoLongerTrue):
            require_still_true(session, TextDue("payment_link", placed.id, link_key(placed.id, 1)))
        require_still_true(session, TextDue("payment_link", placed.id, link_key(placed.id, 2)))


@pytest.mark.parametrize("state", ["approved", "paid", "cancelled"])
def test_what_is_not_discounted_any_more(owner: ApiClient, worker: Runtime, state: str) -> None:
    payable = make_payable(worker, owner.scope)
    version = 1
    match state:
        case "approved":
            approve(worker, payable)
        case "paid":
            take(worker, payable)
            version = 2
        case "cancelled":
            owner.send("POST", f"/orders/{payable.order_id}/cancel", version=1)
            version = 2
    before = owner.get(f"/orders/{payable.order_id}")
    assert give(owner, payable.order_id, {"basis_points": 1000}, version).status_code == 409
    assert owner.get(f"/orders/{payable.order_id}") == before


@pytest.mark.parametrize(
    "change",
    [{"active": False}, {"ends_at": "2020-01-01T00:00:00Z"}, {"code": "OTHER"}],
)
def test_a_code_that_is_over_gives_nothing_and_is_not_told_from_none(
    owner: ApiClient, placed: PlacedOrder, change: dict[str, object]
) -> None:
    owner.post(CODES, TEN | change)
    refused, none = (give(owner, placed.id, {"code": code}) for code in ("SPRING10", "NOSUCH"))
    assert (refused.status_code, none.status_code) == (409, 409)
    assert refused.get_json()["message"] == none.get_json()["message"]
    assert owner.get(f"/orders/{placed.id}")["total"] == usd(placed.total.minor)


def test_a_code_for_larger_orders(owner: ApiClient, placed: PlacedOrder) -> None:
    made = owner.post(CODES, TEN | {"least": usd(5001)})
    assert made["least"] == usd(5001)
    refused = give(owner, placed.id, {"code": "SPRING10"})
    assert (refused.status_code, refused.get_json()["message"]) == (
        409,
        "This code is good for orders of $50.01 or more.",
    )
    path = f"{CODES}/{made['id']}"
    assert owner.get(path)["uses"] == 0
    owner.send("PUT", path, {"basis_points": 1000, "least": usd(5000)}, version=1)
    assert give(owner, placed.id, {"code": "SPRING10"}).status_code == 200
    assert (
        owner.send("POST", CODES, TEN | {"code": "X10", "least": {"amount": 5, "currency": "EUR"}}).status_code == 422
    )


def test_of_many_at_once_one_gets_the_last_use(owner: ApiClient, worker: Runtime) -> None:
    with worker.database.unit_of_work(owner.scope) as session:
        menu = open_pizzeria(session)
    number = create_number(worker, owner.scope)
    placed = [place(worker, owner.scope, number, [LineRequest(menu.salad, 1)]) for _ in range(4)]
    owner.post(CODES, TEN | {"max_uses": 1})
    came: list[int] = []

    def use(order_id: UUID) -> None:
        came.append(give(owner, order_id, {"code": "SPRING10"}).status_code)

    threads = [threading.Thread(target=use, args=(order.id,)) for order in placed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(came) == [200, 409, 409, 409]


def test_codes_from_first_to_last(owner: ApiClient, admin_url: str) -> None:
    made = owner.post(CODES, TEN)
    path = f"{CODES}/{made['id']}"
    terms = {"basis_points": None, "amount": usd(500), "max_uses": 5}
    changed = owner.send("PUT", path, terms, version=1)
    assert owner.send("POST", CODES, TEN).status_code == 409
    assert (changed.get_json()["amount"], changed.get_json()["basis_points"]) == (usd(500), None)
    assert owner.send("PUT", path, terms, version=1).status_code == 412
    assert [row["code"] for row in owner.get(CODES)["items"]] == ["SPRING10"]
    assert replace(owner, role="agent").send("DELETE", path, version=2).status_code == 403
    assert (owner.send("DELETE", path, version=2).status_code, owner.send("GET", path).status_code) == (204, 404)
    assert [action for action in actions(admin_url) if action.startswith("discount_code")] == [
        "discount_code.added", "discount_code.changed", "discount_code.removed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"amount": usd(5)},  # both kinds
        {"basis_points": None},
        {"basis_points": 0},
        {"basis_points": None, "amount": {"amount": 5, "currency": "EUR"}},
        {"code": "a!"},
        {"code": "small"},
        {"max_uses": 0},
    ],
)
def test_what_a_code_cannot_be(owner: ApiClient, change: dict[str, object]) -> None:
    assert owner.send("POST", CODES, TEN | change).status_code == 422
    assert owner.get(CODES)["items"] == []


def test_normal_codes_and_terms() -> None:
    assert codes.normal(" spring 10 ") == "SPRING10"
    assert [Discount(basis_points=3333).of(amount, 1) for amount in (0, 1, 100, 300)] == [0, 0, 33, 100]
    assert Discount(basis_points=1000).of(1550, 100) == 200  # in whole forint
    assert Discount(fixed_minor=500).of(300, 1) == 300
