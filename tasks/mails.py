"""Sending mail."""

from __future__ import annotations

from callwaiting.core.jobs import Job
from callwaiting.factory import Runtime
from callwaiting.features.mails import sending
from tasks.base import job


@job(Job.SEND_MAILS)
def send_mails(runtime: Runtime) -> None:
    """Send until nothing is due; when the time is up first, ring for the next."""
    if sending.send_due(runtime.database, runtime.providers.mail):
        runtime.doorbell.ring(Job.SEND_MAILS)
