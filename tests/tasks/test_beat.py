"""Beat with nothing but the broker's address, as docker-compose.yml starts it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import redis

from callwaiting.core.jobs import Job, Queue

ROOT = Path(__file__).parents[2]


def test_beat_rings_with_the_brokers_address_alone(valkey_url: str, tmp_path: Path) -> None:
    valkey = redis.Redis.from_url(valkey_url)
    valkey.delete(Queue.MAINTENANCE.value)
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "tasks.beat",
        "beat",
        "--pidfile=",
        "-s",
        str(tmp_path / "schedule"),
    ]
    beat = subprocess.Popen(
        command, cwd=ROOT, env={"CELERY_BROKER_URL": valkey_url}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        end = time.monotonic() + 60
        while not _has_rung(valkey, Job.SWEEP):
            assert beat.poll() is None, "beat ended"
            assert time.monotonic() < end, "no bell within a minute"
            time.sleep(0.1)
    finally:
        beat.terminate()
        beat.wait(timeout=20)
        valkey.close()


def _has_rung(valkey: redis.Redis, job: Job) -> bool:
    messages = cast(list[bytes], valkey.lrange(Queue.MAINTENANCE.value, 0, -1))
    return any(job.encode() in message for message in messages)
