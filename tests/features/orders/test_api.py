"""`/api/v1/orders`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import update

from callwaiting.core.ids import new_id
from callwaiting.factory import Runtime
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.models import Order
from callwaiting.features.payments import checkouts
from callwaiting.features.payments.events import PaymentSettled
from callwaiting.features.payments.models import Checkout, Payment, PaymentLink
from tests.api_client import ApiClient, actions, statements
from tests.factories.payments import CALLER_NUMBER, Payable, make_caller, make_line, make_payable
from tests.factories.stored_events import rows


@pytest.fixture
def payable(owner: ApiClient, worker: Runtime) -> Payable:
    """Two margheritas: 25.00 and 8.25 % of it."""
    return make_payable(worker, owner.scope)


def usd(minor: int) -> dict[str, object]:
    return {"amount": minor, "currency": "USD"}


def take(worker: Runtime, payable: Payable, *, refunded: int = 0) -> UUID:
    """Its payment, settled."""
    payment_id = new_id()
    with worker.database.unit_of_work(payable.scope) as session:
        session.add(
            Payment(
                merchant_id=payable.scope.merchant_id,
                id=payment_id,
                order_id=payable.order_id,
                provider="stripe",
                mode="test",
                account="",
                payment_id=f"pi_{payment_id.hex}",
                amount_minor=payable.total.minor,
                refunded_minor=refunded,
                currency="USD",
                state="part_refunded" if refunded else "settled",
            )
        )
        session.flush()
        orders.on_payment_settled(session, PaymentSettled(payable.order_id, payment_id, payable.total))
    return payment_id


def approve(worker: Runtime, payable: Payable) -> None:
    """The payer has said yes on PayPal's page; the money is not captured."""
    with worker.database.unit_of_work(payable.scope) as session:
        link = session.query(PaymentLink).filter_by(order_id=payable.order_id).one()
        checkout = Checkout(
            merchant_id=payable.scope.merchant_id,
            id=new_id(),
            link_id=link.id,
            order_id=payable.order_id,
            provider="paypal",
            mode="test",
            account="",
            attempt=1,
            state="open",
        )
        session.add(checkout)
        session.flush()
        checkouts.move(session, checkout, "approved")


def test_one_order_with_lines_and_payments(owner: ApiClient, worker: Runtime, payable: Payable) -> None:
    before = owner.send("GET", f"/orders/{payable.order_id}")
    payment_id = take(worker, payable, refunded=500)
    order = owner.get(f"/orders/{payable.order_id}")
    (line,) = order.pop("lines")
    (payment,) = order.pop("payments")

    assert (before.headers["ETag"], before.get_json()["payments"]) == ('"v1"', [])
    assert {"caller_number": CALLER_NUMBER, "number": 1, "state": "paid"}.items() <= order.items()
    assert (order["subtotal"], order["tax"], order["total"]) == (usd(2500), usd(206), usd(2706))
    assert (line["name"], line["quantity"], line["unit_price"]) == ("Margherita", 2, usd(1250))
    assert (line["net"], line["tax"]) == (usd(2500), usd(206))
    assert (payment["id"], payment["state"]) == (str(payment_id), "part_refunded")
    assert (payment["amount"], payment["refunded"]) == (usd(2706), usd(500))


def test_pages_and_filters(owner: ApiClient, stranger: ApiClient, worker: Runtime) -> None:
    line = make_line(worker, owner.scope)
    placed = [make_payable(worker, owner.scope, name=f"Pizza {number}", line=line) for number in range(4)]
    take(worker, placed[1])
    late = datetime(2026, 11, 2, 4, 59, tzinfo=UTC)  # a minute before the end of a day of 25 hours in New York
    for payable, created_at in ((placed[0], late), (placed[1], late + timedelta(minutes=1))):
        with worker.database.unit_of_work(owner.scope) as session:
            session.execute(update(Order).where(Order.id == payable.order_id).values(created_at=created_at))
    other_caller = make_caller(worker, owner.scope, "+14155550199")
    with worker.database.unit_of_work(owner.scope) as session:
        session.execute(update(Order).where(Order.id == placed[3].order_id).values(caller_id=other_caller))

    def found(query: str) -> list[int]:
        return [order["number"] for page in owner.pages(f"/orders?{query}", 1) for order in page]

    assert found("") == [4, 3, 2, 1]
    assert found("state=paid") == [2]
    assert found("state=awaiting_payment") == [4, 3, 1]
    assert found("day=2026-11-01") == [1]
    assert found("day=2026-11-02") == [2]
    assert found(f"caller_id={other_caller}") == [4]
    assert found(f"caller_id={placed[0].caller_id}&state=awaiting_payment") == [3, 1]
    assert stranger.get(f"/orders?caller_id={other_caller}") == {"items": [], "next": None}


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "cursor=1", "offset=3", "state=lost", "day=tomorrow", "caller_id=1"]
)
def test_a_list_that_cannot_be(owner: ApiClient, query: str) -> None:
    answer = owner.send("GET", f"/orders?{query}")

    assert answer.status_code == 422
    assert [item["field"] for item in answer.get_json()["fields"]] == [query.partition("=")[0]]


def test_an_unpaid_order_is_cancelled_once(owner: ApiClient, payable: Payable, admin_url: str) -> None:
    path = f"/orders/{payable.order_id}/cancel"
    refused = [owner.send("POST", path).status_code, owner.send("POST", path, version=2).status_code]
    answer, again = owner.send("POST", path, version=1), owner.send("POST", path, version=2)
    order = answer.get_json()

    assert refused == [428, 412]
    assert (answer.status_code, order["state"]) == (200, "cancelled")
    assert order == owner.get(f"/orders/{payable.order_id}")
    assert (answer.headers["ETag"], owner.send("POST", path, version=1).status_code) == ('"v2"', 412)
    assert (again.status_code, again.get_json()["message"]) == (409, "This order is cancelled.")
    assert actions(admin_url)[-2:] == ["message.planned", "order.cancelled"]
    kinds = rows(admin_url, "select kind from app.messages order by id")
    assert [row["kind"] for row in kinds] == ["payment_link", "order_cancelled"]


def test_money_that_came_or_is_coming_keeps_an_order(owner: ApiClient, worker: Runtime, payable: Payable) -> None:
    path = f"/orders/{payable.order_id}/cancel"
    check = f"/orders/{payable.order_id}/payment-check"
    assert owner.send("POST", check).get_json()["message"] == "No payment of this order is under way at PayPal."
    approve(worker, payable)
    waiting = owner.get(f"/orders/{payable.order_id}")["payment_under_way"]
    assert (waiting["provider"], waiting["ask_at"] > waiting["since"]) == ("paypal", True)
    asked = owner.send("POST", check)
    assert (asked.status_code, asked.get_json()["payment_under_way"]["provider"]) == (202, "paypal")
    underway = owner.send("POST", path, version=1)
    take(worker, payable)
    paid = owner.send("POST", path, version=2)

    assert (underway.status_code, paid.status_code) == (409, 409)
    assert underway.get_json()["message"] == "A payment for this order is being taken."
    assert paid.get_json()["message"] == "This order is paid."
    paid_order = owner.get(f"/orders/{payable.order_id}")
    assert (paid_order["state"], paid_order["payment_under_way"]) == ("paid", None)


def test_viewers_see_orders_but_not_whose(owner: ApiClient, payable: Payable) -> None:
    viewer = replace(owner, role="viewer")
    path = f"/orders/{payable.order_id}"

    assert viewer.get("/orders")["items"][0]["caller_number"] is None
    assert viewer.get(path)["caller_number"] is None
    assert viewer.send("POST", f"{path}/cancel", version=1).status_code == 403
    assert viewer.send("POST", f"{path}/payment-check").status_code == 403


def test_a_page_costs_the_same_whatever_its_length(owner: ApiClient, worker: Runtime) -> None:
    line = make_line(worker, owner.scope)
    placed = [make_payable(worker, owner.scope, name=f"Pizza {number}", line=line) for number in range(3)]
    owner.get("/orders")  # the merchant's key is read once and kept
    counts = []
    for path in ("/orders?limit=1", "/orders?limit=3", f"/orders/{placed[0].order_id}"):
        with statements(owner.app) as sent:
            owner.get(path)
        counts.append(len(sent))

    assert counts[0] == counts[1] <= 3
    assert counts[2] <= 7
