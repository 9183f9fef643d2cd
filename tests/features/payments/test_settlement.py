"""Money that came: fulfilled when all of it matches, else kept apart for a person."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.core.money import Money
from callwaiting.factory import Runtime
from callwaiting.features.alerts.models import Alert
from callwaiting.features.messages.models import Message
from callwaiting.features.orders.models import Order
from callwaiting.features.outbox.models import Effect
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.checkouts import reference_of
from callwaiting.features.payments.models import Checkout, Payment, PaymentLink
from callwaiting.features.payments.service import PaymentProvider
from callwaiting.features.webhooks.service import NotYet
from callwaiting.providers.ports import Settlement
from callwaiting.providers.registry import Providers
from tests.factories.merchants import create_merchant
from tests.factories.payments import Payable, make_accounts, make_payable, settlement_for


class Till:
    """The merchant's money, as the worker takes it and as the tables tell it."""

    def __init__(self, worker: Runtime, payable: Payable) -> None:
        self.worker, self.payable = worker, payable

    def settle(self, settlement: Settlement, provider: PaymentProvider = "stripe") -> str:
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            return payments.settle(session, settlement, provider=provider)

    def payments(self) -> list[tuple[str, str]]:
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            rows = session.execute(select(Payment.state, Payment.reason).order_by(Payment.id))
            return [(state, reason) for state, reason in rows]

    def order(self) -> str:
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            return session.scalars(select(Order.state).where(Order.id == self.payable.order_id)).one()

    def alerts(self) -> list[str]:
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            return list(session.scalars(select(Alert.rule).order_by(Alert.first_seen_at)))

    def receipts(self) -> int:
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            return len(session.scalars(select(Message.id).where(Message.kind == "receipt")).all())

    def checkout(self) -> Checkout:
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            return session.scalars(select(Checkout).order_by(Checkout.id).limit(1)).one()

    def change(self, table: type[Checkout | Order | PaymentLink], **values: object) -> None:
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            session.execute(update(table).values(**values))


@pytest.fixture
def till(web: Runtime, worker: Runtime, payable: Payable, providers: Providers) -> Till:
    """With an open checkout of Stripe, `cs_test_1`, and one of PayPal, `PP2`."""
    payments.start_checkout(web.database, providers, payable.token, "stripe")
    payments.start_checkout(web.database, providers, payable.token, "paypal")
    return Till(worker, payable)


def test_a_matching_settlement_pays_the_order_once(till: Till) -> None:
    settlement = settlement_for(till.payable, "cs_test_1")
    assert [till.settle(settlement) for _ in range(3)] == ["settled", "repeated", "repeated"]
    assert (till.order(), till.payments(), till.receipts()) == ("paid", [("settled", "")], 1)
    assert till.checkout().state == "completed"
    assert till.alerts() == []


@pytest.mark.parametrize(("paid", "closed"), [("PP2", ["cs_test_1"]), ("cs_test_1", [])])
def test_what_is_paid_at_one_provider_cannot_be_paid_at_the_other(till: Till, paid: str, closed: list[str]) -> None:
    assert till.settle(settlement_for(till.payable, paid), "paypal" if paid == "PP2" else "stripe") == "settled"
    with till.worker.database.unit_of_work(till.payable.scope) as session:
        pages = select(Checkout.provider_id).join(Effect, Effect.subject_id == Checkout.id)
        assert session.scalars(pages.where(Effect.kind == "stripe.expire")).all() == closed


BAD_DAYS: dict[str, Callable[[Settlement], Settlement]] = {
    "amount": lambda good: replace(good, amount=Money(good.amount.minor - 1, "USD")),
    "currency": lambda good: replace(good, amount=Money(good.amount.minor, "EUR")),
    "account": lambda good: replace(good, account="acct_somebody"),
    "mode": lambda good: replace(good, mode="live"),
}


@pytest.mark.parametrize("what", BAD_DAYS)
def test_a_mismatch_parks_the_money_and_never_pays_the_order(till: Till, what: str) -> None:
    settlement = BAD_DAYS[what](settlement_for(till.payable, "cs_test_1"))
    assert [till.settle(settlement) for _ in range(2)] == ["parked", "repeated"]
    assert (till.order(), till.payments(), till.receipts()) == ("awaiting_payment", [("parked", what)], 0)
    assert till.alerts() == ["payments.parked"]


def test_money_for_a_replaced_version_is_parked(till: Till) -> None:
    till.change(Order, version=2)
    assert till.settle(settlement_for(till.payable, "cs_test_1")) == "parked"
    assert till.payments() == [("parked", "order version")]


def test_money_for_a_revoked_link_is_parked(till: Till) -> None:
    till.change(PaymentLink, revoked_at=clock.now())
    assert till.settle(settlement_for(till.payable, "cs_test_1")) == "parked"
    assert till.order() == "awaiting_payment"


def test_an_order_whose_total_changed_is_not_paid_by_the_old_amount(till: Till) -> None:
    total = till.payable.total.minor + 100
    till.change(Order, total_minor=total, subtotal_minor=total, tax_minor=0)
    assert till.settle(settlement_for(till.payable, "cs_test_1")) == "parked"
    assert till.payments() == [("parked", "amount")]


@pytest.mark.parametrize("state", ["expired", "cancelled"])
def test_late_money_is_parked(till: Till, state: str) -> None:
    till.change(Order, state=state)
    assert till.settle(settlement_for(till.payable, "cs_test_1")) == "parked"
    assert (till.order(), till.payments()) == (state, [("parked", f"order {state}")])
    assert till.alerts() == ["payments.parked"]
    assert till.receipts() == 0


def test_a_second_payment_is_surplus_to_be_given_back(till: Till) -> None:
    assert till.settle(settlement_for(till.payable, "cs_test_1")) == "settled"
    assert till.settle(settlement_for(till.payable, "PP2"), "paypal") == "surplus"
    assert (till.order(), till.receipts()) == ("paid", 1)
    assert till.payments() == [("settled", ""), ("surplus", "second payment")]
    assert till.alerts() == ["payments.surplus"]


def test_two_payments_at_the_same_moment_pay_the_order_once(till: Till) -> None:
    outcomes: list[str] = []
    gate = threading.Barrier(4)

    def take(provider_id: str, provider: PaymentProvider, payment_id: str) -> None:
        settlement = settlement_for(till.payable, provider_id, payment_id=payment_id)
        gate.wait()
        outcomes.append(till.settle(settlement, provider))

    calls: list[tuple[str, PaymentProvider, str]] = [
        ("cs_test_1", "stripe", "pi_1"),
        ("cs_test_1", "stripe", "pi_1"),
        ("PP2", "paypal", "CAP1"),
        ("PP2", "paypal", "CAP1"),
    ]
    threads = [threading.Thread(target=take, args=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["repeated", "repeated", "settled", "surplus"]
    assert till.receipts() == 1


def test_an_event_that_overtakes_our_own_record_waits(till: Till) -> None:
    checkout = till.checkout()
    till.change(Checkout, state="claimed", provider_id=None)
    with pytest.raises(NotYet):
        till.settle(settlement_for(till.payable, "cs_test_1", reference=reference_of(checkout.id)))
    assert till.payments() == []
    till.change(Checkout, state="open", provider_id="cs_test_1")
    settlement = settlement_for(till.payable, "cs_test_1", reference=reference_of(checkout.id))
    assert till.settle(settlement) == "settled"


def test_another_checkout_under_our_reference_is_parked(till: Till) -> None:
    settlement = settlement_for(till.payable, "cs_other", reference=reference_of(till.checkout().id))
    assert till.settle(settlement) == "parked"
    assert till.payments() == [("parked", "checkout")]


@pytest.mark.parametrize("reference", ["", "order-17", "cw", str(UUID(int=7))])
def test_the_merchants_own_sales_are_none_of_our_business(till: Till, reference: str) -> None:
    assert till.settle(settlement_for(till.payable, "cs_foreign", reference=reference)) == "foreign"
    assert (till.payments(), till.alerts()) == ([], [])


@pytest.mark.parametrize("reference", [reference_of(UUID(int=1)), "cw-", "cw-not-an-id"])
def test_a_reference_like_ours_that_is_unknown_is_parked(till: Till, reference: str) -> None:
    assert till.settle(settlement_for(till.payable, "cs_unknown", reference=reference)) == "parked"
    assert till.payments() == [("parked", "unknown checkout")]
    assert till.order() == "awaiting_payment"


def test_one_merchants_event_cannot_pay_anothers_order(till: Till) -> None:
    other = create_merchant(till.worker, "Rosa's Hair")
    theirs = Till(till.worker, replace(till.payable, scope=other))
    settlement = settlement_for(till.payable, "cs_test_1", reference=reference_of(till.checkout().id))
    assert theirs.settle(settlement) == "parked"
    assert till.order() == "awaiting_payment"


def test_money_on_a_checkout_that_we_gave_up_still_counts(till: Till) -> None:
    till.change(Checkout, state="failed")
    assert till.settle(settlement_for(till.payable, "cs_test_1")) == "settled"
    assert till.order() == "paid"


def test_a_connected_account_must_match(web: Runtime, worker: Runtime, providers: Providers) -> None:
    scope = create_merchant(worker, "Rosa's Hair")
    make_accounts(worker, scope, stripe="acct_rosa", paypal=False)
    payable = make_payable(worker, scope)
    payments.start_checkout(web.database, providers, payable.token, "stripe")
    till = Till(worker, payable)
    assert till.settle(settlement_for(payable, "cs_test_1", account="")) == "parked"
    assert till.settle(settlement_for(payable, "cs_test_1", account="acct_rosa")) == "settled"
