"""Ten thousand wrong passwords a minute, and signed webhooks meanwhile.

The flood comes from as many addresses and for as many accounts as it has attempts, so that neither stops it: what is
seen is that hashing is capped. Webhooks at a fixed rate are measured without it, under it, and without it again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.load import write_prepared
from bench.signed import prepare
from bench.stack import Stack, load_run

SIGN_IN = "/api/v1/auth/sign-in"
UNLIMITED = {"TRUSTED_PROXIES": "1", "RATE_LIMIT_MAX_REQUESTS": "1000000"}
EXPECTED = {"401", "503"}  # wrong, or too many at once; 429 where a budget of all attempts together is used up


def wrong_passwords(port: int, count: int) -> Iterator[bytes]:
    for number in range(count):
        body = json.dumps({"email": f"person{number}@example.com", "password": f"wrong password {number}"}).encode()
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        head = (
            f"POST {SIGN_IN} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-Forwarded-For: {address}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        yield head.encode() + body


def main() -> int:
    """0 when every webhook was answered 2xx, the flood was sent as fast as asked and the slowest hundredth of webhooks
    waited no longer than `--bar` milliseconds."""
    parser = argparse.ArgumentParser(prog="python -m bench.flood", description=__doc__)
    parser.add_argument("--seconds", type=float, default=15.0, help="of each of the three runs")
    parser.add_argument("--attempts", type=float, default=10_000.0, help="wrong passwords a minute")
    parser.add_argument("--webhooks", type=float, default=100.0, help="signed webhooks a second")
    parser.add_argument("--bar", type=float, default=500.0, help="milliseconds, for p99 of webhooks under the flood")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args()
    rate = given.attempts / 60
    with contextlib.ExitStack() as held:
        stack = held.enter_context(Stack())
        port, _ = held.enter_context(stack.serving("wsgi:app", environment=stack.environment("web") | UNLIMITED))
        pool = held.enter_context(ThreadPoolExecutor(1))
        flood_file = stack.home.path / "flood"
        write_prepared(flood_file, wrong_passwords(port, int(rate * given.seconds * 1.5) + 100))

        def webhooks(name: str) -> dict[str, Any]:
            file = prepare(
                stack.home.path / name, stack.source_path, port, int(given.webhooks * given.seconds * 1.2) + 100
            )
            found: dict[str, Any] = load_run(port, file, connections=16, seconds=given.seconds, rate=given.webhooks)
            found["non_2xx"] = sum(n for status, n in found["statuses"].items() if not status.startswith("2"))
            sys.stderr.write(f"  {name:<8} {found}\n")
            return found

        before = webhooks("before")
        flood = pool.submit(load_run, port, flood_file, connections=400, seconds=given.seconds, rate=rate)
        during = webhooks("during")
        attempts: dict[str, Any] = flood.result()
        sys.stderr.write(f"  flood    {attempts}\n")
        after = webhooks("after")
    report = {
        "attempts_per_minute": round(float(attempts["per_second"]) * 60),
        "attempts": attempts["statuses"],
        "webhooks": {
            name: {key: run[key] for key in ("requests", "p50_ms", "p99_ms", "non_2xx", "errors")}
            for name, run in (("before", before), ("during", during), ("after", after))
        },
    }
    sys.stdout.write(json.dumps(report, indent=None if given.json else 2) + "\n")
    lost = sum(run["non_2xx"] + run["errors"] for run in (before, during, after))
    fast = report["attempts_per_minute"] >= 0.9 * given.attempts
    return 0 if not lost and fast and during["p99_ms"] <= given.bar else 1


if __name__ == "__main__":
    sys.exit(main())
