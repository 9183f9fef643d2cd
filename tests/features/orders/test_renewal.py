"""A new link for an order that was not paid in time, and what the old ones are worth then."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from random import randrange
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id
from callwaiting.factory import Runtime
from callwaiting.features.alerts.models import Alert
from callwaiting.features.keys import service as keys
from callwaiting.features.messages.models import Message
from callwaiting.features.orders import renewal
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.errors import NotRenewable
from callwaiting.features.orders.models import Order
from callwaiting.features.outbox.models import Effect
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.errors import PaymentUnderway
from callwaiting.features.payments.models import Checkout, Payment, PaymentLink
from tests.api_client import ApiClient
from tests.factories.payments import Payable, make_accounts, make_payable, make_payment, settlement_for

ORIGIN = {"Origin": "http://callwaiting.test"}


@pytest.fixture
def payable(worker: Runtime, owner: ApiClient) -> Payable:
    make_accounts(worker, owner.scope)
    return make_payable(worker, owner.scope)


@pytest.fixture
def guest(client: FlaskClient) -> FlaskClient:
    client.environ_base["REMOTE_ADDR"] = f"198.18.{randrange(256)}.{randrange(256)}"
    return client


def column(worker: Runtime, payable: Payable, what: Any) -> list[Any]:
    with worker.database.unit_of_work(payable.scope) as session:
        return list(session.scalars(select(what)))


def expire(worker: Runtime, payable: Payable, ago: timedelta = timedelta(minutes=1), *, state: bool = True) -> None:
    """The time is up; with `state`, the job has seen it."""
    with worker.database.unit_of_work(payable.scope) as session:
        session.execute(update(Order).values(expires_at=clock.now() - ago))
        session.execute(update(PaymentLink).values(expires_at=clock.now() - ago))
    if state:
        with worker.database.unit_of_work(payable.scope) as session:
            assert orders.expire(session, payable.order_id) == "expired"


def links(worker: Runtime, payable: Payable) -> list[str]:
    """The paths of the links that were texted, in order."""
    with worker.database.unit_of_work(payable.scope) as session:
        rows = session.scalars(select(Message).where(Message.kind == "payment_link").order_by(Message.id)).all()
        bodies = [keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode() for row in rows]
    return [path for body in bodies for path in re.findall(r"http://callwaiting.test(/p/[\w-]{22})", body)]


@pytest.mark.parametrize("seen", [True, False])
def test_a_payer_who_is_late_asks_for_a_new_link(
    guest: FlaskClient, worker: Runtime, payable: Payable, seen: bool
) -> None:
    expire(worker, payable, state=seen)
    page = guest.get(f"/p/{payable.token}")
    assert page.status_code == 410
    action = re.search(r'action="([^"]+/renew)"', page.text)
    assert action
    done = guest.post(unescape(action[1]), headers=ORIGIN)

    assert done.status_code == 200
    assert "A new link is on its way" in done.text
    old, new = links(worker, payable)
    assert (old, guest.get(old).status_code) == (f"/p/{payable.token}", 404)
    fresh = guest.get(new)
    assert fresh.status_code == 200
    assert str(payable.total) in fresh.text
    assert guest.post(f"{old}/renew", headers=ORIGIN).status_code == 404
    assert len(links(worker, payable)) == 2


def test_opening_the_page_and_forms_of_others_text_nobody(
    guest: FlaskClient, worker: Runtime, payable: Payable
) -> None:
    expire(worker, payable)
    guest.get(f"/p/{payable.token}")
    assert guest.get(f"/p/{payable.token}/renew").status_code == 405
    refused = guest.post(f"/p/{payable.token}/renew", headers={"Origin": "https://evil.test"})
    assert refused.status_code == 403
    assert f'<a href="/p/{payable.token}">Try again</a>' in refused.text  # the page, for one cannot go to a POST
    assert len(links(worker, payable)) == 1


@pytest.mark.parametrize("why", ["in time", "too late", "too often", "cancelled", "paid"])
def test_a_payer_gets_none(guest: FlaskClient, worker: Runtime, payable: Payable, why: str) -> None:
    if why == "paid":
        make_payment(worker, payable)
    elif why != "in time":
        expire(worker, payable, timedelta(hours=3) if why == "too late" else timedelta(minutes=1))
    with worker.database.unit_of_work(payable.scope) as session:
        if why == "too often":
            session.execute(update(Order).values(version=renewal.PAYERS_MOST + 1))
        if why == "cancelled":
            session.execute(update(Order).values(state="cancelled"))
    assert "/renew" not in guest.get(f"/p/{payable.token}").text
    assert guest.post(f"/p/{payable.token}/renew", headers=ORIGIN).status_code == 303
    assert len(links(worker, payable)) == 1


def test_the_business_renews_what_has_expired(owner: ApiClient, worker: Runtime, payable: Payable) -> None:
    expire(worker, payable, timedelta(days=2))
    path = f"/orders/{payable.order_id}"
    before = owner.get(path)
    stale = owner.send("POST", f"{path}/link", version=1)
    renewed = owner.send("POST", f"{path}/link", version=before["version"]).get_json()

    assert stale.status_code == 412
    assert (before["state"], renewed["state"], renewed["total"]) == ("expired", "awaiting_payment", before["total"])
    assert renewed["expires_at"] > before["expires_at"]
    assert len(links(worker, payable)) == 2


def open_page(worker: Runtime, payable: Payable) -> None:
    """The payer is on Stripe's page of the first link."""
    with worker.database.unit_of_work(payable.scope) as session:
        link = session.scalars(select(PaymentLink)).one()
        session.add(
            Checkout(
                merchant_id=payable.scope.merchant_id, id=new_id(), link_id=link.id, order_id=payable.order_id,
                provider="stripe", mode="test", account="", attempt=1, state="open", provider_id="cs_old",
            )
        )  # fmt: skip


def test_an_old_page_is_closed_and_what_is_paid_there_all_the_same_is_parked(worker: Runtime, payable: Payable) -> None:
    open_page(worker, payable)
    with worker.database.unit_of_work(payable.scope) as session:
        renewal.renew(session, payable.order_id, 1)
    assert column(worker, payable, Effect.kind).count("stripe.expire") == 1
    with worker.database.unit_of_work(payable.scope) as session:
        assert payments.settle(session, settlement_for(payable, "cs_old"), provider="stripe") == "parked"
    assert column(worker, payable, Order.state) == ["awaiting_payment"]
    assert column(worker, payable, Payment.reason) == ["order version"]
    assert "payments.parked" in column(worker, payable, Alert.rule)


def test_nothing_is_renewed_while_a_payment_is_being_taken(worker: Runtime, payable: Payable) -> None:
    open_page(worker, payable)
    with worker.database.unit_of_work(payable.scope) as session:
        session.execute(update(Checkout).values(state="approved"))
    with worker.database.unit_of_work(payable.scope) as session, pytest.raises(PaymentUnderway):
        renewal.renew(session, payable.order_id, 1)
    assert len(links(worker, payable)) == 1


@pytest.mark.parametrize("state", ["paid", "cancelled", "refunded"])
def test_what_is_over_is_not_renewed(worker: Runtime, payable: Payable, state: str) -> None:
    with worker.database.unit_of_work(payable.scope) as session:
        session.execute(update(Order).values(state=state))
    with worker.database.unit_of_work(payable.scope) as session, pytest.raises(NotRenewable):
        renewal.renew(session, payable.order_id, 1)
