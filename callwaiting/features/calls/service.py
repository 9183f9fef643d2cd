"""Calls beyond their dialogue: status notices, and the end of a call."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import service as bookings
from callwaiting.features.callers import service as callers
from callwaiting.features.calls import phrases, repository
from callwaiting.features.calls.errors import CallNotFound
from callwaiting.features.calls.figures import CallFigures, per_day
from callwaiting.features.calls.repository import CallRef, KnownCall
from callwaiting.features.calls.state import Step
from callwaiting.features.calls.transitions import TERMINAL, after
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import service as messages
from callwaiting.features.messages.service import AfterCall
from callwaiting.features.webhooks.service import NotYet

__all__ = [
    "TERMINAL",
    "CallFigures",
    "CallRef",
    "adopt",
    "apply_status",
    "finalise_stale",
    "per_day",
    "stale_calls",
    "statuses_of",
]

SILENCE = timedelta(minutes=10)
BATCH = 500
SETTLED = frozenset({None, Step.MENU, Step.DONE})  # where nothing that was begun is left open


def apply_status(
    session: Session,
    call_sid: str,
    status: str,
    seq: int | None,
    occurred_at: datetime | None,
    *,
    text_back: bool = True,
) -> Literal["moved", "stale"]:
    """Take in a status notice of Twilio; the first terminal one ends the call. Without `text_back` its caller is not
    texted, whatever came of it.

    `seq` is Twilio's SequenceNumber. Raises NotYet when the call is unknown: its notice overtook its first turn.
    """
    call = repository.known(session, call_sid)
    if call is None:
        raise NotYet(f"no call {call_sid}")
    moved = after(call.status, status)
    ended_at = (occurred_at or clock.now()) if moved in TERMINAL else None
    repository.note(session, call.id, seq=seq, status=moved, ended_at=ended_at)
    if moved is None:
        return "stale"
    if ended_at:
        _finalise(session, call, ended_at, text_back=text_back)
    audit.record(session, "call.status_changed", subject=f"call:{call.id}", details={"status": moved})
    return "moved"


def adopt(
    session: Session,
    call_sid: str,
    status: str,
    *,
    phone_number_id: UUID,
    caller: str | None,
    occurred_at: datetime | None,
    text_back: bool = True,
) -> Literal["moved"]:
    """Take in a call of which we know nothing but its end, so that its caller is texted even though no turn of it
    could be answered. Raises NotYet for a status that is not terminal."""
    if status not in TERMINAL:
        raise NotYet(f"no call {call_sid}")
    caller_id = callers.remember(session, caller) if caller else None
    if repository.insert_if_new(session, call_sid, phone_number_id=phone_number_id, caller_id=caller_id):
        audit.record(session, "call.adopted", subject=f"call_sid:{call_sid}", details={"anonymous": caller_id is None})
    apply_status(session, call_sid, status, None, occurred_at, text_back=text_back)
    return "moved"


def statuses_of(session: Session, call_sids: Collection[str]) -> Mapping[str, str]:
    """The status of each of these calls that the merchant has."""
    return repository.statuses_of(session, call_sids)


def whisper(session: Session, call_id: UUID) -> str:
    """What whoever is rung for a caller is told. Raises CallNotFound."""
    call = repository.by_id(session, call_id)
    if call is None:
        raise CallNotFound(str(call_id))
    return phrases.whisper(merchants.profile(session).name, recorded=call.recording_answer == "granted")


def accept_transfer(session: Session, call_id: UUID) -> None:
    """Whoever was rung takes the call. Raises CallNotFound."""
    call = repository.by_id(session, call_id)
    if call is None:
        raise CallNotFound(str(call_id))
    call.transfer_accepted = True
    session.flush()


def stale_calls(session: Session) -> list[CallRef]:
    """Calls of all merchants that had no news for ten minutes and are not finalised; for the service role."""
    return repository.silent_since(session, clock.now() - SILENCE, BATCH)


def finalise_stale(session: Session, call_id: UUID) -> Literal["finalised", "kept"]:
    """End a call whose terminal notice never came; `kept` when there was news meanwhile."""
    call = repository.known_by_id(session, call_id)
    if call is None or call.finalised_at is not None or call.last_event_at > clock.now() - SILENCE:
        return "kept"
    _finalise(session, call, call.last_event_at)
    return "finalised"


def _finalise(session: Session, call: KnownCall, ended_at: datetime, *, text_back: bool = True) -> None:
    """Once a call: what it holds is free again, and a caller whose wish is still open gets one text."""
    if call.finalised_at is not None:
        return
    repository.finalise(session, call.id)
    bookings.release_of_call(session, call.id)
    kind = _text_after(session, call) if text_back else None
    if kind and call.caller_id is not None and merchants.profile(session).active:
        messages.text_after_call(
            session,
            kind,
            call_id=call.id,
            caller_id=call.caller_id,
            phone_number_id=call.phone_number_id,
            ended_at=ended_at,
        )
    audit.record(session, "call.finalised", subject=f"call:{call.id}", details={"outcome": call.outcome})


def _text_after(session: Session, call: KnownCall) -> AfterCall | None:
    """What the caller is texted: nothing if they got what they rang for, want nothing, or need help at this moment."""
    match call.outcome:
        case "person":
            return "person_asked"
        case "none":
            return "call_unfinished" if repository.has_heard(session, call.id) else "missed_call"
        case "answer" if call.step not in SETTLED:
            return "call_unfinished"
        case _:
            return None
