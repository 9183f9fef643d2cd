"""What every job has in common: a runtime per process, a request id, a deadline, one log line, metrics.

`@job(Job.X)` registers a function of the runtime as the Celery task of that name. The function stays a plain function,
so that tests and the sweeper can call it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import structlog
from celery import Task, shared_task

from callwaiting.core import deadline, metrics, settings
from callwaiting.core.db import DatabaseRole
from callwaiting.core.jobs import Job
from callwaiting.core.request_context import accept_request_id, request_id
from callwaiting.core.roles import WORKER_ROLES
from callwaiting.factory import Runtime, build_runtime

JOB_SECONDS = 18.0  # before Celery's soft limit of 20 s: our own error first, then its, then the end
log = structlog.get_logger()

_runtime: tuple[int, Runtime] | None = None


def process_runtime() -> Runtime:
    """The runtime of this process. One that a parent process built before the fork is not used."""
    global _runtime
    if _runtime is None or _runtime[0] != os.getpid():
        loaded = settings.load(roles=WORKER_ROLES)
        _runtime = (os.getpid(), build_runtime(loaded, tenant_role=DatabaseRole.WORKER))
    return _runtime[1]


def job(name: Job) -> Callable[[Callable[[Runtime], None]], Callable[[Runtime], None]]:
    """Make a function the task `name`."""

    def register(function: Callable[[Runtime], None]) -> Callable[[Runtime], None]:
        def task(self: Task[..., None]) -> None:
            with request_id(accept_request_id((self.request.headers or {}).get("request_id"))):
                perform(name, function, process_runtime())

        shared_task(name=name.value, bind=True)(task)
        return function

    return register


def perform(name: Job, function: Callable[[Runtime], None], runtime: Runtime) -> None:
    """Run a job within its deadline, with its log line and metrics. Passes its error on."""
    began = time.monotonic()
    outcome = "failed"
    try:
        with deadline.within(JOB_SECONDS):
            function(runtime)
        outcome = "ok"
    finally:
        seconds = time.monotonic() - began
        metrics.JOBS.labels(name, outcome).inc()
        metrics.JOB_SECONDS.labels(name).observe(seconds)
        log.info("job.ended", job=name, outcome=outcome, ms=round(seconds * 1000, 1))
