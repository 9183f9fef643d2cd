"""Sending a planned text: the four steps of the effect `twilio.message`, and the notices that follow it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.settings import Settings
from callwaiting.core.statements import Statement
from callwaiting.features.audit import service as audit
from callwaiting.features.callers import service as callers
from callwaiting.features.keys import service as keys
from callwaiting.features.messages import failures, gate, waiting
from callwaiting.features.messages.errors import NoTwilioSource
from callwaiting.features.messages.fates import FAILED
from callwaiting.features.messages.gate import Withheld
from callwaiting.features.messages.models import Message
from callwaiting.features.messages.transitions import EARLIER, NEXT
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.webhooks.service import NotYet
from callwaiting.providers.ports import OutgoingMessage, ProviderRejected, SentMessage
from callwaiting.providers.registry import Providers

CLOCK_MARGIN = timedelta(seconds=30)  # Twilio dates a text by its own clock
NOTICED = Statement("""
update app.messages set status = %(status)s, error_code = coalesce(%(error_code)s, error_code)
where provider_id = %(provider_id)s and direction = 'out' and status = any(%(earlier)s::text[])
returning id
""")
PRESENT = Statement("select status from app.messages where provider_id = %(provider_id)s and direction = 'out'")


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A text about to go out, or the reason why it must not: since it was planned, things may have changed."""

    message: OutgoingMessage
    planned_at: datetime
    withheld: Withheld | None


def load(session: Session, message_id: UUID) -> Dispatch | None:
    """What to send; None when its fate is already known. Raises NoTwilioSource."""
    row = session.scalars(select(Message).where(Message.id == message_id)).one()
    if row.status != "planned":
        return None
    message = OutgoingMessage(
        sender=phone_numbers.number_of(session, row.phone_number_id),
        recipient=callers.phone_of(session, row.caller_id),
        body=keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode(),
        status_callback=status_callback(session),
    )
    return Dispatch(message, row.created_at, gate.withheld_now(session, row))


def status_callback(session: Session) -> str:
    """Where Twilio tells what became of a text or a call of ours. Raises NoTwilioSource."""
    settings: Settings = session.info["settings"]
    found: str | None = session.scalar(
        text("select auth.twilio_source_url(:account)"), {"account": settings.twilio_account_sid}
    )
    if found is None:
        raise NoTwilioSource
    return found


def call(providers: Providers, dispatch: Dispatch, unclear: bool) -> SentMessage | Withheld:
    """Send it once, unless it is withheld. After an unclear end it is looked up first."""
    if unclear:
        found = providers.telephony.find_message(dispatch.message, dispatch.planned_at - CLOCK_MARGIN)
        if found is not None:
            return found
    return dispatch.withheld or providers.telephony.send_message(dispatch.message)


def record(session: Session, message_id: UUID, sent: SentMessage | Withheld) -> None:
    """Keep Twilio's id of the text, or that it was held back, for good or until a time."""
    row = session.scalars(select(Message).where(Message.id == message_id).with_for_update()).one()
    if isinstance(sent, Withheld):
        if sent.until is not None:
            waiting.wait(session, row, sent.until)
        else:
            _suppress(session, row, sent.reason)
    elif session.scalar(select(Message.id).where(Message.provider_id == sent.provider_id, Message.id != row.id)):
        # The look-up met the twin of this text, sent moments before to the same person: that one is enough.
        _suppress(session, row, "the same text was sent already")
    else:
        row.provider_id, row.sent_at = sent.provider_id, sent.sent_at or clock.now()
        _move(session, row, sent.status if sent.status in NEXT["planned"] else "accepted")


def reject(session: Session, message_id: UUID, error: ProviderRejected) -> None:
    """Keep that Twilio will never send it, and do what its code calls for."""
    row = session.scalars(select(Message).where(Message.id == message_id).with_for_update()).one()
    row.error_code = error.provider_code or None
    _move(session, row, "failed", reason=error.provider_code)
    failures.take(session, row, error.provider_code)


def apply_status(
    session: Session, provider_id: str, status: str, error_code: str = ""
) -> Literal["moved", "stale", "unknown_status"]:
    """Take a notice about an outgoing text. `stale` is a repeat or one that was overtaken.

    Raises NotYet when no text has this id: the notice may be faster than our own record of the sending.
    """
    why = error_code if status in FAILED else ""
    moved = NOTICED(
        session, provider_id=provider_id, status=status, error_code=why or None, earlier=EARLIER.get(status, [])
    ).one_or_none()
    if moved is None:
        present = PRESENT(session, provider_id=provider_id).scalar()
        if present is None or status in NEXT[present]:  # in the second case it was recorded this very moment
            raise NotYet("no text has this MessageSid")
        return "stale" if status in NEXT else "unknown_status"
    audit.record(session, f"message.{status}", subject=f"message:{moved.id}", reason=why)
    if status in FAILED:
        failures.take(session, session.scalars(select(Message).where(Message.id == moved.id)).one(), why)
    return "moved"


def _suppress(session: Session, row: Message, reason: str) -> None:
    row.reason = reason
    _move(session, row, "suppressed", reason=reason)


def _move(session: Session, row: Message, status: str, *, reason: str = "") -> None:
    row.status = status
    session.flush()
    audit.record(session, f"message.{status}", subject=f"message:{row.id}", reason=reason)
