"""A dialogue by text: what a caller writes is heard by the same policy as what callers say, and answered by one text.

It listens after the words that declare something about consent and after replies about bookings; one text gets one
answer, whoever gives it (`messages.reply_key`). While a person of the team writes with the caller it is silent.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import service as bookings
from callwaiting.features.calls import dialogue, phrases, wishes_by_text, written
from callwaiting.features.calls.acts import Facts, Say
from callwaiting.features.calls.cards import without_cards
from callwaiting.features.calls.conversing import converse
from callwaiting.features.calls.models import TextDialogue
from callwaiting.features.calls.outcomes import Started
from callwaiting.features.calls.reach import can_text
from callwaiting.features.calls.state import DialogueState, Step
from callwaiting.features.calls.state_json import from_json, to_json
from callwaiting.features.calls.talk import Talk
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.merchants import service as merchants
from callwaiting.features.merchants.service import Profile
from callwaiting.features.messages import service as messages
from callwaiting.features.messages.events import TextReceived

FORGOTTEN = timedelta(hours=2)  # after which a text begins a new dialogue
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
AN_HOUR, A_DAY = 15, 40  # answers: two machines that answer each other come to an end
MAX_HEARD = 1000
KIND = "assistant"

log = structlog.get_logger()


def on_text_received(session: Session, event: TextReceived) -> None:
    """Answer a text, if it asks for an answer. One that cannot be handled is kept for the team, who are told."""
    if not event.assistant_may_answer or wishes_by_text.is_somebody_elses(event.body):
        return
    if not messages.assistant_answers(session) or messages.is_answered(session, event.message_id):
        return
    try:
        with session.begin_nested():
            _answer(session, event)
    except (CallwaitingError, DBAPIError) as error:
        log.error("calls.text_failed", message=str(event.message_id), error=type(error).__name__, exc_info=error)
        alerts.raise_alert(
            session,
            "calls.text_failed",
            subject=f"message:{event.message_id}",
            severity="high",
            summary="The assistant could not handle a caller's text. Please read it.",
        )


def _answer(session: Session, event: TextReceived) -> None:
    profile, now = merchants.profile(session), clock.now()
    if not profile.active:
        return
    row = _locked(session, event)
    answered = [at for at in row.answered_at if at > now - DAY]
    if len(answered) >= A_DAY or len([at for at in answered if at > now - HOUR]) >= AN_HOUR:
        audit.record(session, "text.not_answered", subject=f"message:{event.message_id}", reason="too many answers")
        return
    facts = _facts(session, profile, now)
    goes_on = row.state and row.last_at > now - FORGOTTEN
    before = from_json(row.state) if goes_on else DialogueState(step=Step.DONE)
    fresh = before.step is Step.DONE
    state = _begun(session, event, facts, before) if fresh else before
    said = without_cards(event.body[:MAX_HEARD])
    if state.step is Step.MENU and wishes_by_text.wants_no_answer(said, facts):
        return
    talk = Talk(event.caller_id, event.phone_number_id, f"message:{event.message_id}")
    state, acts = converse(session, talk, profile, state, wishes_by_text.heard_in(said, state), facts)
    row.state, row.last_at = to_json(state), now
    offers_nothing = not facts.menu and not state.takes_bookings
    if state.misses and (offers_nothing or before.misses > dialogue.REPROMPTS):
        return  # there is nothing to offer instead, or it was given up before
    if state.misses > dialogue.REPROMPTS:
        _tell_the_team(session, event)
    if said != event.body[:MAX_HEARD]:
        acts.insert(0, Say(phrases.NO_CARDS))
    if text := written.render(acts, state, facts, introduced=not fresh):
        row.answered_at = [*answered, now]
        messages.plan_message(
            session,
            caller_id=event.caller_id,
            phone_number_id=event.phone_number_id,
            kind=KIND,
            message_key=messages.reply_key(event.message_id),
            body=text,
            answers_live_call=True,
        )
    audit.record(session, "text.answered", subject=f"message:{event.message_id}", details={"step": state.step.value})


def _begun(session: Session, event: TextReceived, facts: Facts, before: DialogueState) -> DialogueState:
    """A new dialogue. Whoever was given up stays so until something is understood."""
    begun = Started(can_text(session, event.caller_id), bookings.takes_bookings(session), open=True)
    state = dialogue.decide(DialogueState(), begun, facts).state
    return replace(state, misses=before.misses if before.misses > dialogue.REPROMPTS else 0)


def _tell_the_team(session: Session, event: TextReceived) -> None:
    alerts.raise_alert(
        session,
        "calls.person_requested",
        subject=f"caller:{event.caller_id}",
        severity="warning",
        summary="The assistant does not understand what a caller writes. Please read it.",
    )


def _facts(session: Session, profile: Profile, now: datetime) -> Facts:
    return Facts(
        business=profile.name,
        zone=profile.timezone,
        now=now,
        menu=catalogue.menu(session, profile.currency),
        caller_known=True,
        region=profile.region,
        choice=bookings.choice(session, profile.currency),
        written=True,
    )


def _locked(session: Session, event: TextReceived) -> TextDialogue:
    """The dialogue with this caller, locked: two texts at the same moment are heard one after the other."""
    session.execute(
        insert(TextDialogue)
        .values(merchant_id=merchant_of(session), id=new_id(), caller_id=event.caller_id)
        .on_conflict_do_nothing(index_elements=["merchant_id", "caller_id"])
    )
    query = select(TextDialogue).where(TextDialogue.caller_id == event.caller_id)
    return session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()
