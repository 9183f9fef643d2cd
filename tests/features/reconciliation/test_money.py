"""Our money and the providers' books: what differs is found once, told once, and over when it is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.models import Payment
from callwaiting.features.reconciliation import money
from callwaiting.features.reconciliation.models import MoneyRun
from callwaiting.providers.ports import CheckoutRequest, ProviderUnavailable
from callwaiting.providers.registry import build_providers
from tasks import reconcile as job
from tasks.reconcile import Report, compare_all_money
from tests.features.reconciliation.conftest import Books
from tests.providers.api_server import closed_port_url

PROVIDERS = ["stripe", "paypal"]


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has happened this moment counts as settled."""
    monkeypatch.setattr(job, "SETTLING", -timedelta(minutes=1))


def compare(books: Books, *providers: str) -> list[Report]:
    told: list[Report] = []
    compare_all_money(
        books.runtime, since=clock.now() - timedelta(hours=1), only=providers or PROVIDERS, tell=told.append
    )
    assert [report.error for report in told] == [None] * len(told)
    return told


def pay(books: Books, provider: str) -> str:
    """Pay at the provider, and let us hear of it; the payment's id there."""
    paid_unheard(books, provider)
    world = books.world
    for event in world.events(provider):
        world.handle(event)
    with books.runtime.database.unit_of_work(books.scope) as session:
        return session.scalars(select(Payment.payment_id)).one()


def paid_unheard(books: Books, provider: str) -> None:
    """Pay at the provider; its events are never sent, nor is our own answer kept."""
    provider_id = books.world.open(provider)
    if provider == "stripe":
        books.control(f"stripe/sessions/{provider_id}/pay")
        return
    books.control(f"paypal/orders/{provider_id}/approve")
    books.runtime.providers.payments["paypal"].capture(provider_id, account="", idempotency_key="lost")


def change(books: Books, provider: str, payment_id: str, *, minor: int, currency: str = "usd") -> None:
    if provider == "stripe":
        books.control(f"stripe/payments/{payment_id}/change", amount=minor, currency=currency)
    else:
        value = Money(minor, currency.upper()).decimal()
        books.control(f"paypal/captures/{payment_id}/change", value=value, currency=currency.upper())


@pytest.mark.parametrize("provider", PROVIDERS)
def test_what_agrees_is_no_finding(books: Books, provider: str) -> None:
    pay(books, provider)
    (report,) = compare(books, provider)
    assert (report.listed, report.differing) == (1, 0)
    assert books.findings() == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_money_that_we_never_heard_of(books: Books, provider: str) -> None:
    paid_unheard(books, provider)
    compare(books, provider)
    compare(books, provider)
    total = str(books.world.payable.total)
    assert books.findings() == [("payment", "missing_here", "", total, "open")]
    assert books.alerts() == [("open", 1)]
    for event in books.world.events(provider):
        books.world.handle(event)
    compare(books, provider)
    assert books.findings("open") == []
    assert books.alerts() == [("resolved", 1)]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_money_that_the_provider_does_not_know(books: Books, provider: str) -> None:
    payment_id = pay(books, provider)
    with books.runtime.database.unit_of_work(books.scope) as session:
        session.execute(update(Payment).values(payment_id=f"pi_{new_id().hex}", checkout_id=None))
    compare(books, provider)
    found = {(subject, kind) for subject, kind, *_ in books.findings("open")}
    assert found == {("payment", "missing_there"), ("payment", "missing_here")}
    with books.runtime.database.unit_of_work(books.scope) as session:
        session.execute(update(Payment).values(payment_id=payment_id))
    compare(books, provider)
    assert books.findings("open") == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_another_amount_and_another_currency(books: Books, provider: str) -> None:
    payment_id = pay(books, provider)
    total = books.world.payable.total
    change(books, provider, payment_id, minor=100)
    compare(books, provider)
    change(books, provider, payment_id, minor=100, currency="eur")
    compare(books, provider)
    assert books.findings() == [
        ("payment", "amount_differs", str(total), "$1.00", "resolved"),
        ("payment", "currency_differs", str(total), "€1.00", "open"),
    ]
    change(books, provider, payment_id, minor=total.minor)
    compare(books, provider)
    assert books.findings("open") == []
    assert books.alerts() == [("resolved", 1), ("resolved", 1)]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_refund_that_we_never_heard_of(books: Books, provider: str) -> None:
    payment_id = pay(books, provider)
    if provider == "stripe":
        books.control(f"stripe/payments/{payment_id}/refund", amount=450)
    else:
        books.control(f"paypal/captures/{payment_id}/refund", amount={"currency_code": "USD", "value": "4.50"})
    compare(books, provider)
    assert books.findings() == [("refund", "missing_here", "", "$4.50", "open")]


@pytest.mark.parametrize("provider", PROVIDERS)
def test_fees_are_entered_once_and_a_changed_one_is_told(books: Books, provider: str) -> None:
    books.behave(fee_minor=87)
    payment_id, total = pay(books, provider), books.world.payable.total.minor
    compare(books, provider)
    compare(books, provider)
    assert books.balances() == {provider: total - 87, "orders": -total, "fees": 87}
    if provider == "stripe":
        books.control(f"stripe/payments/{payment_id}/change", fee=90)
    else:
        books.control(f"paypal/captures/{payment_id}/change", fee_minor=90)
    compare(books, provider)
    assert books.findings() == [("fee", "fee_differs", "$0.87", "$0.90", "open")]
    assert books.balances()["fees"] == 87


@pytest.mark.parametrize(("won", "returned"), [(False, False), (True, False), (True, True)])
def test_what_stripe_takes_for_a_dispute_is_entered_once_and_given_back_once(
    books: Books, won: bool, returned: bool
) -> None:
    books.behave(fee_minor=87, dispute_fee_minor=1500, dispute_fee_returned=returned)
    payment_id, total = pay(books, "stripe"), books.world.payable.total.minor
    heard = len(books.world.events("stripe"))
    dispute = books.control(f"stripe/payments/{payment_id}/dispute")
    opened = books.world.events("stripe")[heard:]
    for event in opened:
        books.world.handle(event)
    for _ in range(2):
        compare(books, "stripe")
        assert books.balances() == {
            "stripe": -87 - 1500, "orders": -total, "disputes": total, "fees": 87 + 1500,
        }  # fmt: skip
    books.control(f"stripe/disputes/{dispute['id']}/{'win' if won else 'lose'}")
    for event in books.world.events("stripe")[heard + len(opened) :]:
        books.world.handle(event)
    kept = 87 if returned else 87 + 1500
    for _ in range(2):
        compare(books, "stripe")
        left = total if won else 0
        assert {name: minor for name, minor in books.balances().items() if minor} == {
            name: minor for name, minor in {"stripe": left - kept, "orders": -left, "fees": kept}.items() if minor
        }
    assert books.findings() == []


def test_the_merchants_other_business_is_no_difference(books: Books) -> None:
    pay(books, "stripe")
    stripe = books.runtime.providers.payments["stripe"]
    request = CheckoutRequest(
        idempotency_key="other", account="", reference="order-7-of-the-web-shop", description="A book",
        amount=Money(1900, "USD"), return_url="http://shop.test/", cancel_url="http://shop.test/",
        expires_at=clock.now() + timedelta(hours=1),
    )  # fmt: skip
    books.control(f"stripe/sessions/{stripe.create_checkout(request).provider_id}/pay")
    (report,) = compare(books, "stripe")
    assert (report.listed, report.differing) == (2, 0)
    with books.runtime.database.unit_of_work(books.scope) as session:
        account = payments.accounts_of(session)[-1]
        assert payments.record_fee(session, account, "pi_of_others", "txn_1", Money(5, "USD")) == Money(5, "USD")
    assert "fees" not in books.balances()


def test_a_run_that_fails_is_kept_and_the_next_goes_on_from_the_last_good_one(books: Books) -> None:
    pay(books, "stripe")
    compare_all_money(books.runtime, only=["stripe"])
    away = books.runtime.settings.model_copy(update={"stripe_api_base": closed_port_url()})
    with books.runtime.database.unit_of_work(books.scope) as session:
        (account,) = (one for one in payments.accounts_of(session) if one.provider == "stripe")
    now = clock.now()
    with pytest.raises(ProviderUnavailable):
        money.compare_money(books.runtime.database, build_providers(away), books.scope, account, now, now)
    with books.runtime.database.unit_of_work(books.scope) as session:
        runs = session.scalars(select(MoneyRun).order_by(MoneyRun.id)).all()
        last = money.last_run(session, "stripe")
    assert [run.error for run in runs] == [None, "providers.unavailable"]
    assert last is not None
    assert last.id == runs[0].id
    compare_all_money(books.runtime, only=["stripe"])  # it was compared lately
    with books.runtime.database.unit_of_work(books.scope) as session:
        assert len(session.scalars(select(MoneyRun)).all()) == 2


def test_many_payments_are_asked_for_over_several_runs(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(money, "ASKED_ONE_BY_ONE", 1)
    pay(books, "stripe")
    now = clock.now()
    with books.runtime.database.unit_of_work(books.scope) as session:
        kept = session.scalars(select(Payment)).one()
        for number in (1, 2, 3):
            session.add(
                Payment(
                    merchant_id=kept.merchant_id, id=new_id(), order_id=None, checkout_id=None, provider="stripe",
                    mode="test", account="", payment_id=f"pi_gone_{number}", amount_minor=1, currency="USD",
                    state="parked", entered_as="parked", reason="", settled_at=now - timedelta(minutes=50 - number),
                )
            )  # fmt: skip
    for _ in range(6):
        compare_all_money(books.runtime, only=["stripe"])
    gone = [finding for finding in books.findings("open") if finding[1] == "missing_there"]
    assert len(gone) == 3
