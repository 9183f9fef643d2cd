"""The one text to a caller whose wish is still open when the call is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock, phone
from callwaiting.features.audit import service as audit
from callwaiting.features.callers import service as callers
from callwaiting.features.messages import planning
from callwaiting.features.messages.models import Message

AfterCall = Literal["missed_call", "call_unfinished", "person_asked"]
LIVE = timedelta(hours=1)  # so long after the call the text still answers it
SILENCE = timedelta(hours=24)  # in which a caller who does not reply is texted once, however often the phone rings


def text_after_call(
    session: Session, kind: AfterCall, *, call_id: UUID, caller_id: UUID, phone_number_id: UUID, ended_at: datetime
) -> None:
    """Plan the text about a call that nobody took (`missed_call`), that led to nothing (`call_unfinished`), or whose
    caller asked for a person (`person_asked`); once a call.

    A landline gets none. A caller who rings again without having replied gets no second one within a day. A call whose
    end was learned of late is answered after the quiet hours.
    """
    if not phone.may_take_texts(callers.phone_of(session, caller_id)):
        reason = "a landline"
    elif _unanswered(session, caller_id, call_id):
        reason = "texted already"
    else:
        planning.plan_text(
            session,
            kind,
            {},
            caller_id=caller_id,
            phone_number_id=phone_number_id,
            message_key=f"missed:{call_id}",
            answers_live_call=clock.now() - ended_at < LIVE,
            subject_id=call_id,
        )
        return
    audit.record(session, "message.not_planned", subject=f"call:{call_id}", reason=reason)


def _unanswered(session: Session, caller_id: UUID, call_id: UUID) -> bool:
    """Whether the last text between the two is such a text about another call, of the last day."""
    last = session.scalar(
        select(Message)
        .where(Message.caller_id == caller_id, Message.status != "suppressed")
        .order_by(Message.id.desc())
        .limit(1)
    )
    return (
        last is not None
        and last.kind in get_args(AfterCall)
        and last.message_key != f"missed:{call_id}"
        and last.created_at > clock.now() - SILENCE
    )
