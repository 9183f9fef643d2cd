"""Celery as the app and the workers use it: hints over Redis, no result, nothing that can hang a request.

Measured reasons: by default a publish to a refused or frozen Redis blocks for 19 s to for ever, and a result backend
retries on its own. So: no result backend, no retry, and socket timeouts of 0.15 s on the publishing side.
A worker keeps longer timeouts, because it waits in BRPOP.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, cast
from uuid import uuid4

import orjson
import redis
from celery import Celery
from kombu import Exchange, serialization
from kombu import Queue as BrokerQueue
from kombu.transport.virtual import Channel

from callwaiting.core.jobs import QUEUE_OF, Job, Queue

PUBLISH_TIMEOUT_S = 0.15
EXPIRES_S = 60
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
    """A sender that fails within a fraction of a second.

    Celery and kombu make the message, once for each job; what is sent is a copy with ids of its own, by one LPUSH on a
    kept connection. Their own way makes a new client for each message: 830 µs of CPU against 120, and the threads of
    the requests wait for it (docs/adr/0015-bells-by-one-push.md).
    """
    app = Celery("callwaiting-publisher", broker="memory://", set_as_current=False)
    app.conf.update(_common())
    client = redis.Redis.from_url(
        redis_url, socket_connect_timeout=PUBLISH_TIMEOUT_S, socket_timeout=PUBLISH_TIMEOUT_S, retry=None
    )
    made: dict[tuple[Job, Queue], dict[str, Any]] = {}

    def send(job: Job, queue: Queue | None = None) -> None:
        target = queue or QUEUE_OF[job]
        if (job, target) not in made:
            made[job, target] = _message(app, job, target)
        client.lpush(target.value, orjson.dumps(_copy(made[job, target])))

    return send


def _message(app: Celery, job: Job, queue: Queue) -> dict[str, Any]:
    """The message as kombu's virtual transports keep it, which that of Redis is one of."""
    task = app.amqp.as_task_v2("", job.value, ignore_result=True)
    content_type, encoding, body = serialization.dumps(task.body, serializer="json")
    with app.connection_for_write() as connection:
        channel = cast(Channel, connection.default_channel)
        message: dict[str, Any] = channel.prepare_message(
            body, 0, content_type, encoding, task.headers, task.properties
        )
    message["properties"]["delivery_info"] = {"exchange": queue.value, "routing_key": queue.value}
    return message


def _copy(message: dict[str, Any]) -> dict[str, Any]:
    """The same message once more, expiring in a minute: a bell that nobody heard by then has been rung again."""
    task_id = str(uuid4())
    expires = (datetime.now(UTC) + timedelta(seconds=EXPIRES_S)).isoformat()
    return {
        **message,
        "headers": {**message["headers"], "id": task_id, "root_id": task_id, "expires": expires},
        "properties": {**message["properties"], "correlation_id": task_id, "delivery_tag": str(uuid4())},
    }
