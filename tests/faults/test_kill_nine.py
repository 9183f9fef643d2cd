"""Every process killed with -9, the broker frozen and emptied: nothing acknowledged is lost, nothing happens twice."""

from __future__ import annotations

import random
import sys
import time
from pathlib import Path

from tests.faults.probe import SHORT_LEASE_SECONDS
from tests.faults.proof import Plan, prove


def test_kill_nine(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stdout.write(f"{time.monotonic() - began:5.1f} {line}\n")  # pytest shows it when the test fails

    say(f"seed {seed}")
    plan = Plan(seed=seed, size=8, lease_s=SHORT_LEASE_SECONDS)
    report = prove(tmp_path, plan, say)
    say(str(report))
    assert report.violations == []
    assert report.deliveries > 150
