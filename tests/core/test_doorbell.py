"""The doorbell: at most one message per job and window, the last ring is never lost, a bad broker is never felt."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from callwaiting.core import broker
from callwaiting.core.jobs import REST_SECONDS, Doorbell, Job, ring
from callwaiting.core.tenancy import MerchantScope
from callwaiting.embedded.valkey import EmbeddedValkey
from callwaiting.factory import Runtime

HANGS_SECONDS = 10  # with its defaults a publish to a refused broker takes 19 s, to a frozen one for ever


class Bells:
    """Counts what is sent, and lets a test wait for it."""

    def __init__(self) -> None:
        self.sent: list[Job] = []
        self.arrived = threading.Condition()

    def __call__(self, job: Job) -> None:
        with self.arrived:
            self.sent.append(job)
            self.arrived.notify_all()

    def wait_for(self, count: int) -> None:
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.sent) >= count, timeout=10)


def until_idle(bell: Doorbell, bells: Bells, job: Job) -> None:
    """A last ring comes through, so all before it has."""
    bell.ring(job)
    with bells.arrived:
        assert bells.arrived.wait_for(lambda: job in bells.sent, timeout=10)


def test_first_ring_is_sent_at_once_and_a_burst_as_one_more() -> None:
    bells = Bells()
    bell = Doorbell(bells, window=0.2)

    bell.ring(Job.DRAIN_EVENTS)
    bells.wait_for(1)
    for _ in range(1000):
        bell.ring(Job.DRAIN_EVENTS)
    until_idle(bell, bells, Job.CANARY)
    until_idle(bell, bells, Job.SWEEP)

    assert [bells.sent.count(job) for job in (Job.DRAIN_EVENTS, Job.CANARY, Job.SWEEP)] == [2, 1, 1]


@pytest.mark.parametrize(("rest", "sent"), [(3600.0, 1), (0.05, 2)])
def test_a_job_that_nobody_waits_for_rests_and_holds_up_no_other(
    rest: float, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(REST_SECONDS, Job.CHAIN_AUDIT, rest)
    bells = Bells()
    bell = Doorbell(bells, window=0)

    bell.ring(Job.CHAIN_AUDIT)
    bells.wait_for(1)
    bell.ring(Job.CHAIN_AUDIT)
    until_idle(bell, bells, Job.CANARY)
    bells.wait_for(sent + 1)

    assert (bells.sent.count(Job.CHAIN_AUDIT), bells.sent.count(Job.CANARY)) == (sent, 1)


def test_ring_during_the_sending_is_sent_afterwards() -> None:
    bells, sending, go_on = Bells(), threading.Event(), threading.Event()

    def slowly(job: Job) -> None:
        sending.set()
        assert go_on.wait(10)
        bells(job)

    bell = Doorbell(slowly, window=0)
    bell.ring(Job.DRAIN_EVENTS)
    assert sending.wait(10)
    bell.ring(Job.DRAIN_EVENTS)
    go_on.set()

    bells.wait_for(2)


def test_failure_to_send_loses_that_bell_only() -> None:
    bells = Bells()

    def sometimes(job: Job) -> None:
        if job is Job.DRAIN_EVENTS:
            raise ConnectionError
        bells(job)

    bell = Doorbell(sometimes, window=0)
    bell.ring(Job.DRAIN_EVENTS)
    until_idle(bell, bells, Job.DRAIN_EFFECTS)

    assert bells.sent == [Job.DRAIN_EFFECTS]


def test_bell_rings_after_the_commit_only(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    rung: list[set[str]] = []
    before = worker.database._after_commit
    worker.database._after_commit = rung.append
    try:
        with worker.database.unit_of_work(merchant) as session:
            ring(session, Job.DRAIN_EVENTS)
            ring(session, Job.DRAIN_EVENTS)
            assert rung == []
        assert rung == [{"webhooks.drain"}]

        def fail() -> None:
            with worker.database.unit_of_work(merchant) as session:
                ring(session, Job.DRAIN_EVENTS)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert len(rung) == 1
    finally:
        worker.database._after_commit = before


def publishes(send: object) -> bool:
    """Whether one publish goes through; either way it comes back."""
    assert callable(send)
    start = time.perf_counter()
    try:
        send(Job.DRAIN_EVENTS)
    except Exception:
        return False
    finally:
        assert time.perf_counter() - start < HANGS_SECONDS
    return True


def test_publish_to_a_refused_broker_fails_soon() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        send = broker.publisher(f"redis://127.0.0.1:{unused.getsockname()[1]}/0")

        assert not publishes(send)


@pytest.fixture
def own_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    root: Path = tmp_path_factory.mktemp("valkey")
    server = EmbeddedValkey(root, password="tests")
    server.start()
    yield server
    server.stop()


def test_frozen_broker_is_never_felt_and_works_again_when_it_thaws(own_valkey: EmbeddedValkey) -> None:
    send = broker.publisher(own_valkey.url())
    assert publishes(send)
    assert own_valkey.pid is not None
    os.kill(own_valkey.pid, signal.SIGSTOP)
    bell = Doorbell(send)
    try:
        for _ in range(50):
            bell.ring(Job.DRAIN_EVENTS)
        assert not publishes(send)
    finally:
        os.kill(own_valkey.pid, signal.SIGCONT)

    end = time.monotonic() + 10
    while not publishes(send):
        assert time.monotonic() < end
    with redis.Redis.from_url(own_valkey.url()) as client:
        assert client.llen("events")
