"""Expiring orders that nobody paid."""

from __future__ import annotations

import time

import structlog

from callwaiting.core import deadline
from callwaiting.core.db import DatabaseRole
from callwaiting.core.jobs import Job
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.orders import service
from tasks.base import job

BUDGET_SECONDS = 10.0
log = structlog.get_logger()


@job(Job.EXPIRE_ORDERS)
def expire_orders(runtime: Runtime) -> None:
    """Expire each due order in a transaction of its merchant; one that fails does not keep the others.
    What is left after ten seconds waits for the next run.
    """
    end = time.monotonic() + deadline.remaining(BUDGET_SECONDS)
    with runtime.database.unit_of_work(SystemScope("orders whose time is up"), DatabaseRole.SERVICE) as session:
        due = service.due_orders(session)
    for order in due:
        if time.monotonic() > end:
            return
        try:
            with runtime.database.unit_of_work(MerchantScope(order.merchant_id)) as session:
                service.expire(session, order.order_id)
        except Exception as error:  # it is still due, so the next run tries again
            log.error("orders.expire_failed", order=str(order.order_id), error=type(error).__name__, exc_info=error)
