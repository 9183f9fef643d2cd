"""How often somebody may try: counted in Postgres, by keyed hashes, in a way that cannot be turned against an owner.

An attempt is counted before it is looked at, so that a hundred at once are a hundred, and given back when it was
right. A device that has signed in to the account before has a budget of its own and is touched by no other limit:
a flood of strangers makes strangers wait, not the owner.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil

from sqlalchemy import CursorResult, delete, func, text
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.tenancy import SystemScope
from callwaiting.features.accounts.clients import Client, known_device
from callwaiting.features.accounts.errors import TooManyAttempts
from callwaiting.features.accounts.models import Failures
from callwaiting.features.accounts.process_keys import key_for


@dataclass(frozen=True, slots=True)
class Limit:
    """`free` failures within the window, then none (or, with delays, one after each growing pause)."""

    free: int
    window: timedelta
    delays: bool = False


LIMITS: Mapping[str, Limit] = {
    "pair": Limit(5, timedelta(minutes=15), delays=True),  # one account from one network
    "network": Limit(50, timedelta(minutes=15)),
    "account": Limit(20, timedelta(hours=1)),  # one account from anywhere: strangers only
    "all": Limit(600, timedelta(minutes=1)),  # everybody: strangers only
    "device": Limit(10, timedelta(minutes=15)),
    "factor": Limit(10, timedelta(minutes=15)),  # codes of one person
    "mail_to": Limit(5, timedelta(hours=1)),  # mails to one address
    "mail_from": Limit(20, timedelta(hours=1)),  # mails asked for from one network
    "invited": Limit(3, timedelta(hours=1)),  # invitations of one merchant to one address
    "opening": Limit(5, timedelta(days=1)),  # businesses of one person
    "inviting": Limit(30, timedelta(hours=1)),  # all invitations of one merchant
}
MAX_DELAY_SECONDS = 60

COUNT = text("""
insert into app.sign_in_failures as f (bucket, kind, failures, last_at, window_ends_at)
values (:bucket, :kind, 1, :now, :ends)
on conflict (bucket) do update
set failures = case when f.window_ends_at <= :now then 1 else f.failures + 1 end,
    window_ends_at = case when f.window_ends_at <= :now then excluded.window_ends_at else f.window_ends_at end,
    last_at = :now
returning failures, window_ends_at, old.last_at as last_at
""")
GIVE_BACK = text("""
update app.sign_in_failures
set failures = case when kind in ('pair', 'device', 'factor') then 0 else greatest(failures - 1, 0) end
where bucket = any(:buckets)
""")


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt that was admitted; `known_device` when the account has signed in on it before. `last`: if it fails,
    strangers have used up what the account has for them."""

    buckets: tuple[bytes, ...]
    known_device: bool
    last: bool


def admit(session: Session, email_hash: bytes, client: Client) -> Attempt:
    """Count an attempt to sign in. Raises TooManyAttempts, which undoes the count with the transaction."""
    device = known_device(session, client, email_hash)
    if device is not None:
        wanted = {"device": device}
    else:
        network = client.network.encode()
        wanted = {"pair": email_hash + network, "network": network, "account": email_hash, "all": b""}
    counted = _count(session, wanted)
    return Attempt(tuple(counted), device is not None, ("account", LIMITS["account"].free) in counted.values())


def count(session: Session, wanted: Mapping[str, bytes]) -> tuple[bytes, ...]:
    """Count one of each kind. Raises TooManyAttempts."""
    return tuple(_count(session, wanted))


def _count(session: Session, wanted: Mapping[str, bytes]) -> dict[bytes, tuple[str, int]]:
    """The kind of each bucket, and how many it holds by now."""
    key, now = key_for(session, "attempts"), clock.now()
    buckets = {hmac.digest(key, kind.encode() + b"\0" + what, hashlib.sha256): kind for kind, what in wanted.items()}
    counted = {}
    for bucket in sorted(buckets):  # in one order, so that two attempts never wait for each other in a circle
        kind = buckets[bucket]
        limit = LIMITS[kind]
        row = session.execute(COUNT, {"bucket": bucket, "kind": kind, "now": now, "ends": now + limit.window}).one()
        if row.failures > limit.free:
            wait = _wait_seconds(limit, row.failures, row.last_at, row.window_ends_at, now)
            if wait > 0:
                raise TooManyAttempts(kind, retry_after=wait)
        counted[bucket] = kind, row.failures
    return counted


def give_back(session: Session, attempt: Attempt) -> None:
    """The attempt was right: it does not count."""
    forget(session, attempt.buckets)


def forget(session: Session, buckets: tuple[bytes, ...]) -> None:
    """What `count` counted turned out right."""
    session.execute(GIVE_BACK, {"buckets": list(buckets)})


def forget_old_failures(database: Database) -> int:
    """Delete the counts whose window is over; returns how many."""
    with database.unit_of_work(SystemScope("retention of failures"), DatabaseRole.SERVICE) as session:
        result = session.execute(delete(Failures).where(Failures.window_ends_at < func.now()))
        return result.rowcount if isinstance(result, CursorResult) else 0


def _wait_seconds(limit: Limit, failures: int, last_at: datetime | None, ends: datetime, now: datetime) -> int:
    if not limit.delays:
        return ceil((ends - now).total_seconds())
    pause = min(MAX_DELAY_SECONDS, 2 ** min(failures - limit.free - 1, 10))
    return ceil((last_at + timedelta(seconds=pause) - now).total_seconds()) if last_at else 0
