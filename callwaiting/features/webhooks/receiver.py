"""Acknowledging a webhook: find the source, read, verify, store. Both doors, the thin one and Flask's, call this."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from prometheus_client import Counter

from callwaiting.core import metrics
from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.jobs import Doorbell, Job
from callwaiting.features.webhooks.inbox import Inbox
from callwaiting.features.webhooks.inbox_rows import Outcome
from callwaiting.features.webhooks.rejections import Rejections
from callwaiting.features.webhooks.source_cache import SourceCache
from callwaiting.features.webhooks.sources import read_request, verify
from callwaiting.providers.paypal_signature import Certificates

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class Receiver:
    """All that receiving needs, one per process. It has no thread and no connection until the first request."""

    def __init__(self, database: Database, redis_url: str, certificates: Certificates, doorbell: Doorbell) -> None:
        self.sources = SourceCache(database, redis_url, DatabaseRole.WEBHOOK)
        self.rejections = Rejections(database)
        self.inbox = Inbox(
            database.url(DatabaseRole.WEBHOOK),
            after_commit=lambda: doorbell.ring(Job.DRAIN_EVENTS),
            body_changed=self.rejections.body_changed,
        )
        self.certificates = certificates

    def close(self) -> None:
        """Let the threads end."""
        self.sources.close()
        self.rejections.close()
        self.inbox.close()


@lru_cache(maxsize=8)
def _acknowledged(provider: str, outcome: Outcome) -> Counter:
    return metrics.WEBHOOKS.labels(provider, outcome)


def acknowledge(receiver: Receiver, environ: WSGIEnvironment, provider: str, public_id: str) -> Outcome:
    """Store the event in this request; when it returns, the event is durable.

    Raises UnknownSource (404), LengthRequired, PayloadTooLarge, UnsupportedMediaType, VerificationFailed and its kin
    (400), or ServiceUnavailable (503) when we cannot decide or store now. Refusals are counted, their bodies dropped.
    """
    try:
        source = receiver.sources.get(provider, public_id)
    except CallwaitingError as error:
        metrics.WEBHOOKS.labels(provider, error.reason).inc()
        raise
    try:
        signed = read_request(environ, source)
        outcome = receiver.inbox.receive(verify(source, signed, receiver.certificates), signed, source)
    except CallwaitingError as error:
        metrics.WEBHOOKS.labels(provider, error.reason).inc()
        receiver.rejections.count(source, error)
        raise
    _acknowledged(provider, outcome).inc()
    return outcome
