"""What every text passes when it is planned, and once more just before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock, events
from callwaiting.core.statements import Statement
from callwaiting.features.callers import service as callers
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.errors import ConsentRevoked
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages.errors import NoLongerTrue, Unreachable
from callwaiting.features.messages.events import TextDue
from callwaiting.features.messages.models import Message
from callwaiting.features.messages.quiet_hours import sendable_at

UNREACHABLE = Statement("""
select unreachable_code from app.message_threads where caller_id = %(caller_id)s and unreachable_code is not null
""")
AGAIN = "again:"  # before the id of the text that is tried once more
REPLACED_BY_A_LATER = "booking_"  # a text of these kinds says all that a former one about the same booking said


@dataclass(frozen=True, slots=True)
class Withheld:
    """A text that is not sent, and why; with `until` it is to be sent then."""

    reason: str
    until: datetime | None = None


def require_textable(session: Session, caller_id: UUID) -> None:
    """Raise ConsentRevoked when the caller wants no texts, Unreachable when none can arrive."""
    consents.require_consent(session, caller_id)
    if UNREACHABLE(session, caller_id=caller_id).scalar() is not None:
        raise Unreachable(message="This number takes no texts.")


def withheld(session: Session, caller_id: UUID) -> Withheld | None:
    """The reason for which the caller may not be texted at all."""
    try:
        require_textable(session, caller_id)
    except ConsentRevoked:
        return Withheld("consent revoked")
    except Unreachable:
        return Withheld("the number takes no texts")
    return None


def quiet_until(session: Session, caller_id: UUID) -> datetime | None:
    """The end of the quiet hours where the caller is; None outside of them."""
    now = clock.now()
    at = sendable_at(now, callers.phone_of(session, caller_id), merchants.profile(session).timezone)
    return at if at > now else None


def withheld_now(session: Session, row: Message) -> Withheld | None:
    """Why a planned text is not sent at this moment: consent, a number without texts, a text that is no longer true,
    quiet hours."""
    if reason := withheld(session, row.caller_id):
        return reason
    try:
        events.publish(session, TextDue(row.kind, row.subject_id, _key_of(session, row)))
    except NoLongerTrue:
        return Withheld("no longer true")
    if row.kind.startswith(REPLACED_BY_A_LATER) and session.scalar(
        select(Message.id)
        .where(
            Message.subject_id == row.subject_id,
            Message.id > row.id,
            Message.kind.startswith(REPLACED_BY_A_LATER, autoescape=True),
        )
        .limit(1)
    ):
        return Withheld("overtaken by a later text")
    if not row.answers_live_call and (until := quiet_until(session, row.caller_id)):
        return Withheld("quiet hours", until)
    return None


def _key_of(session: Session, row: Message) -> str:
    """The key of the text, or of the one that it tries once more: what it says is as true as that was."""
    key = row.message_key
    if key.startswith(AGAIN):
        key = session.scalar(select(Message.message_key).where(Message.id == UUID(key.removeprefix(AGAIN)))) or key
    return key
