"""Celery as the app and the workers use it: hints over Redis, no result, nothing that can hang a request.

Measured reasons: by default a publish to a refused or frozen Redis blocks for 19 s to for ever, and a result backend
retries on its own. So: no result backend, no publish retry, and socket timeouts of 0.15 s on the publishing side.
A worker keeps longer timeouts, because it waits in BRPOP.
"""

from __future__ import annotations

from typing import Protocol

from celery import Celery
from kombu import Exchange
from kombu import Queue as BrokerQueue

from callwaiting.core.jobs import QUEUE_OF, Job, Queue

PUBLISH_TIMEOUT_S = 0.15
SOFT_LIMIT_S = 20
HARD_LIMIT_S = 30
VISIBILITY_S = 120  # above the hard limit, or a running job would be delivered again


def _common() -> dict[str, object]:
    return {
        "task_serializer": "json",
        "accept_content": ["json"],
        "task_ignore_result": True,
        "result_backend": None,
        # Named in full: left out, all three would be bound to the default exchange, and each message reach all of them.
        "task_queues": [BrokerQueue(queue.value, Exchange(queue.value), routing_key=queue.value) for queue in Queue],
        "task_default_queue": Queue.MAINTENANCE.value,
        "task_routes": {job.value: {"queue": queue.value} for job, queue in QUEUE_OF.items()},
        "timezone": "UTC",
        "enable_utc": True,
    }


def worker_app(redis_url: str) -> Celery:
    """The Celery app of workers and beat."""
    app = Celery("callwaiting", broker=redis_url)
    app.conf.update(
        _common(),
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        task_soft_time_limit=SOFT_LIMIT_S,
        task_time_limit=HARD_LIMIT_S,
        worker_hijack_root_logger=False,
        worker_send_task_events=True,
        task_send_sent_event=False,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "visibility_timeout": VISIBILITY_S,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "socket_connect_timeout": 2,
            "socket_timeout": 10,
            "health_check_interval": 10,
        },
    )
    return app


class Send(Protocol):
    """Publishes one job by name, into the queue of its kind or another. Raises whatever the broker's client raises."""

    def __call__(self, job: Job, queue: Queue | None = None) -> None: ...


def publisher(redis_url: str) -> Send:
    """A sender that fails within a fraction of a second."""
    app = Celery("callwaiting-publisher", broker=redis_url, set_as_current=False)
    app.conf.update(
        _common(),
        task_publish_retry=False,
        broker_connection_timeout=0.2,
        broker_transport_options={
            "socket_connect_timeout": PUBLISH_TIMEOUT_S,
            "socket_timeout": PUBLISH_TIMEOUT_S,
            "max_retries": 0,
            "retry_on_timeout": False,
        },
    )

    def send(job: Job, queue: Queue | None = None) -> None:
        app.send_task(job.value, queue=(queue or QUEUE_OF[job]).value, ignore_result=True, retry=False, expires=60)

    return send
