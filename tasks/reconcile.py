"""Comparing the providers' lists with ours: events, calls and texts, money."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import select

from callwaiting.core import clock
from callwaiting.core.db import DatabaseRole
from callwaiting.core.deadline import DeadlineExceeded
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.jobs import Job
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.merchants.models import Merchant
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.models import PaymentAccount
from callwaiting.features.reconciliation.models import MoneyRun
from callwaiting.features.reconciliation.money import compare_money, last_run
from callwaiting.features.reconciliation.telephony import compare_telephony
from callwaiting.features.webhooks.inbox import Inbox
from callwaiting.features.webhooks.models import ReconcileRun
from callwaiting.features.webhooks.reconcile import SETTLING, due_sources, due_telephony, keep_run, reconcile
from callwaiting.features.webhooks.source_cache import read_source
from callwaiting.features.webhooks.sources import Source
from callwaiting.providers.ports import ANY_CONNECTED_ACCOUNT
from tasks.base import job

ALL = ("stripe", "paypal", "twilio")
# Money is compared nightly. The job comes each hour, so that what one run's time did not suffice for comes soon.
MONEY_EVERY = timedelta(hours=20)
# Lines of a provider's books may be written after the fact that they are about.
MONEY_OVERLAP = timedelta(hours=6)
CAUGHT_UP = timedelta(minutes=30)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Report:
    """How one comparison came out. `differing`: what did not reach us by itself, and what is still found to differ.
    `source`: the public id of the source whose events were compared."""

    what: str
    provider: str
    listed: int = 0
    differing: int = 0
    merchant: UUID | None = None
    error: str | None = None
    source: str | None = None


Tell = Callable[[Report], None]


@job(Job.RECONCILE)
def reconcile_sources(runtime: Runtime) -> None:
    """Compare every source whose provider lists events. One that fails does not keep the others from it; those that
    the job's time does not suffice for come first in the next one."""
    compare_events(runtime)


@job(Job.RECONCILE_TELEPHONY)
def reconcile_calls_and_texts(runtime: Runtime) -> None:
    """Compare Twilio's calls and texts, from the last good comparison on, with an hour's overlap."""
    compare_calls_and_texts(runtime)


@job(Job.RECONCILE_MONEY)
def reconcile_money(runtime: Runtime) -> None:
    """Compare the money of each merchant whose last comparison is a night old. One that fails does not keep the
    others; they come in no fixed order, so that none is always last."""
    compare_all_money(runtime)


def compare_events(
    runtime: Runtime, *, since: datetime | None = None, only: Collection[str] = ALL, tell: Tell | None = None
) -> None:
    """Store the events that we lack, of every source or of some providers' only."""
    inbox = Inbox(
        runtime.database.url(DatabaseRole.WEBHOOK),
        after_commit=lambda: runtime.doorbell.ring(Job.DRAIN_EVENTS),
        body_changed=lambda *_: None,  # a list's bytes are never compared with a delivery's
    )
    with closing(inbox):
        for due in due_sources(runtime.database, runtime.providers, _longest(runtime)):
            if due.provider not in only:
                continue
            try:
                source = read_source(runtime.database, DatabaseRole.WORKER, due.public_id)
                accounts = (
                    connected_accounts(runtime, source) if source.account == ANY_CONNECTED_ACCOUNT else [source.account]
                )
                until = clock.now() - SETTLING
                found = reconcile(
                    runtime.database, runtime.providers, inbox, source, accounts, since or due.since, until
                )
                _say(tell, Report("events", due.provider, found.listed, found.missing, source=due.public_id))
            except DeadlineExceeded:
                raise
            except CallwaitingError as error:
                log.warning("webhooks.reconcile_failed", provider=due.provider, reason=error.reason)
                _say(tell, Report("events", due.provider, error=error.reason, source=due.public_id))


def compare_calls_and_texts(runtime: Runtime, *, since: datetime | None = None, tell: Tell | None = None) -> None:
    """Compare what the platform's Twilio account lists; the run is kept, with its error if it fails."""
    account = runtime.settings.twilio_account_sid
    due = due_telephony(runtime.database, account, _longest(runtime)) if account else None
    if due is None:
        return
    began, until = clock.now(), clock.now() - SETTLING
    run = ReconcileRun(
        source_id=due.source_id, what="telephony", window_start=since or due.since, window_end=until, started_at=began
    )
    try:
        heard = compare_telephony(runtime.database, runtime.providers.telephony, run.window_start, until)
        run.listed, run.missing = heard.listed, heard.repaired + heard.new
        _say(tell, Report("calls and texts", "twilio", run.listed, run.missing))
    except CallwaitingError as error:
        run.error = error.reason
        log.warning("reconciliation.telephony_failed", reason=error.reason)
        _say(tell, Report("calls and texts", "twilio", error=error.reason))
        if isinstance(error, DeadlineExceeded):
            raise
    finally:
        run.ended_at = clock.now()
        keep_run(runtime.database, run)


def compare_all_money(
    runtime: Runtime, *, since: datetime | None = None, only: Collection[str] = ALL, tell: Tell | None = None
) -> None:
    """Compare the money of every merchant whose turn it is; with `since`, of all."""
    merchants = list(_merchants(runtime))
    random.shuffle(merchants)
    for merchant_id in merchants:
        scope = MerchantScope(merchant_id)
        with runtime.database.unit_of_work(scope) as session:
            accounts = [(account, last_run(session, account.provider)) for account in payments.accounts_of(session)]
        for account, last in accounts:
            if account.provider not in only or account.provider not in runtime.providers.configured:
                continue
            begin = since or _due_since(last, clock.now() - _longest(runtime))
            if begin is None:
                continue
            try:
                found = compare_money(
                    runtime.database, runtime.providers, scope, account, begin, clock.now() - SETTLING
                )
                _say(tell, Report("money", account.provider, found.listed, found.open, merchant_id))
            except DeadlineExceeded:
                raise
            except CallwaitingError as error:
                log.warning("reconciliation.money_failed", provider=account.provider, reason=error.reason)
                _say(tell, Report("money", account.provider, merchant=merchant_id, error=error.reason))


def _due_since(last: MoneyRun | None, earliest: datetime) -> datetime | None:
    """From when on money is to be compared; None when it was lately. A run that did not come to its end is gone on
    with at once, and without an overlap, or it would never get further."""
    if last is None:
        return earliest
    if last.ended_at - last.window_end > CAUGHT_UP:
        return last.window_end
    return last.window_end - MONEY_OVERLAP if last.ended_at < clock.now() - MONEY_EVERY else None


def connected_accounts(runtime: Runtime, source: Source) -> Sequence[str]:
    """The accounts of all merchants that a Connect endpoint hears of. No role sees them together."""
    query = select(PaymentAccount.account).where(
        PaymentAccount.provider == source.provider, PaymentAccount.mode == source.mode, PaymentAccount.account != ""
    )
    accounts: list[str] = []
    for merchant_id in _merchants(runtime):
        with runtime.database.unit_of_work(MerchantScope(merchant_id)) as session:
            accounts += session.scalars(query)
    return accounts


def _merchants(runtime: Runtime) -> Sequence[UUID]:
    with runtime.database.unit_of_work(SystemScope("reconciliation"), DatabaseRole.SERVICE) as session:
        return session.scalars(select(Merchant.id).order_by(Merchant.id)).all()


def _longest(runtime: Runtime) -> timedelta:
    return timedelta(hours=runtime.settings.reconcile_hours)


def _say(tell: Tell | None, report: Report) -> None:
    if tell is not None:
        tell(report)
