"""Every metric, in one place, so that dashboards and alert rules have one page to read."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client import generate_latest as _generate
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

REQUESTS = Counter("callwaiting_http_requests_total", "Answers by route and status", ["route", "method", "status"])
REQUEST_SECONDS = Histogram(
    "callwaiting_http_request_seconds",
    "Time until the answer was ready",
    ["route"],
    buckets=(0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30),
)
WEBHOOKS = Counter("callwaiting_webhooks_total", "Webhook requests by provider and outcome", ["provider", "outcome"])
ACK_BATCH = Histogram(
    "callwaiting_ack_batch_rows", "Rows in one committed batch", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 200)
)
EVENTS = Counter("callwaiting_events_total", "Stored events by outcome of an attempt", ["provider", "outcome"])
EVENT_SECONDS = Histogram(
    "callwaiting_event_seconds",
    "From acknowledgement to done",
    ["provider"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120, 600, 3600),
)
OLDEST_DUE_SECONDS = Gauge(
    "callwaiting_oldest_due_event_seconds", "Age of the oldest event that is due", multiprocess_mode="mostrecent"
)
VOICE_TURNS = Counter("callwaiting_voice_turns_total", "Answers to voice requests by kind", ["kind"])
EFFECTS = Counter("callwaiting_effects_total", "Calls to providers by kind and outcome", ["kind", "outcome"])
JOBS = Counter("callwaiting_jobs_total", "Jobs that workers ran, by outcome", ["job", "outcome"])
JOB_SECONDS = Histogram(
    "callwaiting_job_seconds", "How long a job ran", ["job"], buckets=(0.002, 0.01, 0.05, 0.25, 1, 5, 10, 20, 30)
)
BELLS = Counter("callwaiting_bells_total", "Hints sent to the workers", ["job", "outcome"])
ALERTS = Counter("callwaiting_alerts_total", "Alerts raised, repeats included", ["rule"])
SIGN_INS = Counter("callwaiting_sign_ins_total", "Attempts to sign in by outcome", ["outcome"])
RATE_LIMITED = Counter("callwaiting_rate_limited_total", "Requests refused by a rate limit", ["bucket"])
LIMITER_FALLBACK = Counter("callwaiting_limiter_fallback_total", "Requests limited per process, Redis being away")


class _AllProcesses(Collector):
    """The processes that write below one directory. A container has a subdirectory of its own: process ids repeat."""

    def __init__(self, directory: str) -> None:
        self._directory = Path(directory)

    def collect(self) -> Iterable[Metric]:
        files = [str(path) for path in self._directory.rglob("*.db")]
        merged: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]  # the library has no types
        return merged


def exposition(multiprocess_dir: str | None) -> tuple[bytes, str]:
    """(body, content type) of the metrics of all processes that write below `multiprocess_dir`, or of this one."""
    registry = REGISTRY
    if multiprocess_dir:
        registry = CollectorRegistry()
        registry.register(_AllProcesses(multiprocess_dir))
    return _generate(registry), CONTENT_TYPE_LATEST
