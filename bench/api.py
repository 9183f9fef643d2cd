"""A tenant's read at the JSON API: token, limits, Row Level Security and 25 rows out of a million of 1,000 tenants.

Against a Flask route that does nothing on the same server, in interleaved runs; medians are quoted. `edge` is a route
of the application that does nothing, behind everything that every request passes: what it takes of CPU beyond the bare
Flask route is what the security stack adds, and `ratio_to_own_route` is the read's share of it. Row Level Security is
measured as the statement of the route under its policy, and by somebody whom no policy binds.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg2
from psycopg2.extensions import connection as Connection

from bench.load import write_prepared
from bench.stack import Stack, cpu_seconds, load_run
from callwaiting.core.db import DatabaseRole
from callwaiting.core.ids import new_id
from callwaiting.core.settings import load
from callwaiting.core.tenancy import MerchantScope
from callwaiting.embedded.child import Child
from callwaiting.factory import build_runtime
from callwaiting.features.accounts import people, service, sessions
from callwaiting.features.accounts.clients import Client
from callwaiting.features.accounts.sign_in import scope_of_person

PATH, EDGE, FLOOR = "/api/v1/alerts?limit=25", "/api/bench/nothing", "/floor"
UNLIMITED = str(10**9)
LIMITS = ("RATE_LIMIT_MAX_REQUESTS", "RATE_LIMIT_PERSON_MAX_REQUESTS", "RATE_LIMIT_MERCHANT_MAX_REQUESTS")
# Of the application that is measured: with the log as production writes it.
PRODUCTION = {
    "CALLWAITING_ENV": "production",
    "LOG_LEVEL": "INFO",
    "PUBLIC_BASE_URL": "https://bench.example.com",
    "TRUSTED_HOSTS": "127.0.0.1",
    "METRICS_TOKEN": "m3trics-of-the-bench-0123456789-abcdefghij",
}
ALERTS = """
insert into app.alerts (id, merchant_id, rule, fingerprint, severity, summary, details)
select uuidv7(), tenants.ids[1 + n %% cardinality(tenants.ids)], 'payments.surplus', 'bench:' || n, 'high',
       'An order was paid twice.', '{"provider": "stripe"}'
from generate_series(1, %(rows)s) n, (select array_agg(id) ids from app.merchants) tenants
"""
TENANTS = """
insert into app.merchants
select made.* from (select to_jsonb(m) as one from app.merchants m limit 1) first, generate_series(2, %(tenants)s) n,
     jsonb_populate_record(null::app.merchants, first.one || jsonb_build_object('id', uuidv7(), 'of', n)) made
"""
READ = "select * from app.alerts {where} order by id desc limit 26"


def fill(stack: Stack, rows: int, tenants: int) -> UUID:
    """The tenant that is read, among many."""
    with contextlib.closing(psycopg2.connect(stack.admin_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("select id from app.merchants limit 1")
        found = cursor.fetchone()
        assert found
        cursor.execute(TENANTS, {"tenants": tenants})
        cursor.execute(ALERTS, {"rows": rows})
    stack.execute("vacuum (analyze) app.alerts")
    return UUID(str(found[0]))


def access_token(stack: Stack, merchant_id: UUID) -> str:
    """Of a member of the merchant's team, who has just signed in."""
    runtime = build_runtime(load(stack.environment("web")), tenant_role=DatabaseRole.WEB)
    user_id = new_id()
    who, client = scope_of_person(user_id, "bench"), Client("192.0.2.1", "bench")
    with runtime.database.unit_of_work(who) as session:
        people.create(session, email="bench@example.com", name="Bench", password_hash=None, verified=True)
    with runtime.database.unit_of_work(MerchantScope(merchant_id, actor="bench")) as session:
        service.add_member(session, user_id, "viewer")
    with runtime.database.unit_of_work(who) as session:
        token = sessions.open_session(session, client, amr=("pwd",), remember=False).access_token
    runtime.close()
    return token


def run(stack: Stack, server: Child, port: int, path: str, token: str, given: argparse.Namespace) -> dict[str, Any]:
    method, secret = ("POST", "") if path == FLOOR else ("GET", f"Authorization: Bearer {token}\r\n")
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{secret}Content-Length: 0\r\n\r\n"
    file = stack.home.path / "requests"
    write_prepared(file, iter([head.encode()]))
    cpu = cpu_seconds(server.pid), cpu_seconds(stack.postgres.pid)
    result: dict[str, Any] = load_run(
        port, file, connections=given.connections, seconds=given.seconds, rate=None, repeat=True
    )
    if set(result["statuses"]) != {"200"}:
        raise SystemExit(f"{path}: {result['statuses']}")
    for name, before, process in (("server_us", cpu[0], server), ("postgres_us", cpu[1], stack.postgres)):
        result[name] = round((cpu_seconds(process.pid) - before) / int(result["requests"]) * 1e6)
    sys.stderr.write(
        f"  {path:<24} {result['per_second']:>8} /s  p50 {result['p50_ms']:>7} ms  p99 {result['p99_ms']:>7} ms"
        f"  server {result['server_us']:>5} µs  PG {result['postgres_us']:>4} µs\n"
    )
    return result


@contextlib.contextmanager
def reading(url: str, merchant_id: UUID) -> Iterator[Connection]:
    """A connection whose transaction belongs to the merchant."""
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("select set_config('app.merchant_id', %s, true)", (str(merchant_id),))
        yield connection


def policy_us(stack: Stack, merchant_id: UUID, rounds: int = 15, each: int = 200) -> float:
    """What the policy adds to the statement, in microseconds: the median over interleaved rounds."""
    roles = load(stack.environment("web")).database_urls()
    owner = f"where coalesce(merchant_id, '{UUID(int=0)}') = '{merchant_id}'"
    added = []
    with reading(roles[DatabaseRole.WEB], merchant_id) as bound, reading(stack.admin_url, merchant_id) as free:
        for _ in range(rounds):
            taken = []
            for connection, where in ((free, owner), (bound, "")):
                with connection.cursor() as cursor:
                    began = time.perf_counter()
                    for _ in range(each):
                        cursor.execute(READ.format(where=where))
                        assert len(cursor.fetchall()) == 26
                    taken.append((time.perf_counter() - began) / each * 1e6)
            added.append(taken[1] - taken[0])
    return statistics.median(added)


def main() -> int:
    """0 when the read reaches 0.20 of the route that does nothing, the edge 600 µs and the policy 5 %."""
    parser = argparse.ArgumentParser(prog="python -m bench.api", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--tenants", type=int, default=1_000)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each run")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args()
    with contextlib.ExitStack() as held:
        stack = held.enter_context(Stack())
        merchant_id = fill(stack, given.rows, given.tenants)
        token = access_token(stack, merchant_id)
        environment = stack.environment("web") | dict.fromkeys(LIMITS, UNLIMITED) | PRODUCTION
        floor_port, floor = held.enter_context(stack.serving("bench.floor:app"))
        port, ours = held.enter_context(stack.serving("bench.secured:app", environment=environment))
        contestants = ((floor, floor_port, FLOOR), (ours, port, EDGE), (ours, port, PATH))
        runs: dict[str, list[dict[str, Any]]] = {path: [] for _, _, path in contestants}
        for number in range(given.rounds + 1):
            for server, at, path in contestants:
                result = run(stack, server, at, path, token, given)
                if number:  # the first is for warming
                    runs[path].append(result)
        policy = policy_us(stack, merchant_id)

    def median(path: str, key: str) -> float:
        return statistics.median(float(found[key]) for found in runs[path])

    request_us = median(PATH, "server_us") + median(PATH, "postgres_us")
    report = {
        "ratio": round(median(PATH, "per_second") / median(FLOOR, "per_second"), 3),
        "ratio_to_own_route": round(median(PATH, "per_second") / median(EDGE, "per_second"), 3),
        "edge_us": round(median(EDGE, "server_us") - median(FLOOR, "server_us")),
        "policy_us": round(policy, 1),
        "policy_share": round(policy / request_us, 4),
        **{f"{key}_read": median(PATH, key) for key in ("per_second", "p50_ms", "p99_ms", "server_us", "postgres_us")},
        **{f"{key}_floor": median(FLOOR, key) for key in ("per_second", "server_us")},
    }
    sys.stdout.write(json.dumps(report, indent=None if given.json else 2) + "\n")
    return 0 if report["ratio"] >= 0.2 and report["edge_us"] <= 600 and report["policy_share"] <= 0.05 else 1


if __name__ == "__main__":
    sys.exit(main())
