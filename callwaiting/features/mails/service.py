"""Planning a mail, in the transaction that it is about: it leaves if and only if that commits."""

from __future__ import annotations

from uuid import UUID

import orjson
from sqlalchemy import insert
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id
from callwaiting.core.jobs import Job, ring
from callwaiting.core.request_context import current_request_id
from callwaiting.features.keys import service as keys
from callwaiting.features.mails.models import Mail
from callwaiting.providers.ports import CalendarPart


def plan_mail(
    session: Session, kind: str, *, recipient: str, subject: str, text: str, calendar: CalendarPart | None = None
) -> None:
    """Have a mail sent. `kind` names it for logs and metrics (`accounts.verify_email`); nothing else of it is
    readable in the database. With a `calendar` it carries an entry for the recipient's."""
    mail_id = new_id()
    content = orjson.dumps({"recipient": recipient, "subject": subject, "text": text, "calendar": calendar})
    session.execute(
        insert(Mail).values(
            id=mail_id,
            kind=kind,
            content_sealed=keys.seal_for_platform(session, place_of(mail_id), content),
            request_id=current_request_id(),
        )
    )
    ring(session, Job.SEND_MAILS)


def place_of(mail_id: UUID) -> Place:
    return Place("mails", "content_sealed", mail_id)
