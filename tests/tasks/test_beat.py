"""Beat with nothing but the broker's address, as docker-compose.yml starts it."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import redis

from callwaiting.core.jobs import Queue

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
        while not valkey.llen(Queue.MAINTENANCE.value):
            assert beat.poll() is None, "beat ended"
            assert time.monotonic() < end, "no bell within a minute"
            time.sleep(0.1)
        message = valkey.lindex(Queue.MAINTENANCE.value, 0)
    finally:
        beat.terminate()
        beat.wait(timeout=20)
        valkey.close()

    assert message is not None
    assert "maintenance.sweep" in str(message)
