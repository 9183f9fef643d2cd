"""Planning a text: what is sent, to whom, and from when on. Sending it is the worker's (`sending.py`)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.ids import new_id
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.callers import service as callers
from callwaiting.features.callers.errors import CallerNotFound
from callwaiting.features.keys import service as keys
from callwaiting.features.messages import gate, thread_state, wordings
from callwaiting.features.messages.models import Message
from callwaiting.features.messages.segments import plain, segments_of
from callwaiting.features.outbox import service as outbox
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.phone_numbers.errors import NumberNotFound

EFFECT = "twilio.message"
PLAN = Statement("""
insert into app.messages (merchant_id, id, caller_id, phone_number_id, direction, kind, message_key, body_sealed,
    status, answers_live_call, subject_id, encoding, segments, template_version, send_after, reason)
values (%(merchant_id)s, %(id)s, %(caller_id)s, %(phone_number_id)s, 'out', %(kind)s, %(message_key)s, %(body_sealed)s,
    %(status)s, %(answers_live_call)s, %(subject_id)s, %(encoding)s, %(segments)s, %(template_version)s,
    %(send_after)s, %(reason)s)
on conflict (merchant_id, message_key) do nothing returning id
""")
ANSWER_WITHIN = timedelta(hours=1)  # so long a caller's text is a conversation, which keeps no quiet hours


def plan_text(
    session: Session,
    template: str,
    values: Mapping[str, str],
    *,
    caller_id: UUID,
    phone_number_id: UUID,
    message_key: str,
    answers_live_call: bool = False,
    subject_id: UUID | None = None,
    not_before: datetime | None = None,
) -> UUID:
    """Plan a text in the merchant's wording of this template; `business` is filled in. Else as `plan_message`.

    Raises TemplateNotFound, and KeyError when a placeholder has no value.
    """
    composed = wordings.compose(session, template, values)
    return plan_message(
        session,
        caller_id=caller_id,
        phone_number_id=phone_number_id,
        kind=template,
        message_key=message_key,
        body=composed.body,
        answers_live_call=answers_live_call,
        subject_id=subject_id,
        not_before=not_before,
        template_version=composed.version,
    )


def plan_message(
    session: Session,
    *,
    caller_id: UUID,
    phone_number_id: UUID,
    kind: str,
    message_key: str,
    body: str,
    answers_live_call: bool = False,
    subject_id: UUID | None = None,
    not_before: datetime | None = None,
    template_version: int = 0,
) -> UUID:
    """Plan one text to a caller; returns its id. A second plan with the same `message_key` is the first.

    When the caller has revoked consent, or the number takes no texts, the text is kept as `suppressed` and never sent.
    A text that does not answer what the caller just did (`answers_live_call`) waits for the end of the quiet hours.
    All this is asked once more just before sending, and whether the text is still true: `subject_id` is what it is
    about. `not_before` is the moment from which it may be sent.
    """
    withheld = gate.withheld(session, caller_id)
    send_after = not_before if not_before and not_before > clock.now() else None
    if withheld is None and send_after is None and not answers_live_call:
        send_after = gate.quiet_until(session, caller_id)
    status = "planned" if withheld is None else "suppressed"
    message_id, body = new_id(), plain(body)
    encoding, segments = segments_of(body)
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
        subject_id=subject_id,
        encoding=encoding,
        segments=segments,
        template_version=template_version,
        send_after=send_after,
        reason=withheld.reason if withheld else "",
    ).scalar()
    if made is None:
        return session.scalars(select(Message.id).where(Message.message_key == message_key)).one()
    audit.record(
        session,
        f"message.{status}",
        subject=f"message:{made}",
        reason=withheld.reason if withheld else "",
        details={"kind": kind},
    )
    if withheld is None:
        outbox.plan(session, EFFECT, effect_key=f"message:{made}", subject_id=made, not_before=send_after)
    return made


def reply_key(message_id: UUID) -> str:
    """The key of the one answer to a caller's text, whoever of us gives it."""
    return f"reply:{message_id}"


def is_answered(session: Session, message_id: UUID) -> bool:
    """Whether a caller's text has its answer."""
    found = session.scalar(select(Message.id).where(Message.message_key == reply_key(message_id)))
    return found is not None


def write_by_hand(session: Session, *, caller_id: UUID, phone_number_id: UUID, body: str) -> UUID:
    """Plan a text that somebody of the team has written; returns its id. From now on a person has the thread.

    It keeps quiet hours unless the caller has written within the hour. Raises ConsentRevoked, Unreachable,
    ValidationFailed.
    """
    try:
        callers.require(session, caller_id)
        phone_numbers.one(session, phone_number_id)
    except CallerNotFound as error:
        raise ValidationFailed(FieldError("caller_id", "There is no such caller.")) from error
    except NumberNotFound as error:
        raise ValidationFailed(FieldError("phone_number_id", "There is no such number.")) from error
    gate.require_textable(session, caller_id)
    thread_state.hand_over(session, caller_id, "person")
    return plan_message(
        session,
        caller_id=caller_id,
        phone_number_id=phone_number_id,
        kind="manual",
        message_key=f"manual:{new_id()}",
        body=body,
        answers_live_call=_has_just_written(session, caller_id),
    )


def _has_just_written(session: Session, caller_id: UUID) -> bool:
    last = session.scalar(
        select(Message.created_at)
        .where(Message.caller_id == caller_id, Message.direction == "in")
        .order_by(Message.id.desc())
        .limit(1)
    )
    return last is not None and last > clock.now() - ANSWER_WITHIN
