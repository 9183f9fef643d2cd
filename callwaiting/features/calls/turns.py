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
from callwaiting.features.calls import dialogue, repository, twiml
from callwaiting.features.calls.acts import Act, Event, Facts, Heard, Started
from callwaiting.features.calls.effects import can_text, perform
from callwaiting.features.calls.models import Call, CallTurn
from callwaiting.features.calls.state import DialogueState, from_json, to_json
from callwaiting.features.calls.transitions import after
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.keys import service as keys
from callwaiting.features.merchants import service as merchants
from callwaiting.features.merchants.service import Profile

MAX_TURNS = 100
MAX_EFFECTS = 10  # one event leads to four effects at most; more is a fault of the policy


@dataclass(frozen=True, slots=True)
class TurnRequest:
    """A verified voice request. `caller` is E.164, None for a withheld number; `nonce` counts the turns of a call
    from 0, None when the URL has none that can be read; `url` is the source's, below which turns are asked for."""

    call_sid: str
    caller: str | None
    phone_number_id: UUID
    nonce: int | None
    url: str
    digits: str = ""
    speech: str = ""
    forwarded: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """`repeated`: the stored document of a turn that was taken before; `ahead`: back to the last known turn."""

    document: bytes
    kind: Literal["answered", "repeated", "ahead"]


class DialogueStuck(CallwaitingError):
    """The policy asked for one effect after another without end."""

    reason = "calls.dialogue_stuck"


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
    event: Event = Heard(request.digits, request.speech)
    if due == 0:
        event = Started(can_text(session, call), bookings.takes_bookings(session), open=profile.active)
    state, acts = _run(session, call, profile, event)
    document = twiml.render(acts, action=turn_url(request.url, state.step, due + 1))
    _write(session, call, state, document, request)
    return Answer(document, "answered")


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
        details = {"forwarded": request.forwarded, "anonymous": caller_id is None}
        audit.record(session, "call.started", subject=f"call:{call.id}", details=details)
    return call


def _run(session: Session, call: Call, profile: Profile, event: Event) -> tuple[DialogueState, list[Act]]:
    """Let the policy decide, do what it wants, and tell it the outcome, until it asks the caller or hangs up."""
    facts = Facts(
        business=profile.name,
        zone=profile.timezone,
        now=clock.now(),
        menu=catalogue.menu(session, profile.currency),
        caller_known=call.caller_id is not None,
    )
    state = from_json(call.state)
    if call.state_version >= MAX_TURNS:
        last = dialogue.give_up(state)
        return last.state, list(last.acts)
    acts: list[Act] = []
    for _ in range(MAX_EFFECTS):
        decision = dialogue.decide(state, event, facts)
        state = decision.state
        acts += decision.acts
        if decision.effect is None:
            return state, acts
        event = perform(session, call, profile.region, decision.effect)
    raise DialogueStuck(state.step)


def _write(session: Session, call: Call, state: DialogueState, document: bytes, request: TurnRequest) -> None:
    turn_id = new_id()
    heard = request.digits or request.speech
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
