"""Text messages of a merchant. Sending, statuses and incoming texts are in the modules beside this one."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.ids import new_id
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.callers import service as callers
from callwaiting.features.callers.errors import CallerNotFound
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.errors import ConsentRevoked
from callwaiting.features.keys import service as keys
from callwaiting.features.messages.figures import TextFigures, per_day
from callwaiting.features.messages.models import Message
from callwaiting.features.outbox import service as outbox
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.phone_numbers.errors import NumberNotFound

__all__ = ["EFFECT", "TextFigures", "per_day", "plan_message", "write_by_hand"]

EFFECT = "twilio.message"
PLAN = Statement("""
insert into app.messages (merchant_id, id, caller_id, phone_number_id, direction, kind, message_key, body_sealed,
    status, answers_live_call)
values (%(merchant_id)s, %(id)s, %(caller_id)s, %(phone_number_id)s, 'out', %(kind)s, %(message_key)s, %(body_sealed)s,
    %(status)s, %(answers_live_call)s)
on conflict (merchant_id, message_key) do nothing returning id
""")


def plan_message(
    session: Session,
    *,
    caller_id: UUID,
    phone_number_id: UUID,
    kind: str,
    message_key: str,
    body: str,
    answers_live_call: bool = False,
) -> UUID:
    """Plan one text to a caller; returns its id. A second plan with the same `message_key` is the first.

    When the caller has revoked consent the text is kept as `suppressed` and never sent. Consent is asked once more
    just before sending.
    """
    try:
        consents.require_consent(session, caller_id)
        status = "planned"
    except ConsentRevoked:
        status = "suppressed"
    message_id = new_id()
    made: UUID | None = PLAN(
        session,
        merchant_id=merchant_of(session),
        id=message_id,
        caller_id=caller_id,
        phone_number_id=phone_number_id,
        kind=kind,
        message_key=message_key,
        body_sealed=keys.seal(session, Place("messages", "body", message_id), body),
        status=status,
        answers_live_call=answers_live_call,
    ).scalar()
    if made is None:
        return session.scalars(select(Message.id).where(Message.message_key == message_key)).one()
    audit.record(session, f"message.{status}", subject=f"message:{made}", details={"kind": kind})
    if status == "planned":
        outbox.plan(session, EFFECT, effect_key=f"message:{made}", subject_id=made)
    return made


def write_by_hand(session: Session, *, caller_id: UUID, phone_number_id: UUID, body: str) -> UUID:
    """Plan a text that somebody of the team has written; returns its id. Raises ConsentRevoked, ValidationFailed."""
    try:
        callers.require(session, caller_id)
        phone_numbers.one(session, phone_number_id)
    except CallerNotFound as error:
        raise ValidationFailed(FieldError("caller_id", "There is no such caller.")) from error
    except NumberNotFound as error:
        raise ValidationFailed(FieldError("phone_number_id", "There is no such number.")) from error
    consents.require_consent(session, caller_id)
    return plan_message(
        session,
        caller_id=caller_id,
        phone_number_id=phone_number_id,
        kind="manual",
        message_key=f"manual:{new_id()}",
        body=body,
    )
