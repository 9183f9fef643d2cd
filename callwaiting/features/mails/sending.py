"""Sending what was planned: claim and commit, hand over, record.

A worker that dies between handing over and recording sends the mail again; its Message-ID is the same.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

import orjson
import structlog
from sqlalchemy import text
from sqlalchemy.orm import Session

from callwaiting.core import metrics
from callwaiting.core.db import Database
from callwaiting.core.ids import new_id
from callwaiting.core.request_context import request_id
from callwaiting.core.retry import delay_s, describe
from callwaiting.core.tenancy import SystemScope
from callwaiting.features.alerts.service import raise_alert
from callwaiting.features.keys import service as keys
from callwaiting.features.mails.service import place_of
from callwaiting.providers.ports import CalendarPart, Mail, MailMessage, ProviderRejected

BUDGET_SECONDS = 5.0
LEASE_SECONDS = 60  # above the longest conversation with a mail server
SCOPE = SystemScope("send mail", actor="system")
log = structlog.get_logger()

CLAIM = text("""
update app.mails set attempts = attempts + 1, lease_token = :token,
    next_at = clock_timestamp() + make_interval(secs => :lease)
where id = (select id from app.mails where state = 'planned' and next_at <= now()
            order by next_at limit 1 for update skip locked)
returning id, kind, content_sealed, attempts, request_id
""")
DONE = text("""
update app.mails set state = :state, error = :error, content_sealed = null, done_at = clock_timestamp()
where id = :id and lease_token = :token
""")
AGAIN = text("""
update app.mails set error = :error, next_at = clock_timestamp() + make_interval(secs => :delay)
where id = :id and lease_token = :token
""")
DUE = text("select exists (select from app.mails where state = 'planned' and next_at <= now())")


@dataclass(frozen=True, slots=True)
class Claim:
    id: UUID
    token: UUID
    kind: str
    message: MailMessage
    attempts: int
    request_id: str


def any_due(session: Session) -> bool:
    """Whether there is a mail to send. The session is a system one of the service role."""
    return bool(session.scalar(DUE))


def send_due(database: Database, mail: Mail, *, budget_s: float = BUDGET_SECONDS) -> bool:
    """Send until nothing is due; False then. True when the time ran out first."""
    end = time.monotonic() + budget_s
    while time.monotonic() < end:
        with database.unit_of_work(SCOPE) as session:
            claim = _take(session)
        if claim is None:
            return False
        with request_id(claim.request_id):
            outcome = _send(database, mail, claim)
        metrics.EFFECTS.labels("mail.send", outcome).inc()
    return True


def _take(session: Session) -> Claim | None:
    token = new_id()
    row = session.execute(CLAIM, {"token": token, "lease": LEASE_SECONDS}).one_or_none()
    if row is None:
        return None
    content = orjson.loads(keys.unseal_for_platform(session, place_of(row.id), bytes(row.content_sealed)))
    part = content.pop("calendar", None)  # one that was planned by a former release has none
    message = MailMessage(
        message_id=f"<{row.id.hex}@callwaiting>", calendar=CalendarPart(**part) if part else None, **content
    )
    return Claim(row.id, token, row.kind, message, row.attempts, row.request_id)


def _send(database: Database, mail: Mail, claim: Claim) -> str:
    try:
        mail.send(claim.message)
    except ProviderRejected as error:
        _settle(database, claim, "refused", describe(error))
        return "failed"
    except Exception as error:  # every kind of failure has its class, see core.retry
        log.warning("mail.failed", mail_id=claim.id, kind=claim.kind, error=describe(error))
        delay = delay_s(error, claim.attempts)
        if delay is not None:
            with database.unit_of_work(SCOPE) as session:
                note = {"id": claim.id, "token": claim.token, "error": describe(error), "delay": delay}
                session.execute(AGAIN, note)
            return "retry"
        _settle(database, claim, "dead", describe(error))
        return "dead"
    _settle(database, claim, "sent", None)
    return "done"


def _settle(database: Database, claim: Claim, state: str, error: str | None) -> None:
    with database.unit_of_work(SCOPE) as session:
        session.execute(DONE, {"id": claim.id, "token": claim.token, "state": state, "error": error})
        if state == "dead":
            raise_alert(
                session,
                "mails.dead",
                subject=f"kind:{claim.kind}",
                severity="high",
                summary="A mail could not be sent. Is the mail server right?",
                details={"mail": str(claim.id), "error": error},
            )
