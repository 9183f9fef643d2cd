"""Stored once, durable before the answer, and no batch suffers for one row."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import psycopg2
import pytest

from callwaiting.core.crypto import Place
from callwaiting.core.db import DatabaseRole
from callwaiting.core.errors import CallwaitingError, ServiceUnavailable
from callwaiting.core.ids import new_id
from callwaiting.factory import Runtime
from callwaiting.features.webhooks import inbox as inbox_module
from callwaiting.features.webhooks import inbox_connection
from callwaiting.features.webhooks.inbox import Inbox, NotStorable, _Committer
from callwaiting.features.webhooks.inbox_rows import Batch, Row, make_row
from callwaiting.features.webhooks.source_cache import read_source
from callwaiting.features.webhooks.sources import Source
from callwaiting.providers.ports import SignedRequest, VerifiedEvent
from tests.factories.webhooks import make_source
from tests.features.webhooks.conftest import Query

Changed = list[tuple[Source, VerifiedEvent]]


@pytest.fixture
def source(web: Runtime, worker: Runtime) -> Source:
    return read_source(web.database, DatabaseRole.WEBHOOK, make_source(worker).public_id)


@pytest.fixture
def changed() -> Changed:
    return []


@pytest.fixture
def inbox(web: Runtime, changed: Changed) -> Iterator[Inbox]:
    made = open_inbox(web.database.url(DatabaseRole.WEBHOOK), changed)
    yield made
    made.close()


def open_inbox(url: str, changed: Changed, after_commit: Callable[[], None] = lambda: None) -> Inbox:
    return Inbox(url, after_commit=after_commit, body_changed=lambda *pair: changed.append(pair))


def event(key: str = "evt_1", **changes: Any) -> VerifiedEvent:
    made = VerifiedEvent("stripe", key, key, "invoice.paid", f"in_{key}", account="acct_1")
    return made._replace(**changes)


def request(raw: bytes = b'{"id":"evt_1"}') -> SignedRequest:
    return SignedRequest("POST", "http://callwaiting.test/", {"content-type": "application/json"}, raw)


def together(url: str, rows: list[Row]) -> None:
    """Settle the rows as one batch, in this thread."""
    waiting: queue.SimpleQueue[Row | None] = queue.SimpleQueue()
    for row in (*rows, None):
        waiting.put(row)
    _Committer(waiting, url, lambda: None).run()


def test_fifty_parallel_deliveries_are_one_row(inbox: Inbox, source: Source, query: Query) -> None:
    with ThreadPoolExecutor(25) as pool:
        outcomes = list(pool.map(lambda _: inbox.receive(event(), request(), source), range(50)))
    assert sorted(outcomes) == ["repeated"] * 49 + ["stored"]
    assert query("select deliveries from app.webhook_events") == [{"deliveries": 50}]


def test_two_processes_with_the_same_keys_in_opposite_order(web: Runtime, source: Source, query: Query) -> None:
    url = web.database.url(DatabaseRole.WEBHOOK)

    def settle(step: int) -> list[str | None]:
        rows = [make_row(event(f"evt_{n}"), request(), source, "webhook") for n in range(60)][::step]
        together(url, rows)
        return [row.outcome for row in rows]

    with ThreadPoolExecutor(2) as pool:
        for _ in range(10):
            assert None not in [outcome for outcomes in pool.map(settle, (1, -1)) for outcome in outcomes]
    assert query("select count(*), min(deliveries), max(deliveries) from app.webhook_events") == [
        {"count": 60, "min": 20, "max": 20}
    ]


def test_rows_are_stored_in_the_order_of_their_keys(source: Source) -> None:
    rows = [make_row(event(f"evt_{n}"), request(), source, "webhook") for n in (3, 1, 2, 1)]
    assert [[row.key[1] for row in group] for group in Batch(rows).groups] == [["evt_1", "evt_1"], ["evt_2"], ["evt_3"]]


def test_the_answer_comes_after_the_commit(web: Runtime, admin_url: str, source: Source, query: Query) -> None:
    """While the commit cannot go through, nobody is answered."""
    blocker = psycopg2.connect(admin_url)
    with blocker, blocker.cursor() as cursor:
        cursor.execute("lock table app.webhook_events in share mode")
        row = make_row(event(), request(), source, "webhook")
        thread = threading.Thread(target=together, args=(web.database.url(DatabaseRole.WEBHOOK), [row]))
        thread.start()
        assert not row.answered.acquire(timeout=0.15)
    assert row.answered.acquire(timeout=5)
    thread.join()
    blocker.close()
    assert row.outcome == "stored"
    assert query("select count(*) as n from app.webhook_events") == [{"n": 1}]


def test_a_body_is_sealed_for_its_own_row(inbox: Inbox, source: Source, query: Query) -> None:
    raw = b'{"id":"evt_1","caller":"+12125550100"}'
    inbox.receive(event(), request(raw), source)
    (row,) = query("select * from app.webhook_events")
    assert b"2125550100" not in bytes(row["raw"])
    assert source.sealing_key.open(Place("webhook_events", "raw", row["id"]), bytes(row["raw"])) == raw


def test_a_repetition_keeps_the_first_body_and_makes_the_row_due(inbox: Inbox, source: Source, query: Query) -> None:
    inbox.receive(event(), request(), source)
    query("update app.webhook_events set status = 'retry', next_at = now() + interval '1 hour'")
    (before,) = query("select id, raw from app.webhook_events")
    assert inbox.receive(event(), request(), source) == "repeated"
    (after,) = query("select id, raw, next_at <= now() as due from app.webhook_events")
    assert after == before | {"due": True}


@pytest.mark.parametrize("status", ["running", "done", "ignored", "dead"])
def test_a_repetition_leaves_the_due_time_of_other_rows(
    inbox: Inbox, source: Source, query: Query, status: str
) -> None:
    inbox.receive(event(), request(), source)
    query("update app.webhook_events set status = %s, next_at = now() + interval '1 hour'", status)
    inbox.receive(event(), request(), source)
    assert query("select status, next_at > now() as later, deliveries from app.webhook_events") == [
        {"status": status, "later": True, "deliveries": 2}
    ]


def test_another_body_under_the_same_key_is_kept_as_hash_and_reported(
    inbox: Inbox, source: Source, query: Query, changed: Changed
) -> None:
    inbox.receive(event(), request(b"{}"), source)
    assert changed == []
    inbox.receive(event(), request(b'{"more": 1}'), source)
    assert changed == [(source, event())]
    (row,) = query("select body_sha256, other_body_sha256 from app.webhook_events")
    assert row["other_body_sha256"] is not None
    assert bytes(row["other_body_sha256"]) != bytes(row["body_sha256"])


def test_another_body_in_the_same_batch_is_noticed(web: Runtime, source: Source, query: Query) -> None:
    rows = [make_row(event(), request(raw), source, "webhook") for raw in (b"{}", b"{}", b"[]")]
    together(web.database.url(DatabaseRole.WEBHOOK), rows)
    assert [row.outcome for row in rows] == ["stored", "repeated", "repeated"]
    assert [row.body_changed for row in rows] == [False, False, True]
    assert query("select deliveries from app.webhook_events") == [{"deliveries": 3}]


def test_a_thin_twin_and_a_listed_event_may_differ(inbox: Inbox, source: Source, changed: Changed) -> None:
    inbox.receive(event(), request(b"{}"), source)
    inbox.receive(event(provider_event_id="evt_thin"), request(b'{"thin": 1}'), source)
    inbox.receive(event(), request(b'{"listed": 1}'), source, origin="reconcile")
    assert changed == []


def test_only_the_bad_row_of_a_batch_fails(web: Runtime, source: Source, query: Query) -> None:
    """Postgres cannot keep NUL in a text, and a source may have been deleted."""
    bad = make_row(event("evt_bad", event_type="in\0voice"), request(), source, "webhook")
    surrogate = make_row(event("evt_half", object_key="\ud800"), request(), source, "webhook")
    orphan = make_row(event("evt_orphan"), request(), replace(source, id=new_id()), "webhook")
    orphan.fields["source_id"] = orphan.fields["id"]
    rows = [make_row(event(f"evt_{n}"), request(), source, "webhook") for n in range(20)]
    together(web.database.url(DatabaseRole.WEBHOOK), [*rows[:7], bad, *rows[7:13], orphan, surrogate, *rows[13:]])
    assert {row.outcome for row in rows} == {"stored"}
    assert isinstance(bad.failure, NotStorable)
    assert isinstance(surrogate.failure, NotStorable)
    assert isinstance(orphan.failure, ServiceUnavailable)
    assert query("select count(*) as n from app.webhook_events") == [{"n": 20}]


def test_a_row_that_somebody_holds_fails_alone(web: Runtime, admin_url: str, source: Source) -> None:
    url = web.database.url(DatabaseRole.WEBHOOK)
    together(url, [make_row(event("evt_2"), request(), source, "webhook")])
    holder = psycopg2.connect(admin_url)
    with holder, holder.cursor() as cursor:
        cursor.execute("select 1 from app.webhook_events for update")
        rows = [make_row(event(f"evt_{n}"), request(), source, "webhook") for n in range(4)]
        together(url, rows)
    holder.close()
    assert [row.outcome for row in rows] == ["stored", "stored", None, "stored"]


def test_a_lost_connection_is_503_and_the_next_batch_connects_anew(inbox: Inbox, source: Source, query: Query) -> None:
    inbox.receive(event("evt_1"), request(), source)
    query(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'callwaiting-inbox' and datname = current_database()"
    )
    with pytest.raises(ServiceUnavailable) as refused:
        inbox.receive(event("evt_2"), request(), source)
    assert refused.value.retry_after
    assert inbox.receive(event("evt_2"), request(), source) == "stored"


def test_no_database_is_503(source: Source) -> None:
    nowhere = open_inbox("postgresql://nobody@127.0.0.1:9/none", [])
    for _ in range(2):
        with pytest.raises(ServiceUnavailable):
            nowhere.receive(event(), request(), source)
    nowhere.close()


def test_a_commit_that_takes_too_long_is_503(
    inbox: Inbox, source: Source, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "WAIT_S", 0.05)
    blocker = psycopg2.connect(admin_url)
    with blocker, blocker.cursor() as cursor:
        cursor.execute("lock table app.webhook_events in share mode")
        with pytest.raises(ServiceUnavailable, match="too long"):
            inbox.receive(event(), request(), source)
    blocker.close()


def test_the_statement_ends_and_is_durable_by_the_roles_own_settings(web: Runtime) -> None:
    connection = psycopg2.connect(web.database.url(DatabaseRole.WEBHOOK))
    with connection, connection.cursor() as cursor:
        cursor.execute("select current_setting(n) from unnest(%s) n",
                       (["synchronous_commit", "statement_timeout", "lock_timeout"],))  # fmt: skip
        assert [value for (value,) in cursor.fetchall()] == ["on", "2s", "300ms"]
    connection.close()


def test_the_bell_rings_after_a_commit(web: Runtime, source: Source, query: Query) -> None:
    seen: queue.SimpleQueue[int] = queue.SimpleQueue()
    inbox = open_inbox(
        web.database.url(DatabaseRole.WEBHOOK), [],
        after_commit=lambda: seen.put(query("select count(*)::int as n from app.webhook_events")[0]["n"]),
    )  # fmt: skip
    inbox.receive(event(), request(), source)
    assert seen.get(timeout=5) == 1
    inbox.close()


def test_a_session_without_the_prepared_statement_still_stores(inbox: Inbox, source: Source, query: Query,
                                                               monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    """As behind a transaction pooler, where each batch may meet another session."""
    inbox.receive(event("evt_0"), request(), source)
    monkeypatch.setattr(inbox_connection, "NAME", b"of_another_session")
    assert inbox.receive(event(), request(), source) == "stored"
    assert query("select count(*) as n from app.webhook_events") == [{"n": 2}]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_commits_by_its_own_thread(inbox: Inbox, source: Source, query: Query) -> None:
    inbox.receive(event("evt_parent"), request(), source)
    child = os.fork()
    if child == 0:
        try:
            inbox.receive(event("evt_child"), request(), source)
        except CallwaitingError:
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert query("select count(*) as n from app.webhook_events") == [{"n": 2}]
