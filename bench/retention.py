"""Emptying the bodies of a million old events while acknowledgements go on.

Half of the time nothing is emptied: p99 of acknowledgements in an open loop is compared with that of the other half,
in turns. What is emptied early and late tells whether the work is linear in the rows.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import threading
import time
from datetime import timedelta
from typing import Any

from bench import signed
from bench.stack import Stack, load_run
from callwaiting.core.db import Database
from callwaiting.features.webhooks.retention import BATCH, empty_bodies

P99_BAR, LINEAR_BAR = 1.5, 1.3
TURN_S = 0.5
FILL = """
insert into app.webhook_events (id, source_id, merchant_id, provider, routing_keys, dedupe_key, provider_event_id,
    event_type, object_key, raw, body_sha256, status, attempts, received_at, done_at)
select uuidv7(interval '-100 days'), s.id, s.merchant_id, 'stripe', '{{}}', 'evt_stored_' || n, 'evt_stored_' || n,
    'invoice.updated', 'in_stored_' || n, decode(repeat(md5(cast(n as text)), 45), 'hex'),
    sha256(cast(n as text)::bytea), 'done', 1, now() - interval '100 days' + n * interval '1 ms',
    now() - interval '99 days'
from generate_series(1, {rows}) n, app.webhook_sources s
"""
LEFT = "select count(*) from app.webhook_events where received_at < now() - interval '30 days' and raw is not null"


class Emptier(threading.Thread):
    """Empties bodies until it is told to stop, or none is left. `taken` has the microseconds a row of each turn."""

    def __init__(self, database: Database) -> None:
        super().__init__(daemon=True)
        self._database = database
        self._told = threading.Event()
        self.taken: list[float] = []
        self.rows = 0
        self.done = False

    def run(self) -> None:
        while not self._told.is_set() and not self.done:
            began = time.perf_counter()
            count, more = empty_bodies(self._database, timedelta(days=30), budget_s=TURN_S)
            if more:
                self.taken.append((time.perf_counter() - began) / count * 1e6)
            self.rows += count
            self.done = not more

    def stop(self) -> None:
        self._told.set()
        self.join()


def acknowledged(stack: Stack, port: int, given: argparse.Namespace) -> float:
    """p99 in ms."""
    file = stack.home.path / "requests"
    signed.prepare(file, stack.source_path, port, int(given.rate * given.seconds) + 10)
    result: dict[str, Any] = load_run(port, file, connections=16, seconds=given.seconds, rate=given.rate)
    if set(result["statuses"]) != {"204"}:
        raise SystemExit(f"not all were acknowledged: {result}")
    return float(result["p99_ms"])


def main() -> int:
    """0 when p99 stays below 1.5 times that of an undisturbed run, and the last rows take no longer than the first."""
    parser = argparse.ArgumentParser(prog="python -m bench.retention", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=500.0, help="acknowledgements a second")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each run")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args()
    if given.rows < 20 * BATCH:
        parser.error(f"--rows: from {20 * BATCH} on")
    with contextlib.ExitStack() as held:
        stack = held.enter_context(Stack())
        sys.stderr.write(f"filling {given.rows} events …\n")
        stack.execute(FILL.format(rows=given.rows))
        stack.execute("vacuum (analyze) app.webhook_events")
        stack.execute("checkpoint")
        runtime = held.enter_context(stack.runtime())
        port, _ = held.enter_context(stack.serving("wsgi:app"))
        acknowledged(stack, port, given)  # warm
        calm, upset, taken, rows = [], [], [], 0
        while True:
            calm.append(acknowledged(stack, port, given))
            emptier = Emptier(runtime.database)
            emptier.start()
            upset.append(acknowledged(stack, port, given))
            emptier.stop()
            taken += emptier.taken
            rows += emptier.rows
            sys.stderr.write(
                f"  p99 {calm[-1]:.1f} ms, while emptying {upset[-1]:.1f} ms; {rows} of {given.rows} emptied\n"
            )
            if emptier.done:
                break
        ((left,),) = stack.execute(LEFT)
        if left:
            raise SystemExit(f"{left} bodies were left")
    fifth = max(1, len(taken) // 5)
    report = {
        "p99_ms": round(statistics.median(calm), 2),
        "p99_ms_while_emptying": round(statistics.median(upset), 2),
        "p99_ratio": round(statistics.median(upset) / statistics.median(calm), 2),
        "rows_per_second": round(1e6 / statistics.median(taken)),
        "late_to_early": round(statistics.median(taken[-fifth:]) / statistics.median(taken[:fifth]), 2),
    }
    sys.stdout.write(json.dumps(report, indent=None if given.json else 2) + "\n")
    return 0 if report["p99_ratio"] <= P99_BAR and report["late_to_early"] <= LINEAR_BAR else 1


if __name__ == "__main__":
    sys.exit(main())
