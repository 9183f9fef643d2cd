"""The thread of a worker's main process that keeps work going when the queue does not.

It sweeps, and it sends a canary through each of the worker's queues. Workers can go deaf after a broker's restart:
connected, idle, receiving nothing. While a queue's canary is late its drain runs here; a worker that is deaf for a
minute exits, and its supervisor starts it afresh. A canary that could not be sent proves nothing about the worker.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Sequence

import structlog
from celery import Celery, signals
from celery.worker import WorkController
from celery.worker.request import Request

from callwaiting.core.jobs import Job, Queue
from callwaiting.factory import Runtime
from tasks.base import job, process_runtime
from tasks.sweeper import DRAINS, INTERVAL_SECONDS, publisher, sweep

CANARY_SECONDS = 10.0
LATE_SECONDS = 20.0
DEAF_SECONDS = 60.0
STOP_SECONDS = 10.0
EXIT_STATUS = 70  # EX_SOFTWARE
DRAIN_OF = {Queue.EVENTS: Job.DRAIN_EVENTS, Queue.EFFECTS: Job.DRAIN_EFFECTS}
log = structlog.get_logger()


@job(Job.CANARY)
def canary(runtime: Runtime) -> None:
    """Has done its work by being received."""


class Canaries:
    """Since when each queue owes this process an answer. Times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def sent(self, queue: str, now: float) -> None:
        self._since.setdefault(queue, now)

    def received(self, queue: str) -> None:
        """Anything that arrives through the queue shows that it is heard."""
        self._since.pop(queue, None)

    def silent_for(self, queue: str, now: float) -> float:
        """Seconds since the first unanswered canary of the queue; 0 when none is."""
        return now - self._since.get(queue, now)


class Watch:
    """What the thread does. `send` publishes a canary into a queue and may raise anything."""

    def __init__(
        self,
        runtime: Callable[[], Runtime],
        queues: Callable[[], Sequence[Queue]],
        send: Callable[[Queue], None],
        give_up: Callable[[], None],
    ) -> None:
        self.canaries = Canaries()
        self._runtime = runtime
        self._queues = queues
        self._send = send
        self._give_up = give_up
        self._next_canary = 0.0

    def run(self) -> None:
        """Tick for ever. The first tick comes late, when the pool has been forked."""
        while True:
            time.sleep(INTERVAL_SECONDS)
            try:
                self.tick(time.monotonic())
            except Exception as error:  # Postgres may be away: the next tick tries again
                log.warning("watch.failed", error=type(error).__name__)

    def tick(self, now: float) -> None:
        """One round: canaries, deafness, late queues, sweep."""
        queues = self._queues()
        if now >= self._next_canary:
            self._next_canary = now + CANARY_SECONDS
            self._send_canaries(queues, now)
        if any(self.canaries.silent_for(queue, now) > DEAF_SECONDS for queue in queues):
            log.critical("worker.deaf", queues=list(queues))
            self._give_up()
        for queue, drain in DRAIN_OF.items():
            if queue in queues and self.canaries.silent_for(queue, now) > LATE_SECONDS:
                log.warning("worker.works_inline", queue=queue)
                DRAINS[drain](self._runtime())
        sweep(self._runtime())

    def _send_canaries(self, queues: Sequence[Queue], now: float) -> None:
        for queue in queues:
            try:
                self._send(queue)
                self.canaries.sent(queue, now)
            except Exception as error:  # whatever the broker's client raises; the sweeper notices as well
                log.warning("canary.not_sent", queue=queue, error=type(error).__name__)
                return


def stop_this_process() -> None:
    """Ask the worker to stop; end it hard when it does not."""
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os._exit(EXIT_STATUS)


def install(app: Celery) -> None:
    """Watch each worker of `app` from its start on."""

    def start(sender: WorkController, **_: object) -> None:
        watch = Watch(
            runtime=process_runtime,
            queues=lambda: [Queue(name) for name in app.amqp.queues.consume_from],
            send=lambda queue: publisher(process_runtime())(Job.CANARY, queue),
            give_up=stop_this_process,
        )

        def heard(request: Request, **_: object) -> None:
            watch.canaries.received(str(request.delivery_info["routing_key"]))

        signals.task_received.connect(heard, weak=False)
        threading.Thread(target=watch.run, name="watch", daemon=True).start()

    signals.worker_init.connect(start, weak=False)
