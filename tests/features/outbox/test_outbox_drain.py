"""A planned call reaches its provider once, whatever happens between claim, call and record."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from callwaiting.core.db import DatabaseRole
from callwaiting.core.ids import new_id
from callwaiting.core.retry import delay_s
from callwaiting.core.tenancy import MerchantScope, SystemScope, merchant_of
from callwaiting.factory import Runtime
from callwaiting.features.audit import service as audit
from callwaiting.features.outbox import claims, drain
from callwaiting.features.outbox.service import Performer, plan, plan_again
from callwaiting.providers.ports import ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable
from callwaiting.providers.registry import Providers
from tests.factories.stored_events import expire_leases, make_due, rows, until


@dataclass
class Desk:
    """A provider that keeps what it was sent, and fails as a test says: before the sending, or after."""

    sent: list[UUID] = field(default_factory=list)
    looked_up: list[UUID] = field(default_factory=list)
    before: list[Exception] = field(default_factory=list)
    after: list[Exception] = field(default_factory=list)
    wanted: bool = True
    record_fails: list[Exception] = field(default_factory=list)
    during: Callable[[], None] = lambda: None

    def load(self, session: Session, subject_id: UUID) -> UUID | None:
        merchant_of(session)  # raises outside of a merchant's scope
        return subject_id if self.wanted else None

    def call(self, providers: Providers, request: UUID, unclear: bool) -> str:
        if unclear:
            self.looked_up.append(request)
            if request in self.sent:
                return "found"
        if self.before:
            raise self.before.pop(0)
        self.sent.append(request)
        self.during()
        if self.after:
            raise self.after.pop(0)
        return "sent"

    def record(self, session: Session, subject_id: UUID, result: str) -> None:
        audit.record(session, "test.recorded", subject=f"thing:{subject_id}", reason=result)
        if self.record_fails:
            raise self.record_fails.pop(0)

    def reject(self, session: Session, subject_id: UUID, error: ProviderRejected) -> None:
        audit.record(session, "test.rejected", subject=f"thing:{subject_id}", reason=error.provider_code)

    @property
    def performers(self) -> drain.Performers:
        return {"test.thing": Performer(self.load, self.call, self.record, self.reject)}


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(autouse=True)
def no_short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A jittered wait may be over before the drain is: the tests say themselves when something is due again."""

    def longest(error: BaseException, attempts: int) -> float | None:
        return None if delay_s(error, attempts) is None else 60.0

    monkeypatch.setattr(drain, "delay_s", longest)


@pytest.fixture
def thing(worker: Runtime, merchant: MerchantScope) -> UUID:
    """One planned effect about a thing."""
    thing_id = new_id()
    with worker.database.unit_of_work(merchant) as session:
        plan(session, "test.thing", effect_key=f"thing:{thing_id}", subject_id=thing_id)
    return thing_id


def work(worker: Runtime, desk: Desk) -> bool:
    return drain.drain(worker.database, worker.providers, desk.performers)


def effect(admin_url: str) -> tuple[str, int, bool, str | None]:
    (row,) = rows(admin_url, "select state, attempts, unclear, error_class from app.outbox")
    return row["state"], row["attempts"], row["unclear"], row["error_class"]


def records(admin_url: str) -> list[tuple[str, str]]:
    found = rows(
        admin_url,
        "select r->>'action' as action, r->>'reason' as reason from audit.outbox,"
        " cast(convert_from(record, 'UTF8') as jsonb) r where r->>'action' like 'test.%%' order by audit.outbox.id",
        None,
    )
    return [(row["action"], row["reason"]) for row in found]


def test_it_is_called_once_and_recorded(worker: Runtime, desk: Desk, thing: UUID, admin_url: str) -> None:
    assert work(worker, desk) is False
    assert work(worker, desk) is False
    assert desk.sent == [thing]
    assert effect(admin_url) == ("done", 1, False, None)
    assert records(admin_url) == [("test.recorded", "sent")]


def test_a_second_plan_is_the_first(worker: Runtime, merchant: MerchantScope, desk: Desk, thing: UUID) -> None:
    with worker.database.unit_of_work(merchant) as session:
        plan(session, "test.thing", effect_key=f"thing:{thing}", subject_id=thing)
    work(worker, desk)
    assert desk.sent == [thing]


def test_parallel_workers_call_once(worker: Runtime, desk: Desk, thing: UUID) -> None:
    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(work, worker, desk) for _ in range(16)]:
            future.result()
    assert desk.sent == [thing]


def test_no_connection_is_held_during_the_call(worker: Runtime, desk: Desk, thing: UUID, admin_url: str) -> None:
    seen: list[str] = []

    def look() -> None:
        open_ones = rows(
            admin_url,
            "select state from pg_stat_activity where application_name = 'callwaiting-worker'"
            " and datname = current_database() and state <> 'idle'",
        )
        seen.extend(row["state"] for row in open_ones)

    desk.during = look
    work(worker, desk)
    assert desk.sent == [thing]
    assert seen == []


def test_what_is_no_longer_wanted_is_not_called(worker: Runtime, desk: Desk, thing: UUID, admin_url: str) -> None:
    desk.wanted = False
    work(worker, desk)
    assert desk.sent == []
    assert effect(admin_url) == ("done", 1, False, "unwanted")


def test_an_unavailable_provider_is_tried_three_times_and_then_later(
    worker: Runtime, desk: Desk, thing: UUID, admin_url: str
) -> None:
    desk.before = [ProviderUnavailable("away") for _ in range(4)]
    work(worker, desk)
    assert len(desk.before) == 1
    assert effect(admin_url) == ("retry", 1, False, "transient")
    make_due(admin_url)
    work(worker, desk)
    assert desk.sent == [thing]
    assert desk.looked_up == []
    assert effect(admin_url)[0] == "done"


def test_an_unknown_outcome_is_looked_up_before_anything_is_sent_again(
    worker: Runtime, desk: Desk, thing: UUID, admin_url: str
) -> None:
    desk.after = [ProviderOutcomeUnknown("cut off")]
    work(worker, desk)
    assert effect(admin_url) == ("unknown", 1, True, "transient")
    make_due(admin_url)
    work(worker, desk)
    assert desk.looked_up == [thing]
    assert desk.sent == [thing]
    assert effect(admin_url)[:2] == ("done", 2)
    assert records(admin_url) == [("test.recorded", "found")]


def test_an_unknown_outcome_that_had_no_effect_is_sent_then(
    worker: Runtime, desk: Desk, thing: UUID, admin_url: str
) -> None:
    desk.before = [ProviderOutcomeUnknown("cut off")]
    work(worker, desk)
    make_due(admin_url)
    work(worker, desk)
    assert (desk.looked_up, desk.sent) == ([thing], [thing])


def test_a_worker_lost_during_the_call_leaves_it_unclear(
    worker: Runtime, desk: Desk, thing: UUID, admin_url: str
) -> None:
    with worker.database.unit_of_work(SystemScope("test"), DatabaseRole.SERVICE) as session:
        claim = claims.take(session)
    assert claim is not None
    desk.sent.append(thing)  # called, and then the worker was killed
    work(worker, desk)
    assert effect(admin_url)[0] == "running"  # its lease holds
    expire_leases(admin_url)
    work(worker, desk)
    assert (desk.looked_up, desk.sent) == ([thing], [thing])
    assert effect(admin_url)[:2] == ("done", 2)


def test_a_record_that_fails_leaves_it_unclear(worker: Runtime, desk: Desk, thing: UUID, admin_url: str) -> None:
    desk.record_fails = [KeyError("a fault of ours")]
    work(worker, desk)
    assert effect(admin_url) == ("retry", 1, True, "bug")
    assert records(admin_url) == []
    make_due(admin_url)
    work(worker, desk)
    assert (desk.looked_up, desk.sent) == ([thing], [thing])
    assert records(admin_url) == [("test.recorded", "found")]


def test_a_worker_that_lost_its_lease_records_nothing(worker: Runtime, desk: Desk, thing: UUID, admin_url: str) -> None:
    others: list[claims.Claim | None] = []

    def lose() -> None:
        expire_leases(admin_url)
        with worker.database.unit_of_work(SystemScope("test"), DatabaseRole.SERVICE) as session:
            others.append(claims.take(session))

    desk.during = lose
    with worker.database.unit_of_work(SystemScope("test"), DatabaseRole.SERVICE) as session:
        claim = claims.take(session)
    assert claim is not None
    assert drain.perform(worker.database, worker.providers, desk.performers, claim) == "fenced"
    assert records(admin_url) == []
    (other,) = others
    assert other is not None
    assert other.unclear
    assert drain.perform(worker.database, worker.providers, desk.performers, other) == "done"
    assert desk.sent == [thing]
    assert records(admin_url) == [("test.recorded", "found")]


def test_a_refusal_is_recorded_and_final(worker: Runtime, desk: Desk, thing: UUID, admin_url: str) -> None:
    desk.before = [ProviderRejected("opted out", provider_code="21610")]
    work(worker, desk)
    make_due(admin_url)
    work(worker, desk)
    assert desk.sent == []
    assert effect(admin_url) == ("failed", 1, False, "21610")
    assert records(admin_url) == [("test.rejected", "21610")]


def test_a_bug_is_tried_six_times_and_then_dead_with_an_alert_until_it_is_planned_again(
    worker: Runtime, merchant: MerchantScope, desk: Desk, thing: UUID, admin_url: str
) -> None:
    desk.before = [KeyError("a fault of ours") for _ in range(9)]
    for _ in range(9):
        work(worker, desk)
        make_due(admin_url)
    assert effect(admin_url) == ("dead", 6, True, "bug")
    alerts = "select rule, state from app.alerts"
    assert rows(admin_url, alerts) == [{"rule": "outbox.dead", "state": "open"}]
    with worker.database.unit_of_work(merchant) as session:
        plan_again(session, "test.thing", effect_key=f"thing:{thing}", subject_id=thing)
    assert rows(admin_url, alerts) == [{"rule": "outbox.dead", "state": "resolved"}]


def test_an_effect_that_kills_its_workers_is_buried(worker: Runtime, desk: Desk, thing: UUID, admin_url: str) -> None:
    for _ in range(6):
        with worker.database.unit_of_work(SystemScope("test"), DatabaseRole.SERVICE) as session:
            assert claims.take(session)
        expire_leases(admin_url)
    work(worker, desk)
    assert effect(admin_url)[0] == "dead"
    assert [row["rule"] for row in rows(admin_url, "select rule from app.alerts")] == ["outbox.lost"]


def test_when_time_is_up_the_rest_stays_due(
    worker: Runtime, merchant: MerchantScope, desk: Desk, thing: UUID, admin_url: str
) -> None:
    other = new_id()
    with worker.database.unit_of_work(merchant) as session:
        plan(session, "test.thing", effect_key=f"thing:{other}", subject_id=other)
    end = time.monotonic() + 0.2
    desk.during = lambda: until(lambda: time.monotonic() > end)
    assert drain.drain(worker.database, worker.providers, desk.performers, budget_s=0.2) is True
    assert len(desk.sent) == 1
    assert work(worker, desk) is False
    assert sorted(desk.sent) == sorted([thing, other])
