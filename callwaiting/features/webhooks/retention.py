"""Emptying old bodies. The row and its keys stay for ever, so that an old delivery stays known."""

from __future__ import annotations

import time
from datetime import timedelta

from sqlalchemy import CursorResult, text

from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.tenancy import SystemScope

BATCH = 50
REST_SECONDS = 0.02  # at least; and as long as the batch before it
BUDGET_SECONDS = 10.0
EMPTY = text("""
with old as (
    select id from app.webhook_events
    where emptied_at is null and received_at < now() - :age and status in ('done', 'ignored', 'dead')
    order by received_at limit :batch for update skip locked
)
update app.webhook_events e set raw = null, emptied_at = now() from old where e.id = old.id
""")
# Lost with the server, it is done again; and nobody who acknowledges an event has to wait for its log to be written.
UNHURRIED = text("set local synchronous_commit = off")


def empty_bodies(
    database: Database, older_than: timedelta, *, batch: int = BATCH, budget_s: float = BUDGET_SECONDS
) -> tuple[int, bool]:
    """Empty the bodies of finished events that were received longer ago than `older_than`.

    Returns how many, and whether the time ran out first: somebody should go on. Each batch is a transaction of its
    own, and is followed by a rest of its length: those who acknowledge events share processors and disk with it. It is
    small, because their next flush has to write its pages too (`bench/retention.py`, docs/adr/0053).
    """
    end = time.monotonic() + budget_s
    emptied = 0
    while (began := time.monotonic()) < end:
        with database.unit_of_work(SystemScope("retention of webhook bodies"), DatabaseRole.SERVICE) as session:
            session.execute(UNHURRIED)
            result = session.execute(EMPTY, {"age": older_than, "batch": batch})
            count = result.rowcount if isinstance(result, CursorResult) else 0
        emptied += count
        if count < batch:
            return emptied, False
        time.sleep(max(REST_SECONDS, time.monotonic() - began))
    return emptied, True
