"""A real Celery worker as a child process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
QUEUES = "events,effects,maintenance"


@contextmanager
def celery_worker(
    environment: Mapping[str, str], *, queues: str = QUEUES, processes: int = 1, log: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Runs until the block ends; then it is asked to stop, and killed with its children when it does not."""
    output = log.open("wb") if log else None
    worker = subprocess.Popen(
        [
            *(sys.executable, "-m", "celery", "-A", "celery_worker:app", "worker", "-Q", queues),
            *("-c", str(processes), "-n", f"test-{os.getpid()}@%h", "--loglevel", "WARNING"),
            *("--without-mingle", "--without-gossip"),
        ],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        start_new_session=True,
        stdout=output,
        stderr=output,
    )
    try:
        yield worker
    finally:
        if worker.poll() is None:
            worker.send_signal(signal.SIGTERM)
        try:
            worker.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
        if output:
            output.close()
