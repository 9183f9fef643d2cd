"""What the dialogue wants done, done in the transaction of the turn. The outcome is the dialogue's next event."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.core import clock, phone
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.callers import service as callers
from callwaiting.features.calls import left_messages, phrases
from callwaiting.features.calls.acts import (
    AllowTexts,
    CallPerson,
    CancelBooking,
    CheckCode,
    ConfirmBooking,
    DraftMessage,
    Effect,
    FindAnswer,
    FindBooking,
    FindOrder,
    FindSlots,
    HoldSlot,
    KeepAnswer,
    KeepRecording,
    MoveBooking,
    NoteAnswer,
    NoteTransfer,
    PassMessageOn,
    PlaceOrder,
    Price,
    ReleaseBooking,
    RememberCaller,
    StopTexts,
    TellEmergency,
)
from callwaiting.features.calls.effects_bookings import book
from callwaiting.features.calls.effects_orders import check, find, order
from callwaiting.features.calls.outcomes import (
    Answered,
    CallerReachable,
    MessageDrafted,
    MessagePassedOn,
    NotAnswered,
    Noted,
    NumberRefused,
    Outcome,
)
from callwaiting.features.calls.reach import can_text
from callwaiting.features.calls.talk import Talk
from callwaiting.features.calls.understanding import asks_something
from callwaiting.features.catalogue.service import words_of
from callwaiting.features.consents import service as consents
from callwaiting.features.merchants.service import Profile
from callwaiting.features.reception import service as reception

RECORDING_WORDING = 1  # raised with every change of phrases.RECORDING, so that an answer is to a known question


def perform(session: Session, talk: Talk, profile: Profile, effect: Effect) -> Outcome:
    """Do it, for a caller of this merchant."""
    match effect:
        case Price() | PlaceOrder():
            return order(session, talk, profile, effect)
        case CheckCode():
            return check(session, profile, effect)
        case FindOrder(number):
            return find(session, talk, number)
        case (
            FindSlots() | HoldSlot() | ConfirmBooking() | ReleaseBooking() | FindBooking() | CancelBooking()
            | MoveBooking()
        ):  # fmt: skip
            return book(session, talk, profile, effect)
        case RememberCaller() | AllowTexts() | StopTexts():
            return _reach(session, talk, profile, effect)
        case DraftMessage(said):
            return MessageDrafted(left_messages.draft(session, talk, said))
        case PassMessageOn(message_id):
            left_messages.pass_on(session, talk, message_id)
            talk.keep("message")
            return MessagePassedOn()
        case KeepRecording(recording_sid, seconds):
            left_messages.keep_recording(session, talk, recording_sid, seconds)
            talk.keep("message")
            return MessagePassedOn()
        case FindAnswer(question):
            text = reception.answer_all(session, profile, question)
            if text is None:
                return NotAnswered(asks_something(words_of(question)))
            talk.keep("answer")
            return Answered(text)
        case KeepAnswer(granted):
            answer = "granted" if granted else "refused"
            if (call := talk.call) is not None:
                call.recording_answer = answer
                call.recording_wording, call.recording_answered_at = RECORDING_WORDING, clock.now()
            details: dict[str, str | int | bool | None] = {"answer": answer, "wording": RECORDING_WORDING}
            audit.record(session, "call.recording_answered", subject=talk.subject, details=details)
            return Noted()
        case CallPerson():
            talk.keep("person")
            _alert(session, talk, "A caller asked to speak to a person.")
            audit.record(session, "call.person_requested", subject=talk.subject)
            return Noted()
        case TellEmergency():
            talk.keep("emergency")
            alerts.raise_alert(
                session,
                "calls.emergency",
                subject=talk.subject,
                severity="critical",
                summary="A caller spoke of an emergency, and was told to dial the emergency number.",
            )
            audit.record(session, "call.emergency", subject=talk.subject)
            return Noted()
        case NoteAnswer():
            talk.keep("answer")
            return Noted()
        case NoteTransfer():
            talk.keep("transfer")
            audit.record(session, "call.put_through", subject=talk.subject)
            return Noted()


def _reach(
    session: Session, talk: Talk, profile: Profile, effect: RememberCaller | AllowTexts | StopTexts
) -> CallerReachable | NumberRefused | Noted:
    match effect:
        case RememberCaller(digits):
            number = phone.caller_number(digits, profile.region)
            if number is None:
                return NumberRefused()
            talk.is_with(callers.remember(session, number))
        case AllowTexts():
            if talk.caller_id is not None:
                consents.record_declaration(
                    session,
                    talk.caller_id,
                    "granted",
                    origin=talk.origin,
                    wording=phrases.ALLOW_TEXTS,
                    source=talk.subject,
                )
        case StopTexts(said):
            if talk.caller_id is not None:
                consents.record_declaration(
                    session, talk.caller_id, "revoked", origin=talk.origin, evidence=said, source=talk.subject
                )
            return Noted()
    return CallerReachable(can_text(session, talk.caller_id))


def _alert(session: Session, talk: Talk, summary: str) -> None:
    alerts.raise_alert(session, "calls.person_requested", subject=talk.subject, severity="warning", summary=summary)
