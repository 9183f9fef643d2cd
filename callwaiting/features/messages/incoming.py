"""An incoming text: kept once, and STOP, START and HELP honoured in the same transaction."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import phone
from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.callers import service as callers
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.service import Declaration
from callwaiting.features.keys import service as keys
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import twiml
from callwaiting.features.messages.models import Message

CONFIRMATIONS: dict[Declaration, str] = {
    "stop": "{name}: you will get no more texts from us. Reply START if you change your mind.",
    "start": "{name}: you will get our texts again. Reply HELP for help, STOP to stop.",
    "help": "{name}: we text you about your calls and orders. Call this number for help. Reply STOP to stop."
    " Msg & data rates may apply.",
}


@dataclass(frozen=True, slots=True)
class IncomingText:
    """`sender` as the carrier gives it; `opt_out_type` is Twilio's, set when Twilio has already answered a keyword."""

    provider_id: str
    sender: str
    body: str
    opt_out_type: str = ""


def receive(session: Session, phone_number_id: UUID, incoming: IncomingText) -> bytes:
    """Keep the text and return the TwiML that answers it. The same text again gets the same bytes and does nothing."""
    profile = merchants.profile(session)
    caller_id = callers.remember(session, phone.caller_number(incoming.sender, profile.region) or incoming.sender[:64])
    message_id = new_id()
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
        )
        .on_conflict_do_nothing(index_elements=["merchant_id", "message_key"])  # waits for a twin to commit
        .returning(Message.id)
    )
    if made is None:
        return _reply_given(session, incoming.provider_id)
    declared = consents.honour(session, caller_id, incoming.body, origin="sms")
    # Twilio's word for it counts where ours sees nothing in the text: its list of keywords can be changed.
    if declared is None and incoming.opt_out_type == "STOP":
        consents.record_revocation_once(session, caller_id, origin="provider", evidence=incoming.body)
    answer = twiml.EMPTY
    if declared is not None and not incoming.opt_out_type:
        answer = twiml.reply(CONFIRMATIONS[declared].format(name=profile.name))
    row = session.scalars(select(Message).where(Message.id == made)).one()
    row.reply_twiml_sealed = keys.seal(session, _reply_place(made), answer)
    audit.record(session, "message.received", subject=f"message:{made}", details={"declared": declared})
    return answer


def _reply_given(session: Session, provider_id: str) -> bytes:
    row = session.scalars(select(Message).where(Message.message_key == f"in:{provider_id}")).one()
    return keys.unseal(session, _reply_place(row.id), row.reply_twiml_sealed or b"")


def _reply_place(message_id: UUID) -> Place:
    return Place("messages", "reply_twiml", message_id)
