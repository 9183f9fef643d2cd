"""The fault proof, long: every process is killed again and again while signed events arrive, with the leases of the
product. Exit status 1 when a condition is violated. The short form is a test, `tests/faults/test_kill_nine.py`.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from tests.faults.probe import SHORT_LEASE_SECONDS
from tests.faults.proof import Plan, prove

ROUND_S = 25  # what one round of faults takes
ORDERS_A_ROUND = 12


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.faults", description=__doc__)
    parser.add_argument("--seconds", type=int, default=120, help="of faults, in whole rounds of about 25 s")
    parser.add_argument("--seed", type=int, help="choose the faults, their order and the deliveries of another run")
    parser.add_argument("--short-leases", action="store_true", help="lost work is taken up after 3 s instead of 40 s")
    parser.add_argument("--quiet", type=float, default=60.0, help="seconds after the last fault until all is done")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if given.seed is None else given.seed
    rounds = max(1, given.seconds // ROUND_S)
    began = time.monotonic()

    def say(line: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:7.1f} {line}\n")

    say(f"seed {seed}, {rounds} rounds")
    lease_s = SHORT_LEASE_SECONDS if given.short_leases else None
    plan = Plan(seed, ORDERS_A_ROUND * rounds, rounds, lease_s=lease_s, quiet_s=given.quiet)
    with tempfile.TemporaryDirectory(prefix="callwaiting-faults-") as root:
        report = prove(Path(root), plan, say)
    sys.stdout.write(json.dumps(asdict(report), indent=None if given.json else 2) + "\n")
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main())
