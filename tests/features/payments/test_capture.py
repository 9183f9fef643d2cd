"""PayPal's approval and what follows from it, against a loopback PayPal."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from callwaiting.core.money import Money
from callwaiting.factory import Runtime
from callwaiting.features.orders.models import Order
from callwaiting.features.outbox.models import Effect
from callwaiting.features.payments import capture
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.checkouts import reference_of
from callwaiting.features.payments.models import Checkout, Payment
from callwaiting.features.webhooks.service import NotYet
from callwaiting.providers.ports import ProviderRejected, ProviderUnavailable
from callwaiting.providers.registry import Providers
from tests.factories.payments import Payable, settlement_for
from tests.features.payments.conftest import PaymentApi
from tests.providers.api_server import Answer, json_answer


@pytest.fixture
def checkout(web: Runtime, worker: Runtime, payable: Payable, providers: Providers) -> Checkout:
    payments.start_checkout(web.database, providers, payable.token, "paypal")
    with worker.database.unit_of_work(payable.scope) as session:
        return session.scalars(select(Checkout)).one()


def approve(worker: Runtime, payable: Payable, provider_id: str = "PP1", reference: str = "") -> str:
    with worker.database.unit_of_work(payable.scope) as session:
        return payments.request_capture(session, provider_id, reference)


def captured(payable: Payable, amount: Money | None = None, status: str = "COMPLETED") -> Answer:
    taken = amount or payable.total
    money = {"currency_code": taken.currency, "value": taken.decimal()}
    unit = {"payments": {"captures": [{"id": "CAP1", "status": status, "amount": money}]}}
    return json_answer({"id": "PP1", "status": "COMPLETED", "purchase_units": [unit]}, 201)


def refused(issue: str) -> Answer:
    return json_answer({"name": "UNPROCESSABLE_ENTITY", "details": [{"issue": issue}]}, 422)


def load(worker: Runtime, payable: Payable, checkout: Checkout) -> capture.Capture | None:
    with worker.database.unit_of_work(payable.scope) as session:
        return capture.load(session, checkout.id)


def state(worker: Runtime, payable: Payable) -> tuple[str, str]:
    with worker.database.unit_of_work(payable.scope) as session:
        return session.scalars(select(Checkout.state)).one(), session.scalars(select(Order.state)).one()


def test_an_approval_plans_one_capture_however_often_it_is_told(
    worker: Runtime, payable: Payable, checkout: Checkout
) -> None:
    assert [approve(worker, payable) for _ in range(3)] == ["planned", "stale", "stale"]
    with worker.database.unit_of_work(payable.scope) as session:
        planned = select(Effect.effect_key).where(Effect.kind == "paypal.capture")
        assert session.scalars(planned).all() == [f"capture:{checkout.id}"]


def test_an_approval_of_somebody_elses_order_is_foreign(worker: Runtime, payable: Payable, checkout: Checkout) -> None:
    assert approve(worker, payable, "PP999", "invoice-5") == "foreign"


def test_an_approval_that_overtakes_our_record_waits(worker: Runtime, payable: Payable, checkout: Checkout) -> None:
    with worker.database.unit_of_work(payable.scope) as session:
        session.execute(update(Checkout).values(state="claimed", provider_id=None))
    with pytest.raises(NotYet):
        approve(worker, payable, "PP1", reference_of(checkout.id))


def test_the_answer_of_the_capture_pays_the_order_and_its_event_is_a_repeat(
    worker: Runtime, payable: Payable, checkout: Checkout, providers: Providers, api: PaymentApi
) -> None:
    approve(worker, payable)
    wanted = load(worker, payable, checkout)
    assert wanted is not None
    api.faults = [captured(payable)]
    settlement = capture.call(providers, wanted, False)
    assert api.sent_keys()[-1] == f"capture:{checkout.id}"
    with worker.database.unit_of_work(payable.scope) as session:
        capture.record(session, checkout.id, settlement)
    assert state(worker, payable) == ("completed", "paid")
    with worker.database.unit_of_work(payable.scope) as session:
        event = settlement_for(payable, "PP1", payment_id="CAP1", reference=reference_of(checkout.id))
        assert payments.settle(session, event, provider="paypal") == "repeated"


def test_the_event_may_settle_before_the_answer(
    worker: Runtime, payable: Payable, checkout: Checkout, providers: Providers, api: PaymentApi
) -> None:
    approve(worker, payable)
    wanted = load(worker, payable, checkout)
    assert wanted is not None
    api.faults = [captured(payable)]
    answer = capture.call(providers, wanted, False)
    with worker.database.unit_of_work(payable.scope) as session:
        event = settlement_for(payable, "PP1", payment_id="CAP1")
        assert payments.settle(session, event, provider="paypal") == "settled"
        capture.record(session, checkout.id, answer)
        assert len(session.scalars(select(Payment.id)).all()) == 1


def test_a_pending_capture_waits_for_its_event(
    worker: Runtime, payable: Payable, checkout: Checkout, providers: Providers, api: PaymentApi
) -> None:
    approve(worker, payable)
    wanted = load(worker, payable, checkout)
    assert wanted is not None
    api.faults = [captured(payable, status="PENDING")]
    with worker.database.unit_of_work(payable.scope) as session:
        capture.record(session, checkout.id, capture.call(providers, wanted, False))
    assert state(worker, payable) == ("approved", "awaiting_payment")


def test_a_capture_of_another_amount_is_parked(
    worker: Runtime, payable: Payable, checkout: Checkout, providers: Providers, api: PaymentApi
) -> None:
    approve(worker, payable)
    wanted = load(worker, payable, checkout)
    assert wanted is not None
    api.faults = [captured(payable, Money(1, "USD"))]
    with worker.database.unit_of_work(payable.scope) as session:
        capture.record(session, checkout.id, capture.call(providers, wanted, False))
    assert state(worker, payable) == ("completed", "awaiting_payment")


@pytest.mark.parametrize(
    "change",
    [{"state": "paid"}, {"state": "expired"}, {"state": "cancelled"}, {"version": 2}],
    ids=str,
)
def test_an_order_that_owes_nothing_is_not_captured(
    worker: Runtime, payable: Payable, checkout: Checkout, change: dict[str, object]
) -> None:
    approve(worker, payable)
    with worker.database.unit_of_work(payable.scope) as session:
        session.execute(update(Order).values(**change))
    assert load(worker, payable, checkout) is None
    assert state(worker, payable)[0] == "failed"


def test_an_order_that_is_not_approved_yet_is_tried_again(
    worker: Runtime, payable: Payable, checkout: Checkout, providers: Providers, api: PaymentApi
) -> None:
    approve(worker, payable)
    wanted = load(worker, payable, checkout)
    assert wanted is not None
    api.faults = [refused("ORDER_NOT_APPROVED")]
    with pytest.raises(ProviderUnavailable):
        capture.call(providers, wanted, False)


def test_a_refused_capture_lets_the_payer_choose_again(
    web: Runtime, worker: Runtime, payable: Payable, checkout: Checkout, providers: Providers, api: PaymentApi
) -> None:
    approve(worker, payable)
    wanted = load(worker, payable, checkout)
    assert wanted is not None
    api.faults = [refused("INSTRUMENT_DECLINED")]
    with pytest.raises(ProviderRejected) as caught:
        capture.call(providers, wanted, False)
    with worker.database.unit_of_work(payable.scope) as session:
        capture.reject(session, checkout.id, caught.value)
    assert state(worker, payable) == ("failed", "awaiting_payment")
    assert payments.start_checkout(web.database, providers, payable.token, "paypal").endswith("token=PP2")
