"""Every job name is a task, and every task runs the same way."""

from __future__ import annotations

import os
import subprocess
import sys
from uuid import uuid4

import pytest
from celery.schedules import crontab

from callwaiting.core import deadline
from callwaiting.core.jobs import QUEUE_OF, Job, Queue
from callwaiting.core.request_context import current_request_id
from callwaiting.factory import Runtime
from tasks import schedule
from tasks.base import JOB_SECONDS, perform
from tests.tasks.workers import ROOT

LIST_TASKS = """
import celery_worker
from kombu import Exchange
print(*sorted(name for name in celery_worker.app.tasks if not name.startswith("celery.")))
print(*sorted(f"{q.name}={q.exchange.name}={q.routing_key}" for q in celery_worker.app.conf.task_queues))
"""


def start(environment: dict[str, str], *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_each_job_is_a_registered_task_and_each_queue_its_own(environment: dict[str, str]) -> None:
    tasks, queues = start(environment, "-c", LIST_TASKS).stdout.splitlines()
    assert tasks.split() == sorted(job.value for job in Job)
    assert queues.split() == sorted(f"{queue}={queue}={queue}" for queue in Queue)


def test_each_job_has_a_queue() -> None:
    assert set(QUEUE_OF) == set(Job)


def test_each_entry_of_beat_is_a_job_and_none_waits_long() -> None:
    entries = schedule.beat_schedule()
    assert set(entries) <= {job.value for job in Job}
    assert len(entries) == len(schedule.ENTRIES)
    for entry in schedule.ENTRIES:
        assert isinstance(entry.every, crontab) or 0 < entry.every <= 60


@pytest.mark.parametrize("program", ["celery_worker", "wsgi"])
def test_a_wrong_configuration_stops_the_start_with_78_and_names_it(environment: dict[str, str], program: str) -> None:
    broken = environment | {"SECRET_KEY": "short"}
    ended = start(broken, "-c", f"import {program}")
    assert ended.returncode == 78
    assert "SECRET_KEY" in ended.stderr
    assert "short" not in ended.stderr.replace("SECRET_KEY", "")


def test_celery_itself_passes_the_status_on(environment: dict[str, str]) -> None:
    without = {name: value for name, value in environment.items() if name != "DATABASE_URL_SERVICE"}
    ended = start(without, "-m", "celery", "-A", "celery_worker:app", "worker")
    assert ended.returncode == 78
    assert "DATABASE_URL_SERVICE" in ended.stderr


def test_a_job_has_a_deadline_and_its_error_is_passed_on(worker: Runtime) -> None:
    left: list[float] = []

    def look(runtime: Runtime) -> None:
        left.append(deadline.remaining(1000))
        raise KeyError(str(uuid4()))

    with pytest.raises(KeyError):
        perform(Job.SWEEP, look, worker)
    assert 0 < left[0] <= JOB_SECONDS
    assert current_request_id() == ""
