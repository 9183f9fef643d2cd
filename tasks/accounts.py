"""What sign-ins leave behind."""

from __future__ import annotations

from callwaiting.core.jobs import Job
from callwaiting.factory import Runtime
from callwaiting.features.accounts import throttle
from callwaiting.features.accounts.service import forget_old_sign_ins
from tasks.base import job


@job(Job.FORGET_SIGN_INS)
def forget_sign_ins(runtime: Runtime) -> None:
    """Delete sessions and tokens that are over, and counts of failures whose window is."""
    forget_old_sign_ins(runtime.database)
    throttle.forget_old_failures(runtime.database)
