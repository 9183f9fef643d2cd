"""`/api/v1/payments`, `/api/v1/refunds` and `/api/v1/disputes`."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from callwaiting.core import clock
from callwaiting.core.money import Money
from callwaiting.factory import Runtime
from callwaiting.features.payments import disputes, refunds
from callwaiting.providers import ports
from tests.api_client import ApiClient, actions, statements
from tests.factories.payments import Payable, make_accounts, make_payable, make_payment
from tests.factories.stored_events import rows
from tests.factories.tokens import bearer


@pytest.fixture
def payable(worker: Runtime, owner: ApiClient) -> Payable:
    make_accounts(worker, owner.scope)
    return make_payable(worker, owner.scope)


def refund_succeeds(worker: Runtime, owner: ApiClient, refund: dict[str, Any]) -> None:
    """What a worker records of the provider's answer."""
    with worker.database.unit_of_work(owner.scope) as session:
        payment = refunds.locked(session, UUID(refund["payment_id"]))
        told = ports.Refund(
            f"re_{refund['id']}",
            payment.payment_id,
            Money(refund["amount"]["amount"], refund["amount"]["currency"]),
            "succeeded",
            refunds.reference_of(UUID(refund["id"])),
        )
        refunds.take_one_of_all(session, payment, told)


def usd(minor: int) -> dict[str, object]:
    return {"amount": minor, "currency": "USD"}


def test_a_payment_says_what_is_left_of_it(owner: ApiClient, worker: Runtime, payable: Payable) -> None:
    payment_id = make_payment(worker, payable)
    path, total = f"/payments/{payment_id}", payable.total.minor
    fresh = owner.get(path)
    first = owner.post(f"{path}/refunds", {"amount": usd(500)})
    refund_succeeds(worker, owner, first)
    owner.post(f"{path}/refunds", {"amount": usd(200), "reason": "other"})
    now = owner.get(path)

    assert (fresh["state"], fresh["entered_as"], fresh["order_id"]) == ("settled", "settled", str(payable.order_id))
    assert [fresh[name] for name in ("amount", "refunded", "pending", "refundable")] == [
        usd(total), usd(0), usd(0), usd(total),
    ]  # fmt: skip
    assert (now["state"], now["entered_as"]) == ("part_refunded", "settled")
    assert [now[name] for name in ("amount", "refunded", "pending", "refundable")] == [
        usd(total), usd(500), usd(200), usd(total - 700),
    ]  # fmt: skip
    assert owner.get(f"/refunds/{first['id']}")["state"] == "succeeded"
    assert owner.get("/orders")["items"][0]["state"] == "part_refunded"


def test_a_refund_is_planned_once_for_one_key(
    owner: ApiClient, worker: Runtime, payable: Payable, admin_url: str
) -> None:
    path = f"/payments/{make_payment(worker, payable)}/refunds"
    made, again = (owner.send("POST", path, {"amount": usd(500)}, key="one-refund-only") for _ in range(2))
    other = owner.send("POST", path, {"amount": usd(501)}, key="one-refund-only")
    refund = made.get_json()

    assert (made.status_code, made.data) == (201, again.data)
    assert (other.status_code, other.get_json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert {name: refund[name] for name in ("amount", "state", "origin", "reason", "provider_refund_id")} == {
        "amount": usd(500),
        "state": "pending",
        "origin": "api",
        "reason": "requested_by_customer",
        "provider_refund_id": None,
    }
    assert owner.get(f"/refunds/{refund['id']}") == refund
    assert rows(admin_url, "select kind, effect_key from app.outbox where kind like '%%refund%%'") == [
        {"kind": "stripe.refund", "effect_key": f"refund:{refund['id']}"}
    ]
    assert actions(admin_url)[-1] == "refund.requested"


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"amount": usd(0)}, 422, "amount.amount"),
        ({"amount": usd(-5)}, 422, "amount.amount"),
        ({"amount": {"amount": "500", "currency": "USD"}}, 422, "amount.amount"),
        ({"amount": {"amount": 500, "currency": "EUR"}}, 422, "amount.currency"),
        ({"amount": 500}, 422, "amount"),
        ({"reason": "because"}, 422, "reason"),
        ({"state": "succeeded"}, 422, "state"),
        ({"amount": usd(1_000_000)}, 409, None),
    ],
    ids=str,
)
def test_what_cannot_be_given_back_is_refused(
    owner: ApiClient, worker: Runtime, payable: Payable, body: object, status: int, field: str | None
) -> None:
    answer = owner.send("POST", f"/payments/{make_payment(worker, payable)}/refunds", body)

    assert answer.status_code == status
    assert [item["field"] for item in answer.get_json().get("fields", [])] == ([field] if field else [])
    assert owner.get("/refunds")["items"] == []


def test_never_more_than_was_taken(owner: ApiClient, worker: Runtime, payable: Payable) -> None:
    path = f"/payments/{make_payment(worker, payable)}/refunds"
    owner.post(path, {"amount": usd(500)})
    whole = owner.send("POST", path, {"amount": usd(payable.total.minor)})
    rest = owner.post(path, {})
    more = owner.send("POST", path, {})

    left = Money(payable.total.minor - 500, "USD")
    assert (whole.status_code, whole.get_json()["message"]) == (409, f"Of this payment, {left} can be given back.")
    assert rest["amount"] == usd(left.minor)
    assert (more.status_code, more.get_json()["code"]) == (409, "CONFLICT")


def test_two_at_once_do_not_give_back_twice(owner: ApiClient, worker: Runtime, payable: Payable) -> None:
    path = f"/payments/{make_payment(worker, payable)}/refunds"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: owner.send("POST", path, {}).status_code, range(4)))

    assert sorted(answers) == [201, 409, 409, 409]


def test_a_refund_that_was_given_up_is_asked_for_again(
    owner: ApiClient, worker: Runtime, payable: Payable, admin_url: str
) -> None:
    refund = owner.post(f"/payments/{make_payment(worker, payable)}/refunds", {})
    path = f"/refunds/{refund['id']}/retry"
    planned = "select effect_key, state from app.outbox where kind = 'stripe.refund' order by id"
    alive = owner.send("POST", path)
    for _ in range(2):
        rows(admin_url, "update app.outbox set state = 'dead' where kind = 'stripe.refund'")
        assert owner.post(path, status=200) == refund
    again = owner.send("POST", path)
    refund_succeeds(worker, owner, refund)
    told = owner.send("POST", path)

    assert [answer.status_code for answer in (alive, again, told)] == [409, 409, 409]
    assert rows(admin_url, planned) == [
        {"effect_key": f"refund:{refund['id']}", "state": "dead"},
        {"effect_key": f"refund:{refund['id']}:1", "state": "dead"},
        {"effect_key": f"refund:{refund['id']}:2", "state": "planned"},
    ]
    assert actions(admin_url).count("refund.asked_again") == 2


def test_who_may_and_how_lately_proved(owner: ApiClient, worker: Runtime, payable: Payable) -> None:
    path = f"/payments/{make_payment(worker, payable)}/refunds"
    refused = [replace(owner, role=role).send("POST", path, {}) for role in ("agent", "viewer")]
    headers = bearer(owner.app, owner.scope, "owner", age=timedelta(seconds=301)) | {"Idempotency-Key": "too-late-now"}
    late = owner.app.test_client().post(f"/api/v1{path}", headers=headers, json={})

    assert [answer.status_code for answer in refused] == [403, 403]
    assert (late.status_code, late.get_json()["code"]) == (401, "AUTH_STEP_UP_REQUIRED")
    assert replace(owner, role="viewer").get("/refunds")["items"] == []
    assert replace(owner, role="admin").send("POST", path, {}).status_code == 201


def test_money_leaves_only_an_account_that_is_the_merchants(
    owner: ApiClient, worker: Runtime, payable: Payable
) -> None:
    """A settlement is believed from its signed event; that alone must not move money of an account of others."""
    parked = make_payment(worker, payable, account="acct_of_somebody_else")
    own = make_payment(worker, make_payable(worker, owner.scope, name="Funghi", line=payable.phone_number_id))
    answer = owner.send("POST", f"/payments/{parked}/refunds", {})

    assert owner.get(f"/payments/{parked}")["state"] == "parked"
    assert (answer.status_code, answer.get_json()["message"]) == (
        409,
        "This payment is in an account that is not connected.",
    )
    assert owner.send("POST", f"/payments/{own}/refunds", {}).status_code == 201


def test_lists_in_pages_with_filters_and_as_many_statements_for_many(
    owner: ApiClient, stranger: ApiClient, worker: Runtime, payable: Payable
) -> None:
    line = payable.phone_number_id
    made = [str(make_payment(worker, payable))]
    with statements(owner.app) as few:
        owner.get("/payments")
    more = [make_payable(worker, owner.scope, name=name, line=line) for name in ("Funghi", "Diavola")]
    made += [str(make_payment(worker, other)) for other in more]
    back = [
        owner.post(f"/payments/{payment_id}/refunds", {"amount": usd(100 + n)}) for n, payment_id in enumerate(made)
    ]
    refund_succeeds(worker, owner, back[0])
    with statements(owner.app) as many:
        owner.get("/payments")
    pages = owner.pages("/payments", 2)

    assert [[item["id"] for item in page] for page in pages] == [[made[2], made[1]], [made[0]]]
    assert len(many) == len(few)
    assert [item["id"] for item in owner.get("/payments?state=part_refunded")["items"]] == [made[0]]
    assert [item["id"] for item in owner.get(f"/payments?order_id={more[0].order_id}")["items"]] == [made[1]]
    assert owner.get("/payments?provider=paypal")["items"] == []
    assert [[item["id"] for item in page] for page in owner.pages("/refunds", 2)] == [
        [back[2]["id"], back[1]["id"]],
        [back[0]["id"]],
    ]
    assert [item["id"] for item in owner.get("/refunds?state=succeeded")["items"]] == [back[0]["id"]]
    assert [item["id"] for item in owner.get(f"/refunds?payment_id={made[1]}")["items"]] == [back[1]["id"]]
    assert stranger.get("/payments")["items"] == stranger.get("/refunds")["items"] == []
    assert owner.send("GET", "/payments?state=lost").status_code == 422


def test_disputes_with_their_deadline(owner: ApiClient, stranger: ApiClient, worker: Runtime, payable: Payable) -> None:
    payment_id, due = make_payment(worker, payable), clock.now() + timedelta(days=5)
    with worker.database.unit_of_work(owner.scope) as session:
        payment = refunds.locked(session, payment_id)
        told = ports.Dispute("du_1", payment.payment_id, Money(500, "USD"), "open", "fraudulent", due)
        disputes.take_dispute(session, told, provider="stripe", received_at=clock.now())
    (shown,) = owner.get("/disputes?state=open&provider=stripe")["items"]

    assert (shown["payment_id"], shown["amount"], shown["reason"]) == (str(payment_id), usd(500), "fraudulent")
    assert shown["respond_by"].startswith(due.isoformat()[:19])
    assert owner.get(f"/disputes/{shown['id']}") == shown
    assert owner.get("/disputes?state=won")["items"] == stranger.get("/disputes")["items"] == []
    assert stranger.send("GET", f"/disputes/{shown['id']}").status_code == 404
