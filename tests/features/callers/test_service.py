from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from sqlalchemy import func, select

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.callers import service as callers
from callwaiting.features.callers.models import Caller
from tests.factories.merchants import create_merchant

NUMBER = "+14155550123"


def remember(runtime: Runtime, scope: MerchantScope, number: str = NUMBER) -> UUID:
    with runtime.database.unit_of_work(scope) as session:
        return callers.remember(session, number)


def test_caller_is_known_again_by_the_number(worker: Runtime, web: Runtime, merchant: MerchantScope) -> None:
    first = remember(worker, merchant)

    assert remember(web, merchant) == first
    assert remember(worker, merchant, "+14155550124") != first
    with worker.database.unit_of_work(merchant) as session:
        assert callers.phone_of(session, first) == NUMBER
        row = session.scalars(select(Caller).where(Caller.id == first)).one()
        assert row.last_seen_at > row.created_at


def test_calls_at_once_are_of_one_caller(worker: Runtime, merchant: MerchantScope) -> None:
    start = threading.Barrier(8)

    def call() -> UUID:
        start.wait()
        return remember(worker, merchant)

    with ThreadPoolExecutor(8) as pool:
        found = {future.result() for future in [pool.submit(call) for _ in range(8)]}

    assert len(found) == 1
    with worker.database.unit_of_work(merchant) as session:
        assert session.scalar(select(func.count()).select_from(Caller)) == 1


def test_same_number_is_another_caller_at_another_merchant(worker: Runtime, merchant: MerchantScope) -> None:
    other = create_merchant(worker, "Mario's")
    first, second = remember(worker, merchant), remember(worker, other)

    assert first != second
    hashes = set()
    for scope in (merchant, other):
        with worker.database.unit_of_work(scope) as session:
            hashes.add(session.scalars(select(Caller.phone_hash)).one())
    assert len(hashes) == 2
