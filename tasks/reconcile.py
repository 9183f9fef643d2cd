"""Comparing the providers' lists of events with ours."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta

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
from callwaiting.features.payments.models import PaymentAccount
from callwaiting.features.webhooks.inbox import Inbox
from callwaiting.features.webhooks.reconcile import SETTLING, due_sources, reconcile
from callwaiting.features.webhooks.source_cache import read_source
from callwaiting.features.webhooks.sources import Source
from callwaiting.providers.ports import ANY_CONNECTED_ACCOUNT
from tasks.base import job

log = structlog.get_logger()


@job(Job.RECONCILE)
def reconcile_sources(runtime: Runtime) -> None:
    """Compare every source whose provider lists events. One that fails does not keep the others from it; those that
    the job's time does not suffice for come first in the next one."""
    longest = timedelta(hours=runtime.settings.reconcile_hours)
    inbox = Inbox(
        runtime.database.url(DatabaseRole.WEBHOOK),
        after_commit=lambda: runtime.doorbell.ring(Job.DRAIN_EVENTS),
        body_changed=lambda *_: None,  # a list's bytes are never compared with a delivery's
    )
    with closing(inbox):
        for due in due_sources(runtime.database, runtime.providers, longest):
            try:
                source = read_source(runtime.database, DatabaseRole.WORKER, due.public_id)
                accounts = (
                    connected_accounts(runtime, source) if source.account == ANY_CONNECTED_ACCOUNT else [source.account]
                )
                until = clock.now() - SETTLING
                reconcile(runtime.database, runtime.providers, inbox, source, accounts, due.since, until)
            except DeadlineExceeded:
                raise
            except CallwaitingError as error:
                log.warning("webhooks.reconcile_failed", provider=due.provider, reason=error.reason)


def connected_accounts(runtime: Runtime, source: Source) -> Sequence[str]:
    """The accounts of all merchants that a Connect endpoint hears of. No role sees them together."""
    with runtime.database.unit_of_work(SystemScope("reconciliation"), DatabaseRole.SERVICE) as session:
        merchants = session.scalars(select(Merchant.id).order_by(Merchant.id)).all()
    query = select(PaymentAccount.account).where(
        PaymentAccount.provider == source.provider, PaymentAccount.mode == source.mode, PaymentAccount.account != ""
    )
    accounts: list[str] = []
    for merchant_id in merchants:
        with runtime.database.unit_of_work(MerchantScope(merchant_id)) as session:
            accounts += session.scalars(query)
    return accounts
