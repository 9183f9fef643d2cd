"""The exposition of several processes, as containers with equal process ids share a volume."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from callwaiting.core import metrics

COUNT = """
from callwaiting.core import metrics
metrics.JOBS.labels("audit.chain", "ok").inc({by})
"""


def count_in(directory: Path, by: int) -> None:
    directory.mkdir(exist_ok=True)
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(directory)}
    subprocess.run([sys.executable, "-c", COUNT.format(by=by)], env=environment, check=True, timeout=60)


def test_processes_of_every_container_are_added_up(tmp_path: Path) -> None:
    count_in(tmp_path, 2)
    for name in ("worker-events", "worker-effects"):
        count_in(tmp_path / name, 20)
        (written,) = (tmp_path / name).glob("counter_*.db")
        written.rename(written.with_name("counter_7.db"))  # each container counts its processes from 1

    body, _ = metrics.exposition(str(tmp_path))

    assert b'callwaiting_jobs_total{job="audit.chain",outcome="ok"} 42.0' in body
