"""Busy statements: planned once a connection, or not at all behind a pooler; everything else as in any session."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, MultipleResultsFound, NoResultFound
from sqlalchemy.orm import Session

from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.errors import ServiceUnavailable
from callwaiting.core.settings import load
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import build_runtime
from callwaiting.features.merchants.models import Merchant

SPAN = Statement("select %(low)s::int as low, %(high)s::int as high, %(low)s::int + %(high)s::int as total")
NAME = Statement("select name from app.merchants")
RENAME = Statement("update app.merchants set name = %(name)s")
TWICE = Statement("select n from generate_series(1, 2) n")
PREPARED = text("select count(*) from pg_prepared_statements where statement like '%as total%'")
ANEW = text("select coalesce(sum(custom_plans), 0) from pg_prepared_statements")


@pytest.fixture(params=["true", "false"])
def database(
    environment: dict[str, str], merchant: MerchantScope, request: pytest.FixtureRequest
) -> Iterator[Database]:
    """With one connection, and preparing or not."""
    settings = load(environment | {"DATABASE_PREPARE": request.param, "DATABASE_POOL_SIZE": "1"})
    runtime = build_runtime(settings, tenant_role=DatabaseRole.WORKER)
    yield runtime.database
    runtime.close()


def cut_off(session: Session) -> None:
    """As a server that went away leaves the connection."""
    driver: Any = session.connection().connection.driver_connection
    with socket.socket(fileno=os.dup(driver.fileno())) as line:
        line.shutdown(socket.SHUT_RDWR)


def total(session: Session, low: int, high: int) -> int:
    row = SPAN(session, low=low, high=high).one()
    assert (row.low, row.high) == (low, high)
    assert isinstance(row.total, int)
    return row.total


def test_it_is_planned_once_a_connection(database: Database, merchant: MerchantScope) -> None:
    once = 1 if database.info["prepare"] else 0
    for low in range(3):
        with database.unit_of_work(merchant) as session:
            assert [total(session, low, 2), total(session, low, 3)] == [low + 2, low + 3]
            assert (session.scalar(PREPARED), session.scalar(ANEW)) == (once, 0)
    database.dispose()
    with database.unit_of_work(merchant) as session:
        assert session.scalar(PREPARED) == 0
        assert total(session, 1, 1) == 2


def test_it_outlives_the_transaction_that_failed(database: Database, merchant: MerchantScope) -> None:
    with pytest.raises(DBAPIError), database.unit_of_work(merchant) as session:
        total(session, 2**31 - 1, 1)
    with database.unit_of_work(merchant) as session:
        assert total(session, 1, 2) == 3


def test_it_sees_what_the_orm_has_yet_to_write(database: Database, merchant: MerchantScope) -> None:
    with database.unit_of_work(merchant) as session:
        row = session.get_one(Merchant, merchant.merchant_id)
        row.name = "Peppino's"
        assert NAME(session).scalars() == ["Peppino's"]


def test_it_says_how_many_rows_it_met(database: Database, merchant: MerchantScope) -> None:
    with database.unit_of_work(merchant) as session:
        renamed = RENAME(session, name="Nino's")
        assert (list(renamed), renamed.rowcount, renamed.scalar()) == ([], 1, None)
        with pytest.raises(NoResultFound):
            renamed.one()
        with pytest.raises(MultipleResultsFound):
            TWICE(session).one_or_none()


def test_a_lost_connection_is_as_sqlalchemy_says_it(database: Database, merchant: MerchantScope) -> None:
    with pytest.raises(ServiceUnavailable):
        ask_after_the_loss(database, merchant)
    with database.unit_of_work(merchant) as session:
        assert len(NAME(session)) == 1


def ask_after_the_loss(database: Database, merchant: MerchantScope) -> None:
    with database.unit_of_work(merchant) as session:
        NAME(session)
        cut_off(session)
        NAME(session)
