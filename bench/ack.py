"""How fast signed, unique Stripe events are durably acknowledged, against Flask routes that do nothing: one of a bare
Flask app (`ratio`), and one of our own app, which passes what all its routes do (`ratio_to_own_route`).

Everything runs on this machine: servers, Postgres (fsync on) and the load generator. Absolute figures mean little;
the ratios are of interleaved runs, their medians quoted. With `--djstripe` the same events go to dj-stripe too, on
the same server and the same Postgres, in a venv of its own that is made at the first run: once with a Celery task for
each event, which is what its documentation suggests and what our bell does, and once with nobody told.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bench import disk, signed
from bench.stack import CHECKOUT, SECRET, Stack, cpu_seconds, load_run
from callwaiting.embedded.child import Child

FLOOR, OWN = "/floor", "/bench/nothing"  # of a bare Flask app; of our own app, behind what every route passes
SITE = CHECKOUT / "bench" / "djstripe_site"
SITE_VENV = CHECKOUT / ".bench" / "djstripe-venv"
SITE_PATH = "/stripe/webhook/11111111-2222-4333-8444-555555555555/"


class Contestant(NamedTuple):
    name: str
    server: Child
    port: int
    path: str


@dataclass
class Series:
    """The runs of one contestant at one number of connections."""

    runs: list[dict[str, Any]] = field(default_factory=list)

    def median(self, key: str) -> float:
        return statistics.median(float(run[key]) for run in self.runs)

    def cpu_us(self) -> float:
        """Of server and Postgres, a request: what a faster load generator or more processors would not change."""
        return self.median("server_us") + self.median("postgres_us")


class Bench:
    def __init__(self, stack: Stack, seconds: float, say: Callable[[str], None]) -> None:
        self.stack = stack
        self.seconds = seconds
        self.say = say
        self.file = stack.home.path / "requests"

    def run(self, name: str, server: Child, port: int, path: str, *, connections: int, budget: int,
            rate: float | None = None) -> dict[str, Any]:  # fmt: skip
        """One run; adds the CPU of server and Postgres per request, and proves that each 2xx has its row."""
        if path in {FLOOR, OWN}:
            signed.prepare(self.file, path, port, 1)
        else:
            signed.prepare(self.file, path, port, budget)
        before = self.stored(path)
        cpu = cpu_seconds(server.pid), cpu_seconds(self.stack.postgres.pid)
        result: dict[str, Any] = load_run(
            port, self.file, connections=connections, seconds=self.seconds, rate=rate, repeat=path in {FLOOR, OWN}
        )
        done = max(1, int(result["requests"]))
        result["server_us"] = round((cpu_seconds(server.pid) - cpu[0]) / done * 1e6)
        result["postgres_us"] = round((cpu_seconds(self.stack.postgres.pid) - cpu[1]) / done * 1e6)
        result["non_2xx"] = sum(n for status, n in result["statuses"].items() if not status.startswith("2"))
        if path not in {FLOOR, OWN}:
            stored, acknowledged = self.stored(path) - before, done - int(result["non_2xx"])
            if stored < acknowledged:
                raise SystemExit(f"{name}: {acknowledged} acknowledged, only {stored} stored")
        self.say(
            f"  {name:<22} {connections:>3} connections  {result['per_second']:>8} /s  p50 {result['p50_ms']:>7} ms"
            f"  p99 {result['p99_ms']:>8} ms  server {result['server_us']:>5} µs  PG {result['postgres_us']:>4} µs"
            f"  {result['statuses']}"
        )
        return result

    def stored(self, path: str) -> int:
        if path in {FLOOR, OWN}:
            return 0
        if path == SITE_PATH:
            rows = self.stack.execute("select count(*) from djstripe_webhookeventtrigger", database="djstripe")
        else:
            rows = self.stack.execute("select count(*) from app.webhook_events")
        return int(str(rows[0][0]))


def djstripe(stack: Stack, held: contextlib.ExitStack) -> list[Contestant]:
    """dj-stripe behind the same server, twice: it sends a Celery task for each event, or tells nobody of it."""
    python = SITE_VENV / "bin" / "python"
    if not python.exists():
        venv.create(SITE_VENV, with_pip=True)
    argv = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r"]
    subprocess.run([*argv, str(SITE / "requirements.txt")], check=True)
    stack.create_database("djstripe")
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ} | {
        "PGPORT": str(stack.postgres.port),
        "PGUSER": "postgres",
        "PGPASSWORD": stack.secrets["postgres_password"],
        "PGDATABASE": "djstripe",
    }
    subprocess.run([str(python), "project.py", SECRET], cwd=SITE, env=environment, check=True)
    made = []
    for name, more in (("dj-stripe with tasks", {"BROKER_URL": stack.valkey.url()}), ("dj-stripe", {})):
        serving = stack.serving("project:application", environment=environment | more, python=str(python), cwd=SITE)
        port, child = held.enter_context(serving)
        made.append(Contestant(name, child, port, SITE_PATH))
    return made


def freeze(stack: Stack) -> Iterator[None]:
    os.kill(stack.valkey.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(stack.valkey.pid, signal.SIGCONT)


def refuse(stack: Stack) -> Iterator[None]:
    stack.valkey.stop()
    try:
        yield
    finally:
        stack.valkey.start()


def restart(stack: Stack) -> Iterator[None]:
    stack.valkey.kill()
    stack.valkey.start()
    yield


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ack", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pairs", type=int, default=5, help="for the runs without Valkey")
    parser.add_argument("--djstripe", action="store_true", help="compare with dj-stripe (installs it in .bench/)")
    parser.add_argument("--connections", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args()

    def say(line: str) -> None:
        sys.stderr.write(line + "\n")

    report: dict[str, Any] = {}
    with contextlib.ExitStack() as held:
        stack = held.enter_context(Stack())
        bench = Bench(stack, given.seconds, say)
        floor_port, floor = held.enter_context(stack.serving("bench.floor:app"))
        port, ours = held.enter_context(stack.serving("bench.secured:app"))
        contestants = [
            Contestant("do-nothing route", floor, floor_port, FLOOR),
            Contestant("ours", ours, port, stack.source_path),
            Contestant("our do-nothing route", ours, port, OWN),
        ]
        if given.djstripe:
            say("setting up dj-stripe …")
            contestants += djstripe(stack, held)
        series: dict[tuple[str, int], Series] = {}
        for connections in given.connections:
            for name, server, at, path in contestants:  # warm
                bench.run(name + " (warm-up)", server, at, path, connections=connections, budget=4000)
            for _ in range(given.rounds):
                for name, server, at, path in contestants:
                    budget = int(given.seconds * (1200 if path == SITE_PATH else 12000))
                    run = bench.run(name, server, at, path, connections=connections, budget=budget)
                    series.setdefault((name, connections), Series()).runs.append(run)
            ours_rate = series["ours", connections].median("per_second")
            floor_rate = series["do-nothing route", connections].median("per_second")
            own_rate = series["our do-nothing route", connections].median("per_second")
            report[f"ratio_{connections}"] = round(ours_rate / floor_rate, 3)
            report[f"ratio_to_own_route_{connections}"] = round(ours_rate / own_rate, 3)
            for name, *_ in contestants[3:]:
                theirs, mine = series[name, connections], series["ours", connections]
                label = name.replace("-", "").replace(" ", "_")
                report[f"times_{label}_{connections}"] = round(ours_rate / theirs.median("per_second"), 1)
                report[f"times_{label}_by_cpu_{connections}"] = round(theirs.cpu_us() / mine.cpu_us(), 1)
            half = ours_rate / 2
            steady: dict[str, Series] = {}
            for _ in range(given.rounds):
                for name, server, at, path in contestants[:3]:
                    run = bench.run(f"{name} at {half:.0f}/s", server, at, path, connections=connections,
                                    budget=int(half * given.seconds) + 10, rate=half)  # fmt: skip
                    steady.setdefault(name, Series()).runs.append(run)
            p99 = {name: runs.median("p99_ms") for name, runs in steady.items()}
            flushed = [disk.alone(stack.home.path, half, given.seconds) for _ in range(given.rounds)]
            report[f"open_loop_p99_ms_{connections}"] = p99["ours"]
            report[f"open_loop_p99_ms_of_the_disk_{connections}"] = round(
                statistics.median(run[int(len(run) * 0.99)] for run in flushed) * 1000, 3
            )
            report[f"open_loop_p99_ratio_{connections}"] = round(p99["ours"] / p99["do-nothing route"], 2)
            report[f"open_loop_p99_ratio_to_own_route_{connections}"] = round(
                p99["ours"] / p99["our do-nothing route"], 2
            )
            for key in ("per_second", "p50_ms", "p99_ms", "server_us", "postgres_us"):
                report[f"{key}_{connections}"] = series["ours", connections].median(key)
        for what, disturb in (("refused", refuse), ("frozen", freeze), ("restarted", restart)):
            ratios, bad = [], 0
            for _ in range(given.pairs):
                budget = int(given.seconds * 12000)
                calm = bench.run("calm", ours, port, stack.source_path, connections=16, budget=budget)
                with contextlib.contextmanager(disturb)(stack):
                    upset = bench.run(f"Valkey {what}", ours, port, stack.source_path, connections=16, budget=budget)
                ratios.append(upset["per_second"] / calm["per_second"])
                bad += upset["non_2xx"]
            report[f"valkey_{what}"] = {"ratio": round(statistics.median(ratios), 3), "non_2xx": bad}
    sys.stdout.write(json.dumps(report, indent=None if given.json else 2) + "\n")


if __name__ == "__main__":
    main()
