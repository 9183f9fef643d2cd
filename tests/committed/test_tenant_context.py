"""The tenant of a transaction stays in that transaction: no pooled connection carries it on."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.errors import ServiceUnavailable
from callwaiting.core.ids import new_id
from callwaiting.core.one_trip import alone
from callwaiting.core.settings import Settings
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import MerchantScope, ScopeMissing, SessionClaim, SessionOver, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.callers import service as callers
from callwaiting.features.callers.models import Caller
from tests.factories.merchants import create_merchant
from tests.factories.stored_events import rows

CONTEXT = text(
    "select coalesce(current_setting('app.merchant_id', true), '') || coalesce(current_setting('app.role', true), '')"
    " || coalesce(current_setting('app.request_id', true), ''), pg_backend_pid(), current_setting('statement_timeout')"
)


@pytest.fixture
def two(worker: Runtime) -> tuple[MerchantScope, MerchantScope]:
    """Two merchants with one caller each."""
    scopes = create_merchant(worker), create_merchant(worker, "Mario's")
    for number, scope in enumerate(scopes):
        with worker.database.unit_of_work(scope) as session:
            callers.remember(session, f"+1415555010{number}")
    return scopes


@pytest.fixture
def narrow(settings: Settings, worker: Runtime) -> Iterator[Database]:
    """A database with a single pooled connection, so that the next unit of work gets what the last one left."""
    database = Database(
        settings.database_urls(), tenant_role=DatabaseRole.WORKER, after_commit=lambda _: None, pool_size=1
    )
    database.info.update(worker.database.info)
    yield database
    database.dispose()


def context(database: Database) -> tuple[str, int, str]:
    """What the pooled connection says of itself when no session set anything."""
    with database.engine(DatabaseRole.WORKER).connect() as connection:
        row = connection.execute(CONTEXT).one()
        return row[0], row[1], row[2]


def owners(session: Session) -> set[UUID]:
    return set(session.scalars(select(Caller.merchant_id)))


def test_nothing_is_left_after_commit_rollback_and_error(
    narrow: Database, two: tuple[MerchantScope, MerchantScope]
) -> None:
    clean = context(narrow)

    with narrow.unit_of_work(two[0]) as session:
        assert owners(session) == {two[0].merchant_id}
    assert context(narrow) == clean
    with narrow.unit_of_work(two[0]) as session:
        owners(session)
        session.rollback()
    assert context(narrow) == clean
    with pytest.raises(DBAPIError), narrow.unit_of_work(two[0]) as session:
        session.execute(text("select 1/0"))
    assert context(narrow) == clean


def test_merchant_stays_over_commits_and_savepoints(narrow: Database, two: tuple[MerchantScope, MerchantScope]) -> None:
    mine = {two[0].merchant_id}
    with narrow.unit_of_work(two[0]) as session:
        assert owners(session) == mine
        session.commit()
        assert owners(session) == mine
        with session.begin_nested() as savepoint:
            assert owners(session) == mine
            savepoint.rollback()
        assert owners(session) == mine
        session.rollback()
        assert owners(session) == mine


def test_system_scope_after_a_merchant_sees_nothing_of_it(
    narrow: Database, two: tuple[MerchantScope, MerchantScope]
) -> None:
    with narrow.unit_of_work(two[0]) as session:
        assert owners(session)
    with narrow.unit_of_work(SystemScope("test")) as session:
        assert owners(session) == set()


@pytest.mark.parametrize("info", [{}, {"scope": None}, {"scope": "merchant"}])
def test_session_without_a_scope_cannot_begin(worker: Runtime, info: dict[str, object]) -> None:
    with Session(worker.database.engine(DatabaseRole.WORKER), info=info) as session, pytest.raises(ScopeMissing):
        session.execute(text("select 1"))


def test_threads_on_few_connections_see_their_own(
    settings: Settings, worker: Runtime, two: tuple[MerchantScope, MerchantScope]
) -> None:
    database = Database(
        settings.database_urls(), tenant_role=DatabaseRole.WORKER, after_commit=lambda _: None, pool_size=3
    )
    database.info.update(worker.database.info)

    def visit(seed: int) -> int:
        chance = random.Random(seed)
        for _ in range(25):
            scope = chance.choice(two)
            with database.unit_of_work(scope) as session:
                assert owners(session) == {scope.merchant_id}
                match chance.randrange(4):
                    case 0:
                        session.rollback()
                        assert owners(session) == {scope.merchant_id}
                    case 1:
                        with pytest.raises(DBAPIError), session.begin_nested():
                            session.execute(text("select 1/0"))
                        assert owners(session) == {scope.merchant_id}
                    case 2:
                        callers.remember(session, f"+1415555{chance.randrange(1000, 9999)}")
        return seed

    try:
        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(visit, range(8))) == list(range(8))
    finally:
        database.dispose()


MINE = Statement("select merchant_id, %(divisor)s::int / %(divisor)s::int as one from app.callers")


def test_statement_of_one_trip_has_its_tenant_and_leaves_nothing(
    narrow: Database, two: tuple[MerchantScope, MerchantScope]
) -> None:
    before = context(narrow)
    for scope in (*two, *two):
        with narrow.unit_of_work(scope, reading=True) as session:
            assert [row.merchant_id for row in alone(session, MINE, divisor=1)] == [scope.merchant_id]
            assert not session.in_transaction()
            assert [row.merchant_id for row in alone(session, MINE, divisor=1)] == [scope.merchant_id]
            assert owners(session) == {scope.merchant_id}
            assert [row.merchant_id for row in alone(session, MINE, divisor=1)] == [scope.merchant_id]
        assert context(narrow) == before


def test_statement_of_one_trip_that_fails_leaves_nothing(
    narrow: Database, two: tuple[MerchantScope, MerchantScope]
) -> None:
    before = context(narrow)
    for _ in range(2):
        with pytest.raises(DBAPIError), narrow.unit_of_work(two[0], reading=True) as session:
            alone(session, MINE, divisor=0)
        assert context(narrow) == before
    with narrow.unit_of_work(two[1], reading=True) as session:
        assert [row.merchant_id for row in alone(session, MINE, divisor=1)] == [two[1].merchant_id]


def test_connection_of_one_trip_begins_transactions_again(
    narrow: Database, two: tuple[MerchantScope, MerchantScope]
) -> None:
    """Were it left as it was for the trip, each statement after it would be committed by itself."""
    renamed = text("update app.merchants set name = 'half done'")
    for divisor in (1, 0):
        with contextlib.suppress(DBAPIError), narrow.unit_of_work(two[0], reading=True) as session:
            alone(session, MINE, divisor=divisor)
        with contextlib.suppress(ZeroDivisionError), narrow.unit_of_work(two[0]) as session:
            assert session.execute(renamed).rowcount == 1  # type: ignore[attr-defined]
            raise ZeroDivisionError
        with narrow.unit_of_work(two[0]) as session:
            assert session.scalar(text("select name from app.merchants")) != "half done"


def test_one_trip_on_connections_that_are_gone_is_unavailable_once(
    narrow: Database, two: tuple[MerchantScope, MerchantScope], admin_url: str
) -> None:
    with narrow.unit_of_work(two[0], reading=True) as session:
        pid = alone(session, MINE, divisor=1) and session.scalar(text("select pg_backend_pid()"))
    rows(admin_url, f"select pg_terminate_backend({pid})")
    with pytest.raises(ServiceUnavailable), narrow.unit_of_work(two[0], reading=True) as session:
        alone(session, MINE, divisor=1)
    with narrow.unit_of_work(two[0], reading=True) as session:
        assert [row.merchant_id for row in alone(session, MINE, divisor=1)] == [two[0].merchant_id]


def test_unit_that_reads_nothing_begins_all_the_same(web: Runtime, merchant: MerchantScope) -> None:
    gone = SessionClaim(new_id(), 1, new_id())
    with (
        pytest.raises(SessionOver),
        web.database.unit_of_work(replace(merchant, user_id=new_id(), session=gone), reading=True),
    ):
        pass
