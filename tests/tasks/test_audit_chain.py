from __future__ import annotations

from callwaiting.core.db import DatabaseRole
from callwaiting.core.jobs import Job
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.audit import service as audit
from callwaiting.features.audit.verify import verify
from tasks.audit import chain_audit
from tasks.base import perform


def test_job_chains_all_batches(worker: Runtime, merchant: MerchantScope) -> None:
    with worker.database.unit_of_work(merchant) as session:
        for _ in range(1100):
            audit.record(session, "order.paid")

    perform(Job.CHAIN_AUDIT, chain_audit, worker)

    with worker.database.unit_of_work(SystemScope("verify"), DatabaseRole.AUDIT) as session:
        assert verify(session).links == 1101
