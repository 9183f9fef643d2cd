"""An incoming text: kept once, and STOP, START and HELP honoured in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import events, phone
from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.callers import service as callers
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.service import Declaration
from callwaiting.features.keys import service as keys
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import preferences, thread_state, twiml, wordings
from callwaiting.features.messages.events import TextReceived
from callwaiting.features.messages.models import Message
from callwaiting.features.messages.segments import segments_of

CONFIRMATIONS: dict[Declaration, str] = {"stop": "stop_confirmed", "start": "start_confirmed", "help": "help"}
MAX_MEDIA = 10  # twilio.com/docs/messaging/guides/webhook-request: NumMedia


@dataclass(frozen=True, slots=True)
class IncomingText:
    """`sender` as the carrier gives it; `opt_out_type` is Twilio's, set when Twilio has already answered a keyword.
    `media` counts the pictures of an MMS, which may come without words."""

    provider_id: str
    sender: str
    body: str
    opt_out_type: str = ""
    media: int = 0


def receive(session: Session, phone_number_id: UUID, incoming: IncomingText) -> bytes:
    """Keep the text and return the TwiML that answers it. The same text again gets the same bytes and does nothing."""
    profile = merchants.profile(session)
    caller_id = callers.remember(session, phone.caller_number(incoming.sender, profile.region) or incoming.sender[:64])
    message_id = new_id()
    encoding, segments = segments_of(incoming.body)
    made: UUID | None = session.scalar(
        insert(Message)
        .values(
            merchant_id=merchant_of(session),
            id=message_id,
            caller_id=caller_id,
            phone_number_id=phone_number_id,
            direction="in",
            kind="incoming",
            message_key=f"in:{incoming.provider_id}",
            body_sealed=keys.seal(session, Place("messages", "body", message_id), incoming.body),
            status="received",
            provider_id=incoming.provider_id,
            encoding=encoding,
            segments=segments,
            media=incoming.media,
        )
        .on_conflict_do_nothing(index_elements=["merchant_id", "message_key"])  # waits for a twin to commit
        .returning(Message.id)
    )
    if made is None:
        return _reply_given(session, incoming.provider_id)
    thread_state.mark_reachable(session, caller_id)
    declared, answer = _honour(session, caller_id, made, incoming)
    row = session.scalars(select(Message).where(Message.id == made)).one()
    row.reply_twiml_sealed = keys.seal(session, _reply_place(made), answer)
    audit.record(session, "message.received", subject=f"message:{made}", details={"declared": declared})
    if declared is None:
        free = thread_state.state(session, caller_id).handled_by == "assistant"
        events.publish(session, TextReceived(made, caller_id, phone_number_id, incoming.body, free))
    return answer


def media_count(num_media: str) -> int:
    """What Twilio's NumMedia says; 0 for nonsense."""
    return min(int(num_media), MAX_MEDIA) if num_media.isascii() and num_media.isdigit() else 0


def _honour(
    session: Session, caller_id: UUID, message_id: UUID, incoming: IncomingText
) -> tuple[Declaration | None, bytes]:
    """What the text declares, recorded, and the one confirmation of it: ours, unless Twilio gives it."""
    source = f"message:{message_id}"
    declared = consents.declaration_in(incoming.body)
    to_confirm = consents.honour(session, caller_id, incoming.body, origin="sms", source=source)
    # Twilio's word for it counts where ours sees nothing in the text: its list of keywords can be changed.
    if declared is None and incoming.opt_out_type == "STOP":
        consents.record_revocation_once(session, caller_id, origin="provider", evidence=incoming.body, source=source)
        return "stop", twiml.EMPTY
    if declared == "start" and to_confirm is None:
        return None, twiml.EMPTY  # the YES of somebody who never stopped us answers something else
    if to_confirm is None or incoming.opt_out_type or preferences.twilio_confirms(session, incoming.body):
        return declared, twiml.EMPTY
    return declared, twiml.reply(wordings.compose(session, CONFIRMATIONS[to_confirm], {}).body)


def _reply_given(session: Session, provider_id: str) -> bytes:
    row = session.scalars(select(Message).where(Message.message_key == f"in:{provider_id}")).one()
    return keys.unseal(session, _reply_place(row.id), row.reply_twiml_sealed or b"")


def _reply_place(message_id: UUID) -> Place:
    return Place("messages", "reply_twiml", message_id)
