"""Workers notice that they are deaf; what they would have heard is done meanwhile."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from callwaiting.core.broker import publisher
from callwaiting.core.jobs import Queue
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from tasks import sweeper, watch
from tests.factories.stored_events import event_row, store_event, store_source


class Worker:
    """A worker's watch with its surroundings."""

    def __init__(self, runtime: Runtime, queues: Sequence[Queue] = tuple(Queue)) -> None:
        self.sent: list[Queue] = []
        self.refused = False
        self.gave_up = 0
        self.watch = watch.Watch(lambda: runtime, lambda: queues, self._send, self._give_up)

    def _send(self, queue: Queue) -> None:
        if self.refused:
            raise ConnectionRefusedError
        self.sent.append(queue)

    def _give_up(self) -> None:
        self.gave_up += 1


@pytest.fixture
def mute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process leads the sweeping, so that only what the watch itself does is seen."""
    monkeypatch.setattr(watch, "sweep", lambda runtime: None)


def test_a_canary_goes_through_each_queue_every_ten_seconds(worker: Runtime, mute: None) -> None:
    one = Worker(worker)
    for second in range(0, 21, 2):
        one.watch.tick(1000.0 + second)
    assert one.sent == [*Queue] * 3


def test_a_worker_that_hears_goes_on(worker: Runtime, mute: None) -> None:
    one = Worker(worker)
    for second in range(0, 200, 2):
        one.watch.tick(1000.0 + second)
        for queue in Queue:
            one.watch.canaries.received(queue)
    assert one.gave_up == 0


@pytest.mark.parametrize("deaf_to", list(Queue))
def test_a_worker_deaf_to_one_queue_gives_up_after_a_minute(worker: Runtime, mute: None, deaf_to: Queue) -> None:
    one = Worker(worker)
    ended_at = None
    for second in range(0, 200, 2):
        one.watch.tick(1000.0 + second)
        for queue in set(Queue) - {deaf_to}:
            one.watch.canaries.received(queue)
        if one.gave_up:
            ended_at = second
            break
    assert ended_at == 62


def test_a_broker_that_is_away_is_no_deafness(worker: Runtime, mute: None) -> None:
    one = Worker(worker)
    one.refused = True
    for second in range(0, 200, 2):
        one.watch.tick(1000.0 + second)
    assert one.gave_up == 0


def test_while_its_canary_is_late_a_queue_is_worked_off_here(
    worker: Runtime, merchant: MerchantScope, admin_url: str, mute: None
) -> None:
    event_id = store_event(worker, store_source(worker, merchant))
    one = Worker(worker)
    one.watch.tick(1000.0)
    one.watch.tick(1019.0)
    assert event_row(admin_url, event_id)["status"] == "received"
    one.watch.tick(1021.0)
    assert event_row(admin_url, event_id)["status"] == "ignored"


def test_another_groups_queue_is_not_its_business(
    worker: Runtime, merchant: MerchantScope, admin_url: str, mute: None
) -> None:
    event_id = store_event(worker, store_source(worker, merchant))
    one = Worker(worker, queues=[Queue.MAINTENANCE])
    one.watch.tick(1000.0)
    one.watch.tick(1050.0)
    assert one.sent == [Queue.MAINTENANCE] * 2
    assert event_row(admin_url, event_id)["status"] == "received"


def test_each_tick_sweeps(
    worker: Runtime, merchant: MerchantScope, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = publisher("redis://127.0.0.1:9/0")
    monkeypatch.setattr(sweeper, "publisher", lambda runtime: nowhere)
    event_id = store_event(worker, store_source(worker, merchant))
    Worker(worker).watch.tick(1000.0)
    assert event_row(admin_url, event_id)["status"] == "ignored"
