"""From acknowledged to done: how long events wait, and how many a second two worker processes handle.

Two workloads, through the real handlers. `stories` are those of orders (see `bench.stories`): calls, texts and payments
in the proportion in which one order brings them. `settlements` are payments alone, the heaviest events: checkout,
payment, order, receipt planned, all of it audited. Sending the receipts is another queue's work and not part of this.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable
from typing import Any

import psycopg2

from bench import bare
from bench.load import write_prepared
from bench.stack import Stack, cpu_seconds, load_run, until
from bench.stories import EVENTS, Stories
from callwaiting.core import broker
from callwaiting.core.db import DatabaseRole
from callwaiting.core.jobs import Job
from migrations import prepare

WORKLOADS = ("stories", "settlements")
PROCESSES = 2
QUEUES = "events,maintenance"
CONNECTIONS = 16
PERCENTILES = """
select count(*),
    percentile_cont(0.5) within group (order by extract(epoch from done_at - received_at) * 1000),
    percentile_cont(0.99) within group (order by extract(epoch from done_at - received_at) * 1000),
    max(extract(epoch from done_at - received_at) * 1000)
from app.webhook_events where received_at > '{since}'
"""
HOLD = "update app.webhook_events set next_at = now() + interval '1 hour' where status = 'received'"
RELEASE = "update app.webhook_events set next_at = now() where status = 'received' returning now()"
LEFT = "select count(*) from app.webhook_events where status in ('received', 'running', 'retry')"
DEAD = "select error, count(*) from app.webhook_events where status = 'dead' group by 1"


class Bench:
    def __init__(self, stack: Stack, port: int, stories: Stories, workload: str, say: Callable[[str], None]) -> None:
        self.stack = stack
        self.port = port
        self.say = say
        self.requests = stories.days if workload == "stories" else stories.settlements
        self.file = stack.home.path / "requests"
        self.watching = psycopg2.connect(stack.admin_url)  # one for all looks: a new one costs more than an event
        self.watching.autocommit = True

    def offered(self, rate: float, seconds: float) -> dict[str, Any]:
        """Open loop: events arrive at this rate whatever happens; a worker runs."""
        since = self.now()
        result = self.send(round(rate * seconds / EVENTS) * EVENTS, rate=rate)
        self.wait_until_done()
        ((events, p50, p99, worst),) = self.stack.execute(PERCENTILES.format(since=since))
        found = {"events": events, "ack_p99_ms": result["p99_ms"]}
        found |= {"p50_ms": round(float(str(p50)), 1), "p99_ms": round(float(str(p99)), 1)}
        self.say(f"  {rate:.0f}/s offered: {found}, worst {float(str(worst)):.0f} ms")
        return found

    def bare(self, count: int) -> dict[str, float]:
        """Events a second of the bare loop, and CPU an event. No worker may run."""
        self.send(count)
        with self.stack.runtime() as runtime:
            recorded = bare.record(runtime)
        url = prepare.role_urls(self.stack.admin_url, self.stack.secrets["role_secret"])[DatabaseRole.WORKER]
        postgres = cpu_seconds(self.stack.postgres.pid)
        rate, own = bare.replay(url, recorded, self.stack.home.path, PROCESSES)
        found = self.per_event(count, rate, own, cpu_seconds(self.stack.postgres.pid) - postgres)
        self.say(f"  bare loop, {sum(map(len, recorded.events)) / count:.1f} statements: {found}")
        self.wait_until_done()
        return found

    def per_event(self, count: int, rate: float, own: float, postgres: float) -> dict[str, float]:
        return {
            "per_second": round(rate, 1),
            "own_us": round(own / count * 1e6),
            "postgres_us": round(postgres / count * 1e6),
        }

    def saturated(self, count: int) -> dict[str, float]:
        """Events a second of a worker that has more than enough to do, and CPU an event."""
        self.send(count)
        self.stack.execute(HOLD)
        with self.stack.working(PROCESSES, QUEUES) as worker:
            self.send(30 * EVENTS)  # warm: each process has its modules, connections and plans
            until(lambda: self.left() == count, 60, "the worker is warm")
            own, postgres = cpu_seconds(worker.pid), cpu_seconds(self.stack.postgres.pid)
            (released, *_) = self.stack.execute(RELEASE)
            for _ in range(PROCESSES):
                broker.publisher(self.stack.valkey.url())(Job.DRAIN_EVENTS)
            self.wait_until_done()
            own, postgres = cpu_seconds(worker.pid) - own, cpu_seconds(self.stack.postgres.pid) - postgres
        ((seconds,),) = self.stack.execute(
            f"select extract(epoch from max(done_at) - '{released[0]}') from app.webhook_events"
        )
        found = self.per_event(count, count / float(str(seconds)), own, postgres)
        self.say(f"  saturated: {found}")
        return found

    def send(self, count: int, rate: float | None = None) -> dict[str, object]:
        """`count` events, a multiple of a story's length."""
        write_prepared(self.file, self.requests(count))
        seconds = count / rate + 5 if rate else 60.0
        result = load_run(self.port, self.file, connections=CONNECTIONS, seconds=seconds, rate=rate)
        if result["statuses"] != {"204": count}:
            raise SystemExit(f"not all were acknowledged: {result}")
        return result

    def wait_until_done(self) -> None:
        """Looks seldom: to count what is left takes as long as an event, and it says itself when it was done."""
        until(lambda: self.left() == 0, 120, "all events are done", every_s=0.25)
        if bad := self.stack.execute(DEAD):
            raise SystemExit(f"events of the bench failed: {bad}")

    def left(self) -> int:
        with self.watching.cursor() as cursor:
            cursor.execute(LEFT)
            (count,) = cursor.fetchone() or (0,)
        assert isinstance(count, int)
        return count

    def now(self) -> object:
        ((now,),) = self.stack.execute("select now()")
        return now


def measure(bench: Bench, given: argparse.Namespace) -> dict[str, float]:
    """The figures of one workload, each the median of its rounds."""
    pairs = [(bench.saturated(given.events), bench.bare(given.events)) for _ in range(given.rounds)]
    with bench.stack.working(PROCESSES, QUEUES):
        bench.send(3 * EVENTS)
        bench.wait_until_done()
        latency = [bench.offered(given.rate, given.seconds) for _ in range(given.rounds)]
    return {
        f"p50_ms_at_{given.rate:.0f}": statistics.median(run["p50_ms"] for run in latency),
        f"p99_ms_at_{given.rate:.0f}": statistics.median(run["p99_ms"] for run in latency),
        **{
            f"{name}_{key}": statistics.median(pair[which][key] for pair in pairs)
            for which, name in enumerate(("saturated", "bare"))
            for key in ("per_second", "own_us", "postgres_us")
        },
        "ratio_to_bare": round(statistics.median(ours["per_second"] / bare["per_second"] for ours, bare in pairs), 3),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.process", description=__doc__)
    parser.add_argument("--workload", choices=WORKLOADS, help="only this one")
    parser.add_argument("--rate", type=float, default=200.0, help="offered events a second")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=250 * EVENTS, help="of each saturated run")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args()

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")

    report = {}
    with Stack() as stack, stack.serving("wsgi:app") as (port, _):
        stories = Stories(stack, port)
        for workload in (given.workload,) if given.workload else WORKLOADS:
            say(workload)
            report[workload] = measure(Bench(stack, port, stories, workload, say), given)
    sys.stdout.write(json.dumps(report, indent=None if given.json else 2) + "\n")


if __name__ == "__main__":
    main()
