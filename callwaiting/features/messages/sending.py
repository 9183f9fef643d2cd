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
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.errors import ConsentRevoked
from callwaiting.features.keys import service as keys
from callwaiting.features.messages.errors import NoTwilioSource
from callwaiting.features.messages.models import Message
from callwaiting.features.messages.transitions import EARLIER, NEXT
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.webhooks.service import NotYet
from callwaiting.providers.ports import OutgoingMessage, ProviderRejected, SentMessage
from callwaiting.providers.registry import Providers

OPTED_OUT = "21610"  # twilio.com/docs/api/errors/21610: the recipient has told Twilio to stop
FAILED = frozenset({"failed", "undelivered"})
CLOCK_MARGIN = timedelta(seconds=30)  # Twilio dates a text by its own clock
NOTICED = Statement("""
update app.messages set status = %(status)s, error_code = coalesce(%(error_code)s, error_code)
where provider_id = %(provider_id)s and direction = 'out' and status = any(%(earlier)s::text[])
returning id, caller_id
""")
PRESENT = Statement("select status from app.messages where provider_id = %(provider_id)s and direction = 'out'")


@dataclass(frozen=True, slots=True)
class Dispatch:
    """A text about to go out. When it is not `allowed`, the caller has revoked consent since it was planned."""

    message: OutgoingMessage
    planned_at: datetime
    allowed: bool


def load(session: Session, message_id: UUID) -> Dispatch | None:
    """What to send; None when its fate is already known. Raises NoTwilioSource."""
    row = session.scalars(select(Message).where(Message.id == message_id)).one()
    if row.status != "planned":
        return None
    settings: Settings = session.info["settings"]
    callback = session.scalar(text("select auth.twilio_source_url(:account)"), {"account": settings.twilio_account_sid})
    if callback is None:
        raise NoTwilioSource
    try:
        consents.require_consent(session, row.caller_id)
        allowed = True
    except ConsentRevoked:
        allowed = False
    message = OutgoingMessage(
        sender=phone_numbers.number_of(session, row.phone_number_id),
        recipient=callers.phone_of(session, row.caller_id),
        body=keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode(),
        status_callback=callback,
    )
    return Dispatch(message, row.created_at, allowed)


def call(providers: Providers, dispatch: Dispatch, unclear: bool) -> SentMessage | None:
    """Send it once; None when it was not sent because consent is gone. After an unclear end it is looked up first."""
    if unclear:
        found = providers.telephony.find_message(dispatch.message, dispatch.planned_at - CLOCK_MARGIN)
        if found is not None:
            return found
    return providers.telephony.send_message(dispatch.message) if dispatch.allowed else None


def record(session: Session, message_id: UUID, sent: SentMessage | None) -> None:
    """Keep Twilio's id of the text, or that it was held back."""
    row = session.scalars(select(Message).where(Message.id == message_id).with_for_update()).one()
    if sent is None:
        _move(session, row, "suppressed", reason="consent revoked")
    elif session.scalar(select(Message.id).where(Message.provider_id == sent.provider_id, Message.id != row.id)):
        # The look-up met the twin of this text, sent moments before to the same person: that one is enough.
        _move(session, row, "suppressed", reason="the same text was sent already")
    else:
        row.provider_id, row.sent_at = sent.provider_id, sent.sent_at or clock.now()
        _move(session, row, sent.status if sent.status in NEXT["planned"] else "accepted")


def reject(session: Session, message_id: UUID, error: ProviderRejected) -> None:
    """Keep that Twilio will never send it. 21610 is a declaration of the recipient and goes into the ledger."""
    row = session.scalars(select(Message).where(Message.id == message_id).with_for_update()).one()
    if error.provider_code == OPTED_OUT:
        consents.record_revocation_once(session, row.caller_id, origin="provider", evidence=error.provider_code)
    row.error_code = error.provider_code or None
    _move(session, row, "failed", reason=error.provider_code)


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
    if why == OPTED_OUT:
        consents.record_revocation_once(session, moved.caller_id, origin="provider", evidence=why)
    audit.record(session, f"message.{status}", subject=f"message:{moved.id}", reason=why)
    return "moved"


def _move(session: Session, row: Message, status: str, *, reason: str = "") -> None:
    row.status = status
    session.flush()
    audit.record(session, f"message.{status}", subject=f"message:{row.id}", reason=reason)
