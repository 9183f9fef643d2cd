"""The audit chain against its floors: chaining against bare batches of inserts, verifying against fetch and SHA-256.

Records are those of a settled payment, of a hundred merchants. Runs are interleaved; medians of their ratios are
quoted. Durability is on, and a batch is one commit on both sides.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import statistics
import sys
import time

import psycopg2
from psycopg2.extras import execute_values

from bench.stack import Stack
from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.audit.chain import BATCH, chain_batch
from callwaiting.features.audit.verify import verify

BAR = 0.5
RECORD = {
    "at": "2026-05-04T18:30:00.123456Z", "action": "payment.settled", "actor": "system", "outcome": "ok",
    "subject": "payment:01a20ece-6a86-72f2-ba6d-ba1e44fda888", "request_id": "01a20ece6aa672eda4d8805bb6201eec",
    "details": {"provider": "stripe", "amount": 1299, "currency": "USD", "event": "evt_1Qx2Yz3Ab4Cd5Ef6Gh7Ij8Kl"},
}  # fmt: skip
WAIT = """
insert into audit.outbox (merchant_id, record)
select cast(lpad(to_hex(n % 100 + 1), 32, '0') as uuid), cast('{record}' as text)::bytea
from generate_series(1, {rows}) n
"""
TABLE = "create unlogged table if not exists public.bare (like audit.log including all); truncate public.bare"
BARE = "insert into public.bare (seq, merchant_id, record, prev_hash, merchant_prev_hash, hash) values %s"


def chained(stack: Stack, runtime: Runtime, rows: int) -> float:
    """Records a second, out of the outbox into the chain."""
    stack.execute(WAIT.format(record=json.dumps(RECORD), rows=rows))
    stack.execute("vacuum (analyze) audit.outbox")
    began, count = time.perf_counter(), 0
    while count < rows:
        with runtime.database.unit_of_work(SystemScope("chain of the bench"), DatabaseRole.AUDIT) as session:
            count += chain_batch(session)
    return rows / (time.perf_counter() - began)


def inserted(stack: Stack, rows: int) -> float:
    """The same rows a second into a table with the log's indexes, each batch one statement and one commit."""
    stack.execute(TABLE.replace("unlogged ", ""))
    record, digest = json.dumps(RECORD).encode(), bytes(32)
    with contextlib.closing(psycopg2.connect(stack.admin_url)) as connection, connection.cursor() as cursor:
        began = time.perf_counter()
        for first in range(0, rows, BATCH):
            numbers = range(first, min(first + BATCH, rows))
            values = [(n, f"{n % 100 + 1:032x}", record, digest, digest, digest) for n in numbers]
            execute_values(cursor, BARE, values, page_size=BATCH)
            connection.commit()
        return rows / (time.perf_counter() - began)


def verified(runtime: Runtime) -> float:
    """Links a second of the whole chain, proved."""
    began = time.perf_counter()
    with runtime.database.unit_of_work(SystemScope("proof of the bench"), DatabaseRole.AUDIT) as session:
        verdict = verify(session)
    if verdict.fault or not verdict.links:
        raise SystemExit(f"the chain does not hold: {verdict.fault}")
    return verdict.links / (time.perf_counter() - began)


def fetched(stack: Stack) -> float:
    """The same links a second, fetched in pages and hashed once each."""
    count, last = 0, 0
    query = "select seq, merchant_id, record, prev_hash, merchant_prev_hash, hash from audit.log"
    with contextlib.closing(psycopg2.connect(stack.admin_url)) as connection, connection.cursor() as cursor:
        began = time.perf_counter()
        while True:
            cursor.execute(query + " where seq > %s order by seq limit 1000", (last,))
            page = cursor.fetchall()
            if not page:
                return count / (time.perf_counter() - began)
            for _, _, record, before, _, _ in page:
                hashlib.sha256(bytes(before) + bytes(record)).digest()
            count, last = count + len(page), page[-1][0]


def main() -> int:
    """0 when chaining and verifying reach half of their floors."""
    parser = argparse.ArgumentParser(prog="python -m bench.audit", description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000, help="records of each run")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args()
    rates: dict[str, list[float]] = {"chain": [], "inserts": [], "verify": [], "fetch": []}
    with Stack() as stack, stack.runtime() as runtime:
        for number in range(given.rounds + 1):
            found = (
                chained(stack, runtime, given.rows),
                inserted(stack, given.rows),
                verified(runtime),
                fetched(stack),
            )
            line = "  ".join(f"{name} {rate:.0f}/s" for name, rate in zip(rates, found, strict=True))
            sys.stderr.write(f"  {line}{'' if number else '  (warm-up)'}\n")
            if number:
                for name, rate in zip(rates, found, strict=True):
                    rates[name].append(rate)
    report = {f"{name}_per_second": round(statistics.median(runs)) for name, runs in rates.items()}
    ratios = {
        name: round(statistics.median(a / b for a, b in zip(rates[name], rates[floor], strict=True)), 3)
        for name, floor in (("chain", "inserts"), ("verify", "fetch"))
    }
    sys.stdout.write(json.dumps(report | {"ratios": ratios}, indent=None if given.json else 2) + "\n")
    return 0 if min(ratios.values()) >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
