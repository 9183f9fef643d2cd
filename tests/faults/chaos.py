"""The faults. Each is done once when it is possible; False means: not now, ask again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from callwaiting.embedded.process import ManagedProcess
from tests.faults.stage import Stage, children_of, is_alive

FROZEN_SECONDS = 1.5
Fault = Callable[[Stage], bool]


def _killed(process: ManagedProcess) -> bool:
    """The process itself, by -9; the supervisor finds it dead."""
    if not process.is_running() or not process.is_ready():
        return False
    os.kill(process.pid, signal.SIGKILL)
    return True


def _child_killed(process: ManagedProcess, *marks: str) -> bool:
    """One child whose command line has one of the marks."""
    if not process.is_running():
        return False
    for pid, command in children_of(process.pid).items():
        if any(mark in command for mark in marks):
            os.kill(pid, signal.SIGKILL)
            return True
    return False


def freeze_valkey(stage: Stage) -> bool:
    """Stopped, not ended: its clients' connections stay and nobody answers."""
    if not stage.valkey.is_running() or not stage.valkey.is_ready():
        return False
    pid = stage.valkey.pid
    os.kill(pid, signal.SIGSTOP)
    time.sleep(FROZEN_SECONDS)
    os.kill(pid, signal.SIGCONT)
    return True


def flush_valkey(stage: Stage) -> bool:
    """Every bell that waits, and every message at work, is gone."""
    try:
        with redis.Redis.from_url(stage.valkey.url(), socket_timeout=5, retry=Retry(NoBackoff(), 0)) as client:
            client.flushall()
    except redis.RedisError:
        return False
    return True


def kill_worker(stage: Stage) -> bool:
    """The worker's main process, when it has its children."""
    return bool(children_of(stage.worker.pid)) and _killed(stage.worker)


def kill_worker_and_wait(stage: Stage) -> bool:
    """As `kill_worker`, and it is gone with its children when this returns."""
    children = children_of(stage.worker.pid)
    if not children or not _killed(stage.worker):
        return False
    for pid in children:
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)
    return True


FAULTS: Mapping[str, Fault] = {
    "web killed": lambda stage: _killed(stage.web),
    "web child killed": lambda stage: _child_killed(stage.web, "spawn_main", "granian"),
    "worker killed": kill_worker,
    "worker child killed": lambda stage: _child_killed(stage.worker, "celery"),
    "beat killed": lambda stage: _killed(stage.beat),
    "Valkey frozen": freeze_valkey,
    "Valkey flushed": flush_valkey,
    "Valkey killed": lambda stage: _killed(stage.valkey),
    "Postgres killed": lambda stage: _killed(stage.postgres),
    "Postgres backend killed": lambda stage: _child_killed(stage.postgres, "cw_webhook", "cw_worker", "cw_service"),
}
