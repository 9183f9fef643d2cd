"""The receipt: its address comes by text, its figures from the order, its money from the payments as they stand."""

from __future__ import annotations

import re
from html import unescape
from random import randrange

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.money import Money
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.keys import service as keys
from callwaiting.features.messages.models import Message
from callwaiting.features.orders.models import Order
from callwaiting.features.payments import refunds
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.models import Checkout, Payment
from callwaiting.features.receipts import links
from callwaiting.features.reception import service as reception
from callwaiting.providers import ports
from tests.factories.merchants import create_merchant
from tests.factories.payments import Payable, make_accounts, make_payable, make_payment, settlement_for


@pytest.fixture
def guest(client: FlaskClient) -> FlaskClient:
    client.environ_base["REMOTE_ADDR"] = f"198.18.{randrange(256)}.{randrange(256)}"
    return client


@pytest.fixture
def payable(worker: Runtime, merchant: MerchantScope) -> Payable:
    make_accounts(worker, merchant)
    return make_payable(worker, merchant)


def texts(worker: Runtime, payable: Payable) -> list[str]:
    """The receipts that were texted."""
    with worker.database.unit_of_work(payable.scope) as session:
        rows = session.scalars(select(Message).where(Message.kind == "receipt")).all()
        return [keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode() for row in rows]


def address(worker: Runtime, payable: Payable) -> str:
    (text,) = texts(worker, payable)
    found = re.search(r"http://callwaiting\.test(/r/[\w-]{22})$", text)
    assert found, text
    return found[1]


def words(answer: TestResponse) -> str:
    assert answer.content_type == "text/html; charset=utf-8"
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", answer.text).split()))


def give_back(worker: Runtime, payable: Payable, payment_id: object, minor: int) -> None:
    with worker.database.unit_of_work(payable.scope) as session:
        payment = session.scalars(select(Payment).where(Payment.id == payment_id)).one()
        told = ports.Refund(f"re_{minor}", payment.payment_id, Money(minor, "USD"), "succeeded")
        payments.take_refund(session, told, provider="stripe", received_at=clock.now())


def test_the_text_leads_to_the_receipt(worker: Runtime, guest: FlaskClient, payable: Payable) -> None:
    with worker.database.unit_of_work(payable.scope) as session:
        desk = reception.desk(session)
        reception.change(
            session, desk.version, address="1 Main Street, Springfield", business_line=None, transfer_to=None,
            transfer_when="never", voicemail=False, record_calls=False, language_model=False,
        )  # fmt: skip
    make_payment(worker, payable)
    answer = guest.get(address(worker, payable))
    shown = words(answer)

    assert answer.status_code == 200
    for part in (
        "Luigi's Pizza", "1 Main Street, Springfield", f"Order {payable.number}", "2 × Margherita $12.50 $25.00",
        "Tax: Sales tax 8.25 % on $25.00 $2.06", "Total $27.06", "Card (Stripe) $27.06", "Paid in all $27.06",
    ):  # fmt: skip
        assert part in shown, (part, shown)
    assert "Test payment" in shown
    assert answer.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none';"
        " require-trusted-types-for 'script'; trusted-types 'none'"
    )
    assert (answer.headers["Cache-Control"], answer.headers["X-Robots-Tag"]) == ("no-store", "noindex, nofollow")
    assert "<script" not in answer.text
    sheet = re.search(r'href="(/assets/page\.css[^"]*)"', answer.text)
    assert sheet
    style = guest.get(unescape(sheet[1]))
    assert style.status_code == 200
    assert "@media print" in style.text


def test_refunds_and_a_second_payment_are_shown_as_they_stand(
    worker: Runtime, guest: FlaskClient, payable: Payable
) -> None:
    paid = make_payment(worker, payable)
    give_back(worker, payable, paid, 700)
    with worker.database.unit_of_work(payable.scope) as session:
        refunds.request_refund(session, paid, amount=Money(100, "USD"), reason="other")  # on its way: not yet shown
        checkout = session.scalars(select(Payment.checkout_id).where(Payment.id == paid)).one()
        assert checkout is not None
        known = session.scalars(select(Checkout).where(Checkout.id == checkout)).one()
        again = settlement_for(payable, known.provider_id or "")
        assert payments.settle(session, again, provider="stripe") == "surplus"
    shown = words(guest.get(address(worker, payable)))

    assert "Given back, Card (Stripe) -$7.00" in shown
    assert "Card (Stripe), paid in addition $27.06" in shown
    assert "Paid in all $47.12" in shown
    assert len(texts(worker, payable)) == 1


def test_money_that_did_not_fit_makes_no_receipt(worker: Runtime, payable: Payable) -> None:
    make_payment(worker, payable, amount=Money(1, "USD"))
    assert texts(worker, payable) == []


@pytest.mark.parametrize("state", ["awaiting_payment", "expired", "cancelled"])
def test_an_order_that_is_not_paid_has_none(worker: Runtime, guest: FlaskClient, payable: Payable, state: str) -> None:
    with worker.database.unit_of_work(payable.scope) as session:
        link = links.link_to(session, payable.order_id)
        assert links.link_to(session, payable.order_id) == link
        session.execute(update(Order).values(state=state))
    answer = guest.get(link.removeprefix("http://callwaiting.test"))
    assert answer.status_code == 404
    assert "Luigi" not in answer.text


@pytest.mark.parametrize("token", ["x", "A" * 22, "A" * 500, "%00" * 22, "é" * 22])
def test_a_token_that_nobody_has_shows_nothing(guest: FlaskClient, token: str) -> None:
    assert guest.get(f"/r/{token}").status_code == 404


def test_the_payment_links_token_opens_no_receipt(worker: Runtime, guest: FlaskClient, payable: Payable) -> None:
    make_payment(worker, payable)
    assert guest.get(f"/r/{payable.token}").status_code == 404


def test_names_are_escaped_and_inclusive_tax_is_named(worker: Runtime, guest: FlaskClient) -> None:
    scope = create_merchant(worker, "<script>alert(1)</script>", tax_inclusive=True)
    make_accounts(worker, scope)
    payable = make_payable(worker, scope, name='<img src=x onerror="1">')
    make_payment(worker, payable)
    answer = guest.get(address(worker, payable))
    assert "<script>" not in answer.text
    assert "<img" not in answer.text
    assert "Tax included: Sales tax 8.25 % on" in words(answer)
