"""What an acknowledgement, a claim and a read cost when the inbox holds ten thousand, a million, five million events.

Each size has servers of its own, filled before; the runs of all sizes are interleaved, and medians quoted. The cost of
an acknowledgement is CPU of server and Postgres; that of a claimed event and of a page of 25 is the time they take.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import statistics
import sys
import time
from typing import Any
from uuid import UUID

from bench import signed
from bench.stack import Stack, cpu_seconds, load_run
from callwaiting.core.db import DatabaseRole
from callwaiting.core.ids import new_id
from callwaiting.core.settings import load
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.embedded.child import Child
from callwaiting.factory import Runtime, build_runtime
from callwaiting.features.webhooks import claims, repository
from callwaiting.features.webhooks.repository import EventFilter

BAR = 1.3
CLAIMED, READS = 1_000, 100
# Finished long ago, a hundredth of them the bench's merchant's own. Ids rise with time, as those of real events do.
FILL = """
insert into app.webhook_events (id, source_id, merchant_id, provider, routing_keys, dedupe_key, provider_event_id,
    event_type, object_key, raw, body_sha256, status, attempts, received_at, done_at)
select uuidv7(interval '-1 day'), s.id, case when n % 100 = 0 then s.merchant_id
        else cast(lpad(to_hex(n % 1000), 32, '0') as uuid) end,
    'stripe', '{{}}', 'evt_stored_' || n, 'evt_stored_' || n, 'invoice.updated',
    'in_stored_' || n, decode(repeat('ab', 100), 'hex'), sha256(cast(n as text)::bytea), 'done', 1,
    now() - interval '1 day', now() - interval '1 day'
from generate_series(1, {rows}) n, app.webhook_sources s
"""
REST = "update app.webhook_events set status = 'done', lease_until = null where status in ('received', 'running')"


class Store:
    """One inbox of a size, with its server."""

    def __init__(self, held: contextlib.ExitStack, rows: int) -> None:
        self.rows = rows
        self.stack = held.enter_context(Stack())
        self.stack.execute(FILL.format(rows=rows))
        self.stack.execute("vacuum (analyze) app.webhook_events")
        self.stack.execute("checkpoint")
        ((merchant_id,),) = self.stack.execute("select merchant_id from app.webhook_sources")
        ((old,),) = self.stack.execute("select id from app.webhook_events order by id offset 5000 limit 1")
        self.old = UUID(str(old))
        self.scope = MerchantScope(UUID(str(merchant_id)), actor="bench")
        self.worker: Runtime = held.enter_context(self.stack.runtime())
        self.web = build_runtime(load(self.stack.environment("web")), tenant_role=DatabaseRole.WEB)
        held.callback(self.web.close)
        serving: tuple[int, Child] = held.enter_context(self.stack.serving("wsgi:app"))
        self.port, self.server = serving
        self.found: dict[str, list[float]] = {"ack": [], "claim": [], "read": []}

    def run(self, seconds: float) -> None:
        for what, cost in (("ack", self.acknowledged(seconds)), ("claim", self.claimed()), ("read", self.read())):
            self.found[what].append(cost)
        self.stack.execute(REST)

    def acknowledged(self, seconds: float) -> float:
        file = self.stack.home.path / "requests"
        signed.prepare(file, self.stack.source_path, self.port, int(seconds * 8000))
        before = self._cpu()
        result: dict[str, Any] = load_run(self.port, file, connections=16, seconds=seconds)
        if set(result["statuses"]) != {"204"} or int(result["requests"]) < CLAIMED:
            raise SystemExit(f"{self.rows} rows: {result}")
        return (self._cpu() - before) / int(result["requests"]) * 1e6

    def claimed(self) -> float:
        """Of the events that were just acknowledged."""
        began, count = time.perf_counter(), 0
        while count < CLAIMED:
            with self.worker.database.unit_of_work(SystemScope("claims of the bench"), DatabaseRole.SERVICE) as session:
                count += len(claims.take(session) or [])
        return (time.perf_counter() - began) / count * 1e6

    def read(self) -> float:
        """The newest page of the merchant's events, and one far behind it."""
        began = time.perf_counter()
        for number in range(READS):
            with self.web.database.unit_of_work(self.scope) as session:
                before = new_id() if number % 2 else self.old
                if len(repository.own_events(session, EventFilter(), before=before, limit=26)) != 26:
                    raise SystemExit("the merchant has no events to read")
        return (time.perf_counter() - began) / READS * 1e6

    def _cpu(self) -> float:
        return cpu_seconds(self.server.pid) + cpu_seconds(self.stack.postgres.pid)


def main() -> int:
    """0 when everything costs at most 1.3 times as much in the largest inbox as in the smallest."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 1_000_000, 5_000_000], metavar="EVENTS")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each run of acknowledgements")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args()
    if min(given.sizes) < 10_000:
        parser.error("--sizes: from 10000 events on")
    with contextlib.ExitStack() as held:
        stores = []
        for rows in given.sizes:
            sys.stderr.write(f"filling {rows} events …\n")
            stores.append(Store(held, rows))
        for number in range(given.rounds + 1):
            for store in stores:
                store.run(given.seconds)
                if not number:  # the first is for warming
                    store.found = {what: [] for what in store.found}
                costs = "  ".join(f"{what} {found[-1]:.0f} µs" for what, found in store.found.items() if found)
                sys.stderr.write(f"  {store.rows:>9} events  {costs or 'warm'}\n")
    medians = [{what: statistics.median(found) for what, found in store.found.items()} for store in stores]
    report: dict[str, Any] = {
        str(store.rows): {f"{what}_us": round(cost, 1) for what, cost in median.items()}
        for store, median in zip(stores, medians, strict=True)
    }
    ratios = {what: round(medians[-1][what] / medians[0][what], 3) for what in medians[0]}
    report["largest_to_smallest"] = ratios
    sys.stdout.write(json.dumps(report, indent=None if given.json else 2) + "\n")
    return 0 if max(ratios.values()) <= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
