"""What may be heard of a call, and its removal where it lies: at the telephone company.

A whole call is heard only after the caller's own yes. A message after the tone was recorded because its caller chose
so; it is known by the notice that we had of it, so nothing else that the company keeps is ever found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.features.audit import service as audit
from callwaiting.features.calls import repository
from callwaiting.features.calls.errors import CallGoesOn, CallNotFound, RecordingNotFound
from callwaiting.features.calls.models import Call, LeftMessage, RecordingRemoval
from callwaiting.features.calls.transitions import TERMINAL
from callwaiting.features.outbox import service as outbox
from callwaiting.providers.lists import ListedRecording
from callwaiting.providers.ports import ProviderRejected
from callwaiting.providers.registry import Providers

EFFECT = "twilio.remove_recordings"
AFTER_TONE = "RecordVerb"  # Twilio's word for what <Record> has made
PROCESSED_AFTER = timedelta(minutes=5)  # one that is still worked on cannot be removed


@dataclass(frozen=True, slots=True)
class Sought:
    """`whole`: the caller has said yes to a recording of the call. `messages` are those after the tone."""

    call_sid: str
    whole: bool
    messages: frozenset[str]

    def of(self, listed: Sequence[ListedRecording]) -> list[ListedRecording]:
        """Those of the call's recordings that are the merchant's to hear, that of the whole call first."""
        mine = [one for one in listed if (one.sid in self.messages if one.source == AFTER_TONE else self.whole)]
        return sorted(mine, key=lambda one: one.source == AFTER_TONE)


def sought(session: Session, call_id: UUID) -> Sought:
    """What to look for. Raises CallNotFound, and RecordingNotFound when there can be nothing, or shall be no more."""
    call = repository.by_id(session, call_id)
    if call is None:
        raise CallNotFound(str(call_id))
    if session.scalar(select(RecordingRemoval.id).where(RecordingRemoval.call_id == call_id)) is not None:
        raise RecordingNotFound(message="The recording of this call has been removed.")
    return _of(session, call)


def note_heard(session: Session, call_id: UUID, recording_sid: str) -> None:
    """Keep who listens to what, before any of it is sent."""
    audit.record(session, "call.recording_heard", subject=f"call:{call_id}", details={"recording": recording_sid})


def remove(session: Session, call_id: UUID) -> None:
    """Have all recordings of a call removed where they lie; nobody hears them from now on. Once asked is enough.

    Raises CallNotFound, RecordingNotFound when there can be none, CallGoesOn.
    """
    call = repository.by_id(session, call_id)
    if call is None:
        raise CallNotFound(str(call_id))
    _of(session, call)
    if call.status not in TERMINAL:
        raise CallGoesOn(message="The call goes on. Its recording can be removed after its end.")
    removal_id = new_id()
    row = insert(RecordingRemoval).values(merchant_id=call.merchant_id, id=removal_id, call_id=call_id)
    if session.scalar(row.on_conflict_do_nothing().returning(RecordingRemoval.id)) is None:
        return
    ready = (call.ended_at or clock.now()) + PROCESSED_AFTER
    outbox.plan(
        session,
        EFFECT,
        effect_key=f"recording_removal:{removal_id}",
        subject_id=removal_id,
        not_before=ready if ready > clock.now() else None,
    )
    audit.record(session, "call.recording_removed", subject=f"call:{call_id}")


def load(session: Session, removal_id: UUID) -> Sought | None:
    row = session.scalars(select(RecordingRemoval).where(RecordingRemoval.id == removal_id)).one()
    call = repository.by_id(session, row.call_id)
    return None if row.removed_at is not None or call is None else _of(session, call)


def perform(providers: Providers, wanted: Sought, unclear: bool) -> int:
    """Remove each that is there; one that is gone already stays gone, so an unclear end is simply done again."""
    found = wanted.of(providers.telephony.recordings(wanted.call_sid))
    for one in found:
        providers.telephony.remove_recording(one.sid)
    return len(found)


def record(session: Session, removal_id: UUID, removed: int) -> None:
    row = session.scalars(select(RecordingRemoval).where(RecordingRemoval.id == removal_id).with_for_update()).one()
    row.removed_at = clock.now()
    session.flush()
    details = {"recordings": removed}
    audit.record(session, "call.recording_gone", subject=f"call:{row.call_id}", details=details)


def reject(session: Session, removal_id: UUID, error: ProviderRejected) -> None:
    """It lies there still, out of everybody's reach here: an operator has to see to it."""
    row = session.scalars(select(RecordingRemoval).where(RecordingRemoval.id == removal_id)).one()
    audit.record(session, "call.recording_kept", subject=f"call:{row.call_id}", reason=error.provider_code)


def _of(session: Session, call: Call) -> Sought:
    left = select(LeftMessage.recording_sid).where(
        LeftMessage.call_id == call.id, LeftMessage.recording_sid.is_not(None)
    )
    messages = frozenset(sid for sid in session.scalars(left) if sid)
    whole = call.recording_answer == "granted"
    if not whole and not messages:
        raise RecordingNotFound(f"{call.id} was not recorded")
    return Sought(call.call_sid, whole, messages)
