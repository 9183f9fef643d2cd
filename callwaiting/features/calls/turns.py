"""One turn of a call: the caller's answer in, the next document out, once.

The call's row is locked first, so that a copy of a request waits for the first and gets the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.ids import new_id
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import service as bookings
from callwaiting.features.callers import service as callers
from callwaiting.features.calls import phrases, repository, result, twiml
from callwaiting.features.calls.acts import Act, Facts, PutThrough, Say
from callwaiting.features.calls.cards import without_cards
from callwaiting.features.calls.choices import choices, missed, redacted
from callwaiting.features.calls.conversing import converse
from callwaiting.features.calls.models import Call, CallTurn
from callwaiting.features.calls.outcomes import CameBack, Event, Heard, Recorded, Started
from callwaiting.features.calls.reach import can_text
from callwaiting.features.calls.state import DialogueState, Step
from callwaiting.features.calls.state_json import from_json, to_json
from callwaiting.features.calls.talk import on_the_phone
from callwaiting.features.calls.transitions import after
from callwaiting.features.calls.twiml import Links
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.keys import service as keys
from callwaiting.features.merchants import service as merchants
from callwaiting.features.merchants.service import Profile
from callwaiting.features.reception import service as reception
from callwaiting.features.reception.service import Desk
from callwaiting.providers.ports import LanguageQuestion


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """A verified voice request. Numbers are E.164; `caller` is None for a withheld one, `forwarded_from` when the
    carrier says nothing of it. `nonce` counts the turns of a call from 0, None when the URL has none that can be read;
    `url` is the source's, below which turns are asked for. `bridged`: the caller has
    spoken to whoever was rung; `recording_sid` is there after a recording;
    `suggested` is what a language model chose of what `consult` offered."""

    call_sid: str
    caller: str | None
    called: str
    phone_number_id: UUID
    nonce: int | None
    url: str
    digits: str = ""
    speech: str = ""
    forwarded_from: str | None = None
    bridged: bool = False
    recording_sid: str = ""
    recording_seconds: int = 0
    suggested: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`repeated`: the stored document of a turn that was taken before; `ahead`: back to the last known turn."""

    document: bytes
    kind: Literal["answered", "repeated", "ahead"]


def answer(session: Session, request: TurnRequest) -> Answer:
    """The document for this request; its effects happen once, however often the request comes."""
    profile = merchants.profile(session)
    call = repository.locked(session, request.call_sid) or _started(session, request)
    due = call.state_version
    if due > 0 and request.nonce != due:
        if request.nonce is not None and 0 <= request.nonce < due:
            stored = repository.turn(session, call.id, request.nonce)
            if stored is not None:
                return Answer(keys.unseal(session, _place("twiml", stored.id), stored.twiml_sealed), "repeated")
        return Answer(twiml.redirect(turn_url(request.url, "again", due - 1)), "ahead")
    state = from_json(call.state)
    facts = _facts(session, call, profile)
    event = _opening(session, call, profile, request) if due == 0 else _event(session, call, state, facts, request)
    if event is None:
        return Answer(twiml.busy(), "answered")
    state, acts, ring = _run(session, call, profile, state, event, facts, request)
    result.keep_declined(call, declined=state.declined)
    if without_cards(request.speech) != request.speech or without_cards(request.digits) != request.digits:
        acts.insert(0, Say(phrases.NO_CARDS))
    whisper = f"{request.url}/voice/whisper?m={call.merchant_id}&c={call.id}"
    document = twiml.render(acts, Links(turn_url(request.url, state.step, due + 1), ring, whisper))
    _write(session, call, state, document, request)
    return Answer(document, "answered")


def consult(session: Session, request: TurnRequest) -> LanguageQuestion | None:
    """What to ask a language model before this turn is answered: None when the merchant wants none, or the policy needs
    none. It changes nothing; the call may go on meanwhile, and then the model's answer counts for nothing."""
    call = repository.by_sid(session, request.call_sid)
    if call is None or call.state_version != request.nonce or not reception.desk(session).language_model:
        return None
    profile, state = merchants.profile(session), from_json(call.state)
    facts, heard = _facts(session, call, profile), Heard(request.digits, without_cards(request.speech))
    if not missed(state, heard, facts) or reception.answer_all(session, profile, heard.speech) is not None:
        return None
    offered = {choice.id: choice.says for choice in choices(state, facts)}
    return LanguageQuestion(asked=state.step.value, said=redacted(heard.speech), choices=offered)


def turn_url(url: str, step: str, nonce: int) -> str:
    """Where the answer to a question goes. `step` is for people who read logs; the call's row decides."""
    return f"{url}/voice/turn?step={step}&n={nonce}"


def _started(session: Session, request: TurnRequest) -> Call:
    caller_id = callers.remember(session, request.caller) if request.caller else None
    made = repository.insert_if_new(
        session, request.call_sid, phone_number_id=request.phone_number_id, caller_id=caller_id
    )
    call = repository.locked(session, request.call_sid)
    if call is None:
        raise CallwaitingError("the call's row is gone", reason="calls.row_gone")
    if made:
        details = {"forwarded": request.forwarded_from is not None, "anonymous": caller_id is None}
        audit.record(session, "call.started", subject=f"call:{call.id}", details=details)
    return call


def _opening(session: Session, call: Call, profile: Profile, request: TurnRequest) -> Started | None:
    """What is known of a new call. None for one that is our own ringing for another call, forwarded back to us."""
    desk = reception.desk(session)
    if desk.transfer_to is not None and call.caller_id is not None and repository.is_ringing(session, call):
        result.keep(call, "transfer")  # nobody is texted because of it
        return None
    return Started(
        can_text(session, call.caller_id),
        bookings.takes_bookings(session),
        open=profile.active,
        can_transfer=reception.may_ring(session, profile, desk, never=_never(request, desk)),
        voicemail=desk.voicemail,
        asks_recording=desk.record_calls,
    )


def _event(session: Session, call: Call, state: DialogueState, facts: Facts, request: TurnRequest) -> Event:
    if state.ringing:
        return CameBack(connected=request.bridged and call.transfer_accepted)
    if request.recording_sid and state.step is Step.VOICEMAIL:
        return Recorded(request.recording_sid, request.recording_seconds)
    heard = Heard(without_cards(request.digits), without_cards(request.speech))
    if request.suggested is None:
        return heard
    chosen = next((choice for choice in choices(state, facts) if choice.id == request.suggested), None)
    if chosen is not None and missed(state, heard, facts):
        audit.record(session, "call.model_chose", subject=f"call:{call.id}", details={"choice": chosen.id})
        return chosen.heard
    return heard


def _facts(session: Session, call: Call, profile: Profile) -> Facts:
    return Facts(
        business=profile.name,
        zone=profile.timezone,
        now=clock.now(),
        menu=catalogue.menu(session, profile.currency),
        caller_known=call.caller_id is not None,
        region=profile.region,
        choice=bookings.choice(session, profile.currency),
    )


def _run(
    session: Session,
    call: Call,
    profile: Profile,
    state: DialogueState,
    event: Event,
    facts: Facts,
    request: TurnRequest,
) -> tuple[DialogueState, list[Act], str | None]:
    """Let the policy decide, do what it wants, and tell it the outcome, until it waits for the caller or hangs up;
    and whom to ring, if anybody."""
    talk = on_the_phone(call)
    state, acts = converse(session, talk, profile, state, event, facts)
    if not any(isinstance(act, PutThrough) for act in acts):
        return state, acts, None
    desk = reception.desk(session)
    if desk.transfer_to is not None and desk.transfer_to not in _never(request, desk):
        return state, acts, desk.transfer_to
    # The merchant has just changed it.
    return *converse(session, talk, profile, state, CameBack(connected=False), facts), None


def _never(request: TurnRequest, desk: Desk) -> frozenset[str]:
    """The numbers of this very call: ringing one of them would ring here, or the caller."""
    own = (request.called, request.caller, request.forwarded_from, desk.business_line)
    return frozenset(number for number in own if number)


def _write(session: Session, call: Call, state: DialogueState, document: bytes, request: TurnRequest) -> None:
    turn_id = new_id()
    heard = without_cards(request.digits or request.speech)
    session.add(
        CallTurn(
            merchant_id=call.merchant_id,
            id=turn_id,
            call_id=call.id,
            nonce=call.state_version,
            step=state.step.value,
            heard_sealed=keys.seal(session, _place("heard", turn_id), heard) if heard else None,
            twiml_sealed=keys.seal(session, _place("twiml", turn_id), document),
        )
    )
    call.state = to_json(state)
    call.state_version += 1
    call.status = after(call.status, "in-progress") or call.status
    call.last_event_at = clock.now()


def _place(column: str, turn_id: UUID) -> Place:
    return Place("call_turns", column, turn_id)
