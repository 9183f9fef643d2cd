"""One comparison of a merchant's money with a provider's books.

It reads, and moves no money: what differs is told to a person. Only fees, which no event tells of, are entered.
No transaction is open while the provider is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock, deadline
from callwaiting.core.db import Database
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import MerchantScope, merchant_of
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.service import Account, Ref
from callwaiting.features.reconciliation import findings
from callwaiting.features.reconciliation.comparing import compare, told_by_key
from callwaiting.features.reconciliation.findings import Difference, Key
from callwaiting.features.reconciliation.models import MoneyRun, ReconcileFinding
from callwaiting.providers.attempts import three_attempts
from callwaiting.providers.lists import MoneyEntry
from callwaiting.providers.ports import Payments
from callwaiting.providers.registry import Providers

LIST_SECONDS = 12.0
# So many payments are asked for one by one in a run; what is left comes in the next, which begins where this ended.
ASKED_ONE_BY_ONE = 40


@dataclass(frozen=True, slots=True)
class Compared:
    """`listed` movements of the provider, `new` findings, and all that are `open`. `until`: how far the run came."""

    listed: int
    new: int
    open: int
    until: datetime


class _Told(NamedTuple):
    """What the provider says, and of which payments and checkouts that is all."""

    entries: Sequence[MoneyEntry]
    complete: frozenset[str]
    until: datetime


def last_run(session: Session, provider: str) -> MoneyRun | None:
    """The last comparison that succeeded."""
    query = select(MoneyRun).where(MoneyRun.provider == provider, MoneyRun.error.is_(None))
    return session.scalar(query.order_by(MoneyRun.id.desc()).limit(1))


def compare_money(
    database: Database, providers: Providers, scope: MerchantScope, account: Account, since: datetime, until: datetime
) -> Compared:
    """Compare the movements of the window, and look again at what was found before. The run is kept, with its error
    if it fails.

    Raises ProviderUnavailable, ProviderRejected, ProviderNotConfigured, PayloadInvalid, DeadlineExceeded.
    """
    try:
        told = _ask(database, providers.payments[account.provider], scope, account, since, until)
    except CallwaitingError as error:
        with database.unit_of_work(scope) as session:
            _keep_run(session, account, since, until, error=error.reason)
        raise
    with database.unit_of_work(scope) as session:
        new = _take(session, account, told)
        still = findings.count_open(session, account.provider)
        _keep_run(session, account, since, told.until, listed=len(told.entries), differing=still)
    return Compared(len(told.entries), new, still, told.until)


def _ask(
    database: Database, provider: Payments, scope: MerchantScope, account: Account, since: datetime, until: datetime
) -> _Told:
    def whole(ref: Ref) -> Sequence[MoneyEntry]:
        return three_attempts(
            lambda: provider.money_of(payment_id=ref.payment_id, checkout_id=ref.checkout_id, account=account.account),
            deadline_s=deadline.remaining(LIST_SECONDS),
        )

    listed = three_attempts(
        lambda: provider.list_money(account=account.account, since=since, until=until),
        deadline_s=deadline.remaining(LIST_SECONDS),
    )
    with database.unit_of_work(scope) as session:
        moved = payments.moved_between(session, account, since, until)
        again = [_ref(row) for row in findings.open_ones(session, account.provider, ASKED_ONE_BY_ONE)]
        if listed is None:  # this provider is asked about each page that was opened, for it may have been paid on
            moved += payments.opened_between(session, account, since, until, ASKED_ONE_BY_ONE + 1)
    seen = {entry.payment_id for entry in listed or ()}
    wanted = sorted({ref for ref in moved if ref.payment_id not in seen}, key=lambda ref: ref.at)
    if len(wanted) > ASKED_ONE_BY_ONE:
        until = wanted[ASKED_ONE_BY_ONE].at
        wanted = wanted[:ASKED_ONE_BY_ONE]
    entries = list(listed or ())
    complete: set[str] = set()
    asked: set[str] = set()
    for ref in (*wanted, *again):
        name = ref.checkout_id or ref.payment_id
        if name in asked:
            continue
        asked.add(name)
        found = whole(ref)
        complete |= {ref.payment_id, ref.checkout_id, *(entry.payment_id for entry in found)}
        entries += found
    return _Told(entries, frozenset(complete - {""}), until)


def _take(session: Session, account: Account, told: _Told) -> int:
    again = findings.open_ones(session, account.provider, ASKED_ONE_BY_ONE)
    names = {entry.payment_id for entry in told.entries} | told.complete | {row.payment_id for row in again}
    ours = payments.booked(session, account, names)
    complete = told.complete | {one.payment_id for one in ours if one.checkout_id in told.complete}
    differences = [*compare(ours, told.entries, complete)]
    checked: set[Key] = set(told_by_key(told.entries))
    checked |= {(one.subject, one.object_id) for one in ours if one.payment_id in complete}
    checked |= {(row.subject, row.object_id) for row in again if {row.payment_id, row.checkout_id} & complete}
    fees, seen = _fees(session, account, told.entries)
    return findings.note(session, account.provider, [*differences, *fees], checked - {("fee", "")} | seen)


def _fees(session: Session, account: Account, entries: Sequence[MoneyEntry]) -> tuple[list[Difference], set[Key]]:
    """Enter the fees, and tell of those that are not what they were."""
    differing: dict[str, Difference] = {}
    seen: set[Key] = set()
    for entry in entries:
        if entry.fee is None or not entry.entry_id:
            continue
        seen.add(("fee", entry.entry_id))
        before = payments.record_fee(session, account, entry.payment_id, entry.entry_id, entry.fee)
        if before is not None and before != entry.fee:
            differing[entry.entry_id] = Difference(
                "fee", entry.entry_id, "fee_differs", str(before), str(entry.fee), entry.payment_id, entry.checkout_id
            )
    return list(differing.values()), seen


def _ref(row: ReconcileFinding) -> Ref:
    return Ref(row.payment_id, row.checkout_id, row.first_seen_at)


def _keep_run(
    session: Session,
    account: Account,
    since: datetime,
    until: datetime,
    *,
    listed: int = 0,
    differing: int = 0,
    error: str | None = None,
) -> None:
    session.add(
        MoneyRun(
            merchant_id=merchant_of(session),
            id=new_id(),
            provider=account.provider,
            window_start=since,
            window_end=until,
            listed=listed,
            differing=differing,
            error=error,
            ended_at=clock.now(),
        )
    )
