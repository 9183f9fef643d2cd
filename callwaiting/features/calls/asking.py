"""Questions that the books answer: what it costs, how long it takes, what the order comes to. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from callwaiting.core.money import Money
from callwaiting.features.bookings.service import Offer
from callwaiting.features.calls import (
    booking,
    booking_phrases,
    counting,
    filling,
    naming,
    options,
    order_phrases,
    understanding,
    visiting,
    when,
)
from callwaiting.features.calls.acts import Facts
from callwaiting.features.calls.outcomes import Heard
from callwaiting.features.calls.prompts import Decision, ask, item_named
from callwaiting.features.calls.state import FRAMES, DialogueState, Frame, Step, Visit, Wish
from callwaiting.features.calls.vocabulary import ABOUT_LENGTH, ABOUT_PRICE, ABOUT_TOTAL, TAKING, YES, Intent
from callwaiting.features.catalogue.service import words_of
from callwaiting.features.orders.service import titled

ELSEWHERE = frozenset({"wait", "waiting", "delivery", "deliver"})
IS_IT = frozenset({("is", "the"), ("are", "the")})
THERE = frozenset({"available", "left", "still", "free"})
AT_AN_ORDER = frozenset({Step.ITEM, Step.MORE, Step.FIX, Step.CONFIRM})


def answered(state: DialogueState, heard: Heard, facts: Facts) -> tuple[DialogueState, str] | None:
    """What is said of the items and services that the caller asks about. One item can be ordered by `yes` then."""
    words = words_of(heard.speech)
    if ELSEWHERE & set(words) or (words[:2] in IS_IT and not THERE & set(words)):
        return None  # `how long is the wait`, `is the pepperoni spicy`
    named = naming.named_in(words, facts.choice.services)
    services = [offer for offer in facts.choice.services if offer.id in named]
    at_hand = visiting.offer_of(state.visit.service_id, facts) if state.step in FRAMES[Frame.BOOKING] else None
    if _about(words, ABOUT_LENGTH):
        known = [offer for offer in services or filter(None, [at_hand]) if offer.minutes]
        return (state, booking_phrases.lengths(known)) if known else None
    if not _about(words, ABOUT_PRICE) and not understanding.asks_after(words):
        return None
    wishes = _wishes(heard, facts)
    said = [
        *(_priced(wish, facts) for wish in wishes),
        *((offer.name, offer.price) for offer in services if offer.price.minor),
    ]
    if not said and at_hand is not None and at_hand.price.minor and _about(words, ABOUT_PRICE):
        said = [(at_hand.name, at_hand.price)]
    if not said and services and _about(words, ABOUT_PRICE):
        return replace(state, offer=Wish((services[0].id,), None)), booking_phrases.no_price(services[0])
    if not said:
        return None
    named_once = [*wishes, *(Wish((offer.id,), None) for offer in services)]
    one = named_once[0] if len(named_once) == 1 else None
    return replace(state, offer=one), order_phrases.prices(said)


def total(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """What does it come to? The order is read back as it is."""
    if state.step not in AT_AN_ORDER or not state.cart or not _about(words_of(heard.speech), ABOUT_TOTAL):
        return None
    return ask(replace(state, step=Step.CONFIRM), facts)


def taken(state: DialogueState, heard: Heard, facts: Facts) -> Decision | None:
    """`I'll take two of those`, of what the caller has just heard the price of."""
    words = () if heard.digits else words_of(heard.speech)
    if state.offer is None or not words or state.step not in {Step.MENU, Step.SERVICE, *AT_AN_ORDER}:
        return None
    service = visiting.offer_of(state.offer.item_ids[0], facts)
    if service is not None:
        return _booked(state, service, heard, facts) if state.takes_bookings else None
    numbers = [number for at in range(len(words)) if (number := counting.number_at(words, at))]
    plain = all(word in TAKING | YES or counting.number_at(words, at) is not None for at, word in enumerate(words))
    if not plain or not (numbers or {"take", "have"} & set(words) or understanding.yes_or_no(words)):
        return None
    quantity = counting.quantity_in("", [word for word in words if word not in {"a", "an"}])
    return filling.settle(replace(state, wishes=(replace(state.offer, quantity=quantity),), offer=None), facts)


def _booked(state: DialogueState, service: Offer, heard: Heard, facts: Facts) -> Decision | None:
    """`Book me one on Friday`, of the service whose price was told."""
    words = words_of(heard.speech)
    other = set(naming.named_in(words, facts.choice.services)) - {service.id}
    plain = all(word in TAKING | YES | {"one"} for word in words) and understanding.yes_or_no(words) is not False
    wanted = when.wanted_in(heard.speech, facts)
    meant = wanted is not None and bool({"it", "one", "that"} & set(words))  # `can I come at five for that`
    if other or not (plain or meant or understanding.intent_in(words) is Intent.BOOK):
        return None
    visit = replace(visiting.named_in(Visit(), heard, facts), service_id=service.id)
    return booking.go_on(replace(state, visit=visit, wanted=wanted, offer=None), facts)


def _about(words: Sequence[str], phrases_of: Sequence[tuple[str, ...]]) -> bool:
    return any(understanding.has(words, phrase) for phrase in phrases_of)


def _wishes(heard: Heard, facts: Facts) -> list[Wish]:
    """The items that are asked about, with the options that change their price."""
    told = [(each.item, each) for each in options.said_in(heard.speech, facts.menu) if each.item is not None]
    found = []
    for name, said in told:
        for item_id in options.ids_of(name, facts.menu):
            item = item_named(item_id, facts)
            if item is not None:
                found.append(options.resolved(item, Wish((item_id,), None), said).wish)
    return found or [Wish((item.id,), None) for item in naming.items_in(words_of(heard.speech), facts.menu)]


def _priced(wish: Wish, facts: Facts) -> tuple[str, Money]:
    item = item_named(wish.item_ids[0], facts)
    assert item is not None  # noqa: S101 - it was found on this menu
    chosen = item.options(wish.options)
    price = Money(max(item.price.minor + sum(each.delta.minor for each in chosen), 0), item.price.currency)
    return titled(item.name, [each.name for each in chosen], ()), price
