"""What a booking is for: which service, with whom, for how many. Asked for only where the merchant has such a choice.
Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from callwaiting.features.bookings.service import Offer, Place
from callwaiting.features.calls import naming, understanding, when
from callwaiting.features.calls.acts import Facts
from callwaiting.features.calls.outcomes import Heard
from callwaiting.features.calls.state import Visit
from callwaiting.features.calls.vocabulary import Phrase
from callwaiting.features.catalogue.service import words_of
from callwaiting.understanding import Slot

LARGEST = 500
MOST_SERVICES = 3
ADDING: tuple[Phrase, ...] = (("add",), ("also",), ("too",), ("as", "well"), ("plus",))
YES_AND = re.compile(r"(?:(?:yes|yeah|ok|okay|sure|please|oh|great) )*and ")
UNDECIDED = frozenset({"dont", "instead", "no", "not", "or", "without"})
ONLY = frozenset({"just", "no", "not", "only", "without"})
BEFORE_A_PERSON = frozenset({"with", "by", "see", "seeing"})


def named_in(visit: Visit, heard: Heard, facts: Facts, *, asked: str | None = None) -> Visit:
    """The visit with what was said of it put in. `asked` is `people` after the question how many come."""
    words = () if heard.digits else words_of(heard.speech)
    if not words:
        return visit
    visit = _with_services(visit, words, facts)
    place_id = _person(words, facts.choice.places)
    if place_id is not None:
        visit = replace(visit, place_id=place_id)
    party = party_in(heard, facts, asked=asked) if room(visit, facts) is not None else None
    return visit if party is None else replace(visit, party=party)


def names(heard: Heard, facts: Facts) -> bool:
    """Whether a service is named, or somebody to go to: `I need to see Dr. Lee`."""
    words = () if heard.digits else words_of(heard.speech)
    return bool(naming.named_in(words, facts.choice.services)) or _person(words, facts.choice.places) is not None


def party_in(heard: Heard, facts: Facts, *, asked: str | None = None) -> int | None:
    """How many people come; None when it was not said, or not surely."""
    if heard.digits:
        keyed = int(heard.digits) if heard.digits.isdecimal() and len(heard.digits) <= 3 else 0
        return keyed if 0 < keyed <= LARGEST else None
    found = when.understood(heard.speech, facts, asked)
    size = found.party_size
    return size if size and Slot.PARTY_SIZE not in found.doubtful and size <= LARGEST else None


def room(visit: Visit, facts: Facts) -> int | None:
    """The largest party that there is room for; None where it does not matter how many come."""
    able = able_places(visit, facts)
    if all(place.seats is None for place in able):
        return None
    return max(place.seats or LARGEST for place in able)


def offer_of(service_id: UUID | None, facts: Facts) -> Offer | None:
    return next((offer for offer in facts.choice.services if offer.id == service_id), None)


def able_places(visit: Visit, facts: Facts) -> list[Place]:
    """Who or what can do it, all of it."""
    offers = [offer for each in (visit.service_id, *visit.then) if (offer := offer_of(each, facts))]
    return [place for place in facts.choice.places if all(place.id in offer.resource_ids for offer in offers)]


def can_be_together(visit: Visit, facts: Facts) -> bool:
    """Whether the services can be booked by one yes: by somebody who does them all, and nothing is due for them first
    and it does not matter how many come."""
    able = able_places(visit, facts)
    due = any(offer.deposit for each in (visit.service_id, *visit.then) if (offer := offer_of(each, facts)))
    wished = [place for place in able if visit.place_id in {None, place.id}]
    return bool(wished) and not due and room(visit, facts) is None


def person_of(place_id: UUID | None, service_id: UUID | None, facts: Facts) -> str | None:
    """Whose name is worth saying: of a service that several people do. Tables have seats, and no such name."""
    able = able_places(Visit(service_id), facts) if service_id else []
    return next((each.name for each in able if each.id == place_id and each.seats is None and len(able) > 1), None)


def _with_services(visit: Visit, words: Sequence[str], facts: Facts) -> Visit:
    """The service that was named; several in one breath come one after the other, `this or that` is neither."""
    planned = (visit.service_id, *visit.then)
    named = naming.each_named(words, facts.choice.services)
    if len(named) > 1 and not UNDECIDED & set(words[1:]):
        return replace(visit, service_id=named[0], then=named[1:MOST_SERVICES])
    service_id = _only(naming.named_in(words, facts.choice.services))
    if service_id is None or (service_id in planned and not ONLY & set(words)):
        return visit
    added = YES_AND.match(" ".join(words)) or any(understanding.has(words, phrase) for phrase in ADDING)
    if visit.service_id is not None and added and service_id not in planned:
        return replace(visit, then=(*visit.then, service_id)[: MOST_SERVICES - 1])
    return replace(visit, service_id=service_id, then=())


def _only(found: Sequence[UUID]) -> UUID | None:
    return found[0] if len(found) == 1 else None


def _person(words: Sequence[str], places: Sequence[Place]) -> UUID | None:
    """The one who is named behind `with`, or by a name that is all that was said: callers have names too."""
    people = [place for place in places if place.seats is None]
    found = {
        place_id
        for start, word in enumerate(words)
        if word in BEFORE_A_PERSON
        for place_id in naming.named_at(words, start + 1, people)
    }
    if not found and len(words) <= 2:
        found = set(naming.named_at(words, 0, people))
    return found.pop() if len(found) == 1 else None
