from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest
from psycopg2.extensions import connection as Connection

from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.audit import service as audit
from callwaiting.features.audit.chain import chain_batch
from callwaiting.features.audit.verify import Fault, Verdict, parse_anchor, verify
from tests.factories.merchants import create_merchant


@pytest.fixture
def superuser(admin_url: str) -> Iterator[Connection]:
    connection = psycopg2.connect(admin_url)
    connection.autocommit = True
    yield connection
    connection.close()


def rows(superuser: Connection, statement: str) -> list[tuple[object, ...]]:
    with superuser.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def tamper(superuser: Connection, statement: str) -> None:
    """What only a superuser who also disarms the trigger can do."""
    with superuser.cursor() as cursor:
        cursor.execute("alter table audit.log disable trigger append_only")
        cursor.execute(statement)
        cursor.execute("alter table audit.log enable trigger append_only")


def chain(runtime: Runtime, *, limit: int = 500) -> int:
    with runtime.database.unit_of_work(SystemScope("chain"), DatabaseRole.AUDIT) as session:
        return chain_batch(session, limit=limit)


def verdict(runtime: Runtime, *, merchant: MerchantScope | None = None, anchor: str | None = None) -> Verdict:
    with runtime.database.unit_of_work(SystemScope("verify"), DatabaseRole.AUDIT) as session:
        return verify(
            session,
            merchant_id=merchant.merchant_id if merchant else None,
            anchor=parse_anchor(anchor) if anchor else None,
        )


def note(runtime: Runtime, scope: MerchantScope | SystemScope, action: str) -> None:
    with runtime.database.unit_of_work(scope) as session:
        audit.record(session, action)


@pytest.fixture
def two_merchants(worker: Runtime, superuser: Connection) -> tuple[MerchantScope, MerchantScope]:
    """Nine links: one for each merchant's creation, three more each, one of the platform in between."""
    first, second = create_merchant(worker), create_merchant(worker, "Mario's")
    for turn in range(3):
        note(worker, first, "order.paid")
        note(worker, second, "order.paid")
        if turn == 1:
            note(worker, SystemScope("nightly"), "platform.checked")
    assert chain(worker) == 9
    return first, second


def test_links_follow_the_published_formula(
    worker: Runtime, superuser: Connection, two_merchants: tuple[MerchantScope, MerchantScope]
) -> None:
    prev = bytes(32)
    stored = rows(
        superuser,
        "select seq, merchant_id::text, record, prev_hash, merchant_prev_hash, hash from audit.log order by 1",
    )
    heads: dict[str, bytes] = {}
    for expected, (seq, merchant, record, prev_hash, merchant_prev_hash, digest) in enumerate(stored, 1):
        assert seq == expected
        assert isinstance(record, memoryview)
        owner = bytes.fromhex(str(merchant).replace("-", "")) if merchant else bytes(16)
        computed = hashlib.sha256(prev + expected.to_bytes(8, "big") + owner + bytes(record)).digest()
        assert bytes(prev_hash) == prev  # type: ignore[call-overload]  # psycopg2 rows are untyped
        assert bytes(digest) == computed  # type: ignore[call-overload]
        if merchant:
            before = heads.get(str(merchant))
            assert (bytes(merchant_prev_hash) if merchant_prev_hash else None) == before  # type: ignore[call-overload]
            heads[str(merchant)] = computed
        else:
            assert merchant_prev_hash is None
        prev = computed
    assert rows(superuser, "select 1 from audit.outbox") == []


def test_chain_goes_on_over_batches_and_holds(worker: Runtime, merchant: MerchantScope) -> None:
    for _ in range(6):
        note(worker, merchant, "order.paid")

    assert [chain(worker, limit=3) for _ in range(4)] == [3, 3, 1, 0]
    assert verdict(worker).fault is None
    assert verdict(worker, merchant=merchant) == verdict(worker)


def test_record_that_commits_late_is_chained_later(
    worker: Runtime, superuser: Connection, merchant: MerchantScope
) -> None:
    with worker.database.unit_of_work(merchant) as slow:
        audit.record(slow, "order.slow")
        slow.flush()  # takes its id now, commits after the next one
        note(worker, merchant, "order.quick")
        assert chain(worker) == 2
    assert chain(worker) == 1

    stored = rows(superuser, "select convert_from(record, 'UTF8')::jsonb ->> 'action' from audit.log order by seq")
    assert stored == [("merchant.created",), ("order.quick",), ("order.slow",)]
    assert verdict(worker).fault is None


def test_chainers_that_start_at_once_take_turns(worker: Runtime, merchant: MerchantScope) -> None:
    for _ in range(39):
        note(worker, merchant, "order.paid")
    start = threading.Barrier(4)

    def run() -> int:
        start.wait()
        return sum(chain(worker, limit=5) for _ in range(5))

    with ThreadPoolExecutor(4) as pool:
        counts = [future.result() for future in [pool.submit(run) for _ in range(4)]]

    assert sum(counts) == 40
    assert verdict(worker).links == 40
    assert verdict(worker).fault is None


def test_rolled_back_deed_leaves_no_record(worker: Runtime, merchant: MerchantScope) -> None:
    def fail() -> None:
        with worker.database.unit_of_work(merchant) as session:
            audit.record(session, "order.paid")
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()

    assert chain(worker) == 1  # the merchant's creation


# By way of negative numbers, since rows lie in no order and each number is there once.
SHIFT = "update audit.log set seq = -seq where seq > 5; update audit.log set seq = -seq - 1 where seq < 0"
REHASH = (
    "sha256(prev_hash || int8send(seq) || coalesce(uuid_send(merchant_id), decode(repeat('00', 16), 'hex')) || record)"
)


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        (["update audit.log set record = record || ' '::bytea where seq = 5"], Fault(5, "hash")),
        (["update audit.log set merchant_id = null where seq = 5"], Fault(5, "hash")),
        (["update audit.log set hash = sha256('x') where seq = 5"], Fault(5, "hash")),
        (["update audit.log set prev_hash = sha256('x') where seq = 5"], Fault(5, "hash")),
        (["update audit.log set merchant_prev_hash = sha256('x') where seq = 5"], Fault(5, "merchant")),
        (["update audit.log set merchant_prev_hash = null where seq = 5"], Fault(5, "merchant")),
        (["delete from audit.log where seq = 5"], Fault(5, "gap")),
        (["delete from audit.log where seq = 1"], Fault(1, "gap")),
        (["delete from audit.log where seq = 5", SHIFT], Fault(5, "hash")),
        (["delete from audit.log where seq = 5", SHIFT, f"update audit.log set hash = {REHASH}"], Fault(5, "prev")),
        (["update audit.log set record = 'forged'", f"update audit.log set hash = {REHASH}"], Fault(2, "prev")),
    ],
)
def test_first_bad_link_is_named_with_its_cause(
    worker: Runtime,
    superuser: Connection,
    two_merchants: tuple[MerchantScope, MerchantScope],
    statements: list[str],
    fault: Fault,
) -> None:
    assert verdict(worker).fault is None
    for statement in statements:
        tamper(superuser, statement)

    found = verdict(worker)

    assert found.fault == fault
    assert found.links == fault.seq - 1


def test_missing_tail_shows_only_against_an_anchor(
    worker: Runtime, superuser: Connection, two_merchants: tuple[MerchantScope, MerchantScope]
) -> None:
    head = verdict(worker).head
    assert head is not None
    anchor = f"{head.seq}:{head.hash.hex()}"
    assert verdict(worker, anchor=anchor).fault is None

    tamper(superuser, "delete from audit.log where seq > 7")

    assert verdict(worker).fault is None
    assert verdict(worker, anchor=anchor).fault == Fault(9, "missing_tail")


def test_log_made_anew_does_not_have_the_anchor(
    worker: Runtime, superuser: Connection, two_merchants: tuple[MerchantScope, MerchantScope]
) -> None:
    head = verdict(worker).head
    assert head is not None
    tamper(superuser, "delete from audit.log")
    for _ in range(10):
        note(worker, two_merchants[0], "order.invented")
    chain(worker)

    assert verdict(worker).fault is None
    assert verdict(worker, anchor=f"{head.seq}:{head.hash.hex()}").fault == Fault(9, "anchor")


def test_part_of_one_merchant_is_proved_by_itself(
    worker: Runtime, superuser: Connection, two_merchants: tuple[MerchantScope, MerchantScope]
) -> None:
    first, second = two_merchants
    tamper(superuser, f"delete from audit.log where merchant_id = '{first.merchant_id}' and seq = 3")

    assert verdict(worker, merchant=first).fault == Fault(5, "merchant")
    assert verdict(worker, merchant=second) == Verdict(4, verdict(worker, merchant=second).head, None)


def test_merchant_reads_its_own_part_and_no_other(
    web: Runtime, worker: Runtime, two_merchants: tuple[MerchantScope, MerchantScope]
) -> None:
    first, second = two_merchants
    with web.database.unit_of_work(first) as session:
        assert verify(session, merchant_id=first.merchant_id).links == 4
        assert verify(session, merchant_id=second.merchant_id).links == 0
