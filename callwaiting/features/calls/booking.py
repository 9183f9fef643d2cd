"""The part of the dialogue that books a time. Pure: (state, event, facts) → decision, None for not understood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from callwaiting.features.bookings.service import Slot
from callwaiting.features.calls import booking_phrases, counting, naming, phrases, understanding, visiting, when
from callwaiting.features.calls.acts import ConfirmBooking, Facts, FindSlots, HoldSlot, ReleaseBooking, Say
from callwaiting.features.calls.outcomes import (
    Booked,
    DepositNeedsTexts,
    Heard,
    ServiceGone,
    SlotHeld,
    SlotLost,
    SlotsFound,
)
from callwaiting.features.calls.prompts import Decision, ask, end
from callwaiting.features.calls.state import DialogueState, Step, Visit, Wanted
from callwaiting.features.catalogue.service import words_of
from callwaiting.understanding.numbers import UNITS

OFFERS = 3
WITH_OTHERS = frozenset({"me", "my", "people", "us"})


def begin(state: DialogueState, heard: Heard, facts: Facts) -> Decision:
    """Ask what is still to be known, then look for times: those that were named, or the next ones."""
    visit, words = visiting.named_in(Visit(), heard, facts), () if heard.digits else words_of(heard.speech)
    guests = visiting.party_in(heard, facts) if WITH_OTHERS & set(words) else None  # `for 4` may be four o'clock
    counted = max(naming.count_of(words, facts.choice.services) or 1, guests or 1)
    several = not heard.digits and counted > 1 and visiting.room(visit, facts) is None
    before = (booking_phrases.ONE_AT_A_TIME,) if several else ()
    return go_on(replace(state, visit=visit, wanted=_wanted(heard, facts)), facts, *before)


def go_on(state: DialogueState, facts: Facts, *before: str) -> Decision:
    """Ask for the service and for how many, where there is such a choice and it was not said; then look for times."""
    visit, services = state.visit, facts.choice.services
    if visiting.offer_of(visit.service_id, facts) is None:
        visit = replace(visit, service_id=services[0].id if len(services) == 1 else None)
        if len(services) > 1:
            return ask(replace(state, step=Step.SERVICE, visit=visit), facts, *before)
    if visit.then and not visiting.can_be_together(visit, facts):
        state, visit = replace(state, one_by_one=visit.then), replace(visit, then=())
        before = (*before, booking_phrases.one_by_one(visit, facts))
    able = visiting.able_places(visit, facts)
    if visit.place_id is not None and visit.place_id not in {place.id for place in able}:
        visit, before = replace(visit, place_id=None), (*before, booking_phrases.NOT_WITH)
    room = visiting.room(visit, facts)
    if room is None:
        visit = replace(visit, party=None)
    elif visit.party is None:
        return ask(replace(state, step=Step.PARTY, visit=visit), facts, *before)
    elif visit.party > room:
        return ask(replace(state, step=Step.MENU, visit=Visit()), facts, *before, booking_phrases.too_many(room))
    return find(replace(state, visit=visit), *before, wanted=state.wanted)


def service(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """What would you like to book?"""
    if declined(heard) and _wanted(heard, facts) is None:
        return ask(replace(state, step=Step.MENU, visit=Visit()), facts)
    if understanding.asks_after(words_of(heard.speech)):
        return None  # `how much is a haircut`
    offered = facts.choice.services[: phrases.MENU_ITEMS]
    visit = visiting.named_in(state.visit, heard, facts)
    wanted = _wanted(heard, facts) if visit.service_id else None
    if visit.service_id is None:
        position = counting.position_in(heard.digits, words_of(heard.speech), len(offered))
        if position is None:
            earlier = _wanted(heard, facts)  # the time is kept, and the service asked for again
            if earlier is None:
                return None
            if state.wanted and state.wanted.day:
                earlier = of_day(earlier, [state.wanted.day])
            return ask(replace(state, wanted=earlier), facts, booking_phrases.TIME_NOTED)
        visit = replace(visit, service_id=offered[position].id)
    return go_on(replace(state, visit=visit, wanted=wanted or state.wanted), facts)


def party(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """How many people come?"""
    if declined(heard):
        return ask(replace(state, step=Step.MENU, visit=Visit()), facts)
    size = visiting.party_in(heard, facts, asked="people")
    if size is None:
        return None
    return go_on(replace(state, visit=replace(state.visit, party=size)), facts)


def find(state: DialogueState, *before: str, wanted: Wanted | None = None) -> Decision:
    """Look for free times; what was held before is given up."""
    fresh = replace(state, step=Step.SLOT, offers=(), held=None, booking_id=None, also=(), wanted=wanted)
    return Decision(fresh, tuple(map(Say, before)), FindSlots(OFFERS, wanted or Wanted(), state.visit))


def slot(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Which of these times? Another day or time may be named instead, another service, or more people."""
    visit = visiting.named_in(state.visit, heard, facts)
    if visit != state.visit:
        return go_on(replace(state, visit=visit, wanted=_wanted(heard, facts) or state.wanted), facts)
    choice = chosen(state, heard, facts)
    if isinstance(choice, Slot):
        return Decision(state, effect=HoldSlot(choice, state.visit.party, state.visit.then))
    if isinstance(choice, Wanted):
        return find(state, wanted=choice)
    if declined(heard):
        return ask(replace(state, step=Step.MENU, offers=()), facts)
    return None


def chosen(state: DialogueState, heard: Heard, facts: Facts) -> Slot | Wanted | None:
    """One of the times that are offered, by key, place or time; or another time that was named."""
    asked = "time" if facts.written else None  # what is written has no places: a bare 3 is three o'clock
    wanted = None if heard.digits else when.wanted_in(heard.speech, facts, asked)
    if wanted is None:
        words = words_of(heard.speech)
        position = counting.position_in(heard.digits, words, len(state.offers))
        if state.offers and not heard.digits and _takes_what_there_is(words, state):
            position = 0
        if position is not None:
            return state.offers[position]
        wanted = _hour_in(heard, facts)  # `4`, of three that are offered
    if wanted is None:
        return None
    wanted = of_day(wanted, [offer.start.astimezone(facts.zone).date() for offer in state.offers])
    fitting = [offer for offer in state.offers if fits(offer, wanted, facts)]
    return fitting[0] if len(fitting) == 1 else wanted


def _takes_what_there_is(words: Sequence[str], state: DialogueState) -> bool:
    return understanding.wants_any(words) or (len(state.offers) == 1 and understanding.yes_or_no(words) is True)


def of_day(wanted: Wanted, days: Sequence[date]) -> Wanted:
    """A time without a day is meant for the one day that is talked about."""
    return replace(wanted, day=days[0]) if wanted.day is None and len(set(days)) == 1 else wanted


def fits(slot: Slot, wanted: Wanted, facts: Facts) -> bool:
    """Whether the slot begins on the day and at the time that were named."""
    local = slot.start.astimezone(facts.zone)
    return local.time() in wanted.times and wanted.day in {None, local.date()}


def why(wanted: Wanted | None, *, fitting: bool, doubtful: bool) -> tuple[str, ...]:
    """What to say before times that are not simply those that were wished."""
    not_then = booking_phrases.NOT_THEN if wanted and wanted.times else booking_phrases.NOTHING_THEN
    return (booking_phrases.IN_DOUBT,) if doubtful else () if fitting else (not_then,)


def declined(heard: Heard) -> bool:
    return heard.digits == "0" or (not heard.digits and understanding.yes_or_no(words_of(heard.speech)) is False)


def book(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """Shall I book the time I am holding? Only a key 1 or a plain yes books it; another time, service or number of
    people may be named instead."""
    if state.booking_id is None or state.held is None:
        return find(state)
    answer = None if heard.digits else understanding.yes_or_no(words_of(heard.speech))
    if heard.digits == "1" or answer:
        return confirm(state, facts)
    wanted = _wanted(heard, facts)
    if wanted is None and visiting.room(state.visit, facts) is None:
        wanted = _hour_in(heard, facts)
    visit = visiting.named_in(state.visit, heard, facts)
    local = state.held.start.astimezone(facts.zone)
    if wanted is not None:
        wanted = of_day(wanted, [local.date()])
    elif visit != state.visit:
        wanted = Wanted(local.date(), (local.time(),))  # the same time, if it can be had so
    if heard.digits == "2" or answer is False or wanted is not None:
        return Decision(replace(state, wanted=wanted, visit=visit), effect=ReleaseBooking(state.holds))
    return None


def confirm(state: DialogueState, facts: Facts) -> Decision:
    """Book what the caller said yes to; ask for a number first when there is none."""
    if state.booking_id is None:
        return find(state)
    if not facts.caller_known:
        return ask(replace(state, step=Step.PHONE, goal="booking"), facts)
    return Decision(state, effect=ConfirmBooking(state.holds))


def released(state: DialogueState, facts: Facts) -> Decision:
    """The hold is given up: look for what was named instead, or for the next times."""
    return go_on(replace(state, booking_id=None, held=None, also=()), facts)


def after(
    state: DialogueState,
    outcome: SlotsFound | ServiceGone | SlotHeld | SlotLost | Booked | DepositNeedsTexts,
    facts: Facts,
) -> Decision:
    """How it goes on after looking for times, holding one or booking it."""
    match outcome:
        case SlotsFound(()) if state.visit.then:
            visit = replace(state.visit, then=())
            alone = replace(state, visit=visit, one_by_one=state.visit.then)
            return find(alone, booking_phrases.one_by_one(visit, facts), wanted=state.wanted)
        case SlotsFound(()):
            if facts.menu:
                return ask(replace(state, step=Step.MENU), facts, booking_phrases.NO_SLOTS)
            return end(state, f"{booking_phrases.NO_SLOTS} {phrases.given_up(can_text=state.can_text)}")
        case SlotsFound((only,), fitting=True, exact=True):
            return Decision(state, effect=HoldSlot(only, state.visit.party, state.visit.then))
        case SlotsFound(slots, fitting=fitting, doubtful=doubtful):
            return ask(
                replace(state, step=Step.SLOT, offers=slots),
                facts,
                *why(state.wanted, fitting=fitting, doubtful=doubtful),
            )
        case ServiceGone():
            visit = replace(state.visit, service_id=None, then=())
            left = [offer for offer in facts.choice.services if offer.id != state.visit.service_id]
            if not left:
                return ask(replace(state, step=Step.MENU, visit=Visit()), facts, booking_phrases.SERVICE_GONE)
            return ask(replace(state, step=Step.SERVICE, visit=visit), facts, booking_phrases.SERVICE_GONE)
        case SlotHeld(booking_id, held, also):
            return ask(replace(state, step=Step.BOOK, booking_id=booking_id, held=held, also=also), facts)
        case SlotLost():
            day = state.wanted.day if state.wanted else None
            return find(state, booking_phrases.SLOT_LOST, wanted=Wanted(day) if day else None)
        case Booked() if state.one_by_one:
            return _the_next(state, outcome, facts)
        case Booked():
            return end(state, f"{_done(state, outcome, facts)} {phrases.GOODBYE}")
        case DepositNeedsTexts() if state.number_keyed:  # whoever keyed the number may not be whose it is
            return end(state, booking_phrases.NOT_BOOKED)
        case DepositNeedsTexts():
            return ask(replace(state, step=Step.ALLOW_TEXTS, goal="booking"), facts)


def _done(state: DialogueState, booked: Booked, facts: Facts) -> str:
    if booked.deposit:
        return booking_phrases.kept(booked.slot, state.visit, facts, booked.deposit)
    return booking_phrases.booked(booked.slot, state.visit, facts, state.also, texted=booked.texted)


def _the_next(state: DialogueState, booked: Booked, facts: Facts) -> Decision:
    """What was wished beside it, on the same day and not before its end."""
    end_of = booked.slot.end.astimezone(facts.zone)
    wanted = Wanted(end_of.date(), earliest=end_of.time())
    visit = Visit(state.one_by_one[0], state.visit.place_id)
    following = replace(state, visit=visit, one_by_one=state.one_by_one[1:], wanted=wanted)
    return go_on(replace(following, booking_id=None, held=None, also=()), facts, _done(state, booked, facts))


def _wanted(heard: Heard, facts: Facts) -> Wanted | None:
    return None if heard.digits else when.wanted_in(heard.speech, facts)


def _hour_in(heard: Heard, facts: Facts) -> Wanted | None:
    """A bare number as a time of day; `one` may stand for anything."""
    words = () if heard.digits else words_of(heard.speech)
    if not any(word.isdecimal() or word in UNITS for word in words if word != "one"):
        return None
    return when.wanted_in(heard.speech, facts, "time")
