"""The login roles of the running system, and which process has which.

Without SQLAlchemy, so that a process that is configured wrongly says so before it has loaded anything large.
"""

from __future__ import annotations

from enum import StrEnum


class DatabaseRole(StrEnum):
    """Each process gets the URLs of its own roles only."""

    WEB = "web"
    WEBHOOK = "webhook"
    WORKER = "worker"
    SERVICE = "service"
    AUDIT = "audit"


WEB_ROLES = (DatabaseRole.WEB, DatabaseRole.WEBHOOK)
WORKER_ROLES = (DatabaseRole.WORKER, DatabaseRole.SERVICE, DatabaseRole.AUDIT, DatabaseRole.WEBHOOK)
