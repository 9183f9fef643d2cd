"""Asking about payments that were approved and are neither taken nor refused."""

from __future__ import annotations

import time

import structlog

from callwaiting.core import deadline
from callwaiting.core.db import DatabaseRole
from callwaiting.core.jobs import Job
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.payments import service
from tasks.base import job

BUDGET_SECONDS = 10.0
log = structlog.get_logger()


@job(Job.ASK_ABOUT_PAYMENTS)
def ask_about_payments(runtime: Runtime) -> None:
    """Plan each due question in a transaction of its merchant; one that fails does not keep the others. What is left
    after ten seconds waits for the next run.
    """
    end = time.monotonic() + deadline.remaining(BUDGET_SECONDS)
    with runtime.database.unit_of_work(SystemScope("payments to ask about"), DatabaseRole.SERVICE) as session:
        due = service.due_questions(session)
    for question in due:
        if time.monotonic() > end:
            return
        try:
            with runtime.database.unit_of_work(MerchantScope(question.merchant_id)) as session:
                service.ask_due(session, question.checkout_id)
        except Exception as error:  # it is still due, so the next run tries again
            checkout = str(question.checkout_id)
            log.error("payments.ask_failed", checkout=checkout, error=type(error).__name__, exc_info=error)
