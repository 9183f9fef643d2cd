from __future__ import annotations

from datetime import timedelta

import psycopg2
import pytest

from callwaiting.core import clock
from callwaiting.core.money import Money
from callwaiting.core.tenancy import SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.errors import LinkUnknown
from tests.factories.merchants import create_merchant
from tests.factories.payments import Payable

LOOK_UP = SystemScope("the tests")


def test_the_url_is_ours_and_its_token_has_128_bits(payable: Payable) -> None:
    assert len(payable.token) == 22  # base64 of 16 bytes


def test_the_token_is_nowhere_in_the_clear(payable: Payable, admin_url: str) -> None:
    with psycopg2.connect(admin_url) as connection, connection.cursor() as cursor:
        cursor.execute("select token_hash, token_sealed from app.payment_links")
        ((hashed, sealed),) = cursor.fetchall()
    connection.close()
    assert payable.token.encode() not in bytes(hashed) + bytes(sealed)


def test_the_same_version_keeps_its_url(worker: Runtime, payable: Payable) -> None:
    with worker.database.unit_of_work(payable.scope) as session:
        again = payments.create_link(
            session, order_id=payable.order_id, order_version=1, amount=payable.total, expires_at=clock.now()
        )
    assert again == f"http://callwaiting.test/p/{payable.token}"


def test_a_newer_version_replaces_the_link(web: Runtime, worker: Runtime, payable: Payable) -> None:
    with worker.database.unit_of_work(payable.scope) as session:
        newer = payments.create_link(
            session,
            order_id=payable.order_id,
            order_version=2,
            amount=Money(99, "USD"),
            expires_at=clock.now() + timedelta(hours=1),
        )
    with web.database.unit_of_work(LOOK_UP) as session:
        old = payments.owner_of_token(session, payable.token)
        new = payments.owner_of_token(session, newer.rpartition("/")[2])
    with web.database.unit_of_work(payable.scope) as session:
        assert payments.link_of(session, new.link_id).amount == Money(99, "USD")
        with pytest.raises(LinkUnknown):
            payments.link_of(session, old.link_id)


def test_a_token_finds_its_merchant_and_another_merchant_sees_nothing(
    web: Runtime, worker: Runtime, payable: Payable
) -> None:
    other = create_merchant(worker, "Rosa's Hair")
    with web.database.unit_of_work(LOOK_UP) as session:
        owner = payments.owner_of_token(session, payable.token)
        with pytest.raises(LinkUnknown):
            payments.owner_of_token(session, "A" * 22)
    assert owner.merchant_id == payable.scope.merchant_id
    with web.database.unit_of_work(other) as session, pytest.raises(LinkUnknown):
        payments.link_of(session, owner.link_id)
