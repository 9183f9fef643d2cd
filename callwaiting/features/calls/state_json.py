"""The dialogue's state in the form that its row keeps, readable by this release and the one before it."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Literal, cast
from uuid import UUID

from callwaiting.core.money import Money
from callwaiting.features.bookings.service import Slot
from callwaiting.features.calls.state import DialogueState, Held, Step, Visit, Wanted, Wish
from callwaiting.features.orders.service import LineRequest


def to_json(state: DialogueState) -> dict[str, Any]:
    """The form that the call's row keeps."""
    return {
        "step": state.step.value,
        "misses": state.misses,
        "can_text": state.can_text,
        "takes_bookings": state.takes_bookings,
        "wishes": [_wish_to_json(wish) for wish in state.wishes],
        "cart": [_line_to_json(line) for line in state.cart],
        "agreed": [state.agreed.minor, state.agreed.currency] if state.agreed else None,
        "offers": [_slot_to_json(slot) for slot in state.offers],
        "held": _slot_to_json(state.held) if state.held else None,
        "booking_id": str(state.booking_id) if state.booking_id else None,
        "goal": state.goal,
        "number_keyed": state.number_keyed,
        "turns": state.turns,
        "last": str(state.last) if state.last else None,
        "message_id": str(state.message_id) if state.message_id else None,
        "can_transfer": state.can_transfer,
        "voicemail": state.voicemail,
        "person_asked": state.person_asked,
        "booking_version": state.booking_version,
        "ringing": state.ringing,
        "wanted": _wanted_to_json(state.wanted) if state.wanted else None,
        "visit": _visit_to_json(state.visit),
        "due_now": [state.due_now.minor, state.due_now.currency] if state.due_now else None,
        "code": state.code,
        "code_tries": state.code_tries,
        "unpaid": state.unpaid,
        "change": state.change,
        "later": state.later,
        "declined": state.declined,
        "also": [[str(each.booking_id), _slot_to_json(each.slot)] for each in state.also],
        "one_by_one": _texts(state.one_by_one),
        "offer": _wish_to_json(state.offer) if state.offer else None,
    }


def from_json(kept: dict[str, Any]) -> DialogueState:
    """What `to_json` made, of this release or of the one before it; an empty object is a new call."""
    if not kept:
        return DialogueState()
    return DialogueState(
        step=Step(kept["step"]),
        misses=kept["misses"],
        can_text=kept["can_text"],
        takes_bookings=kept["takes_bookings"],
        wishes=tuple(map(_wish_from_json, kept["wishes"])),
        cart=tuple(map(_line_from_json, kept["cart"])),
        agreed=Money(*kept["agreed"]) if kept["agreed"] else None,
        offers=tuple(_slot_from_json(slot) for slot in kept["offers"]),
        held=_slot_from_json(kept["held"]) if kept["held"] else None,
        booking_id=_id(kept["booking_id"]),
        goal=cast(Literal["order", "booking"] | None, kept["goal"]),
        number_keyed=kept["number_keyed"],
        turns=kept.get("turns", 0),
        last=_id(kept.get("last")),
        message_id=_id(kept.get("message_id")),
        can_transfer=kept.get("can_transfer", False),
        voicemail=kept.get("voicemail", False),
        person_asked=kept.get("person_asked", False),
        booking_version=kept.get("booking_version", 0),
        ringing=kept.get("ringing", False),
        wanted=_wanted_from_json(kept["wanted"]) if kept.get("wanted") else None,
        visit=_visit_from_json(kept["visit"]) if kept.get("visit") else Visit(),
        due_now=Money(*kept["due_now"]) if kept.get("due_now") else None,
        code=kept.get("code", ""),
        code_tries=kept.get("code_tries", 0),
        unpaid=kept.get("unpaid", False),
        change=cast(Literal["cancel", "move"] | None, kept.get("change")),
        later=kept.get("later", False),
        declined=kept.get("declined", False),
        also=tuple(Held(UUID(booking_id), _slot_from_json(slot)) for booking_id, slot in kept.get("also", ())),
        one_by_one=_ids(kept.get("one_by_one", [])),
        offer=_wish_from_json(kept["offer"]) if kept.get("offer") else None,
    )


def _id(kept: str | None) -> UUID | None:
    return UUID(kept) if kept else None


def _wish_to_json(wish: Wish) -> list[Any]:
    """As it was before there were options, where there are none: the release before this one reads it too."""
    plain: list[Any] = [[str(item_id) for item_id in wish.item_ids], wish.quantity]
    if not (wish.options or wish.removed or wish.asking):
        return plain
    return [*plain, _texts(wish.options), list(wish.removed), str(wish.asking) if wish.asking else None]


def _wish_from_json(kept: list[Any]) -> Wish:
    ids, quantity, *more = kept
    options, removed, asking = more or ([], [], None)
    return Wish(_ids(ids), quantity, _ids(options), tuple(removed), _id(asking))


def _line_to_json(line: LineRequest) -> list[Any]:
    plain: list[Any] = [str(line.item_id), line.quantity]
    return [*plain, _texts(line.options), list(line.removed)] if line.options or line.removed else plain


def _line_from_json(kept: list[Any]) -> LineRequest:
    item_id, quantity, *more = kept
    options, removed = more or ([], [])
    return LineRequest(UUID(item_id), quantity, _ids(options), tuple(removed))


def _texts(ids: tuple[UUID, ...]) -> list[str]:
    return [str(each) for each in ids]


def _ids(kept: list[str]) -> tuple[UUID, ...]:
    return tuple(UUID(each) for each in kept)


def _slot_to_json(slot: Slot) -> list[str]:
    service = [str(slot.service_id)] if slot.service_id else []
    return [str(slot.resource_id), slot.start.isoformat(), slot.end.isoformat(), *service]


def _slot_from_json(kept: list[str]) -> Slot:
    resource_id, start, end, *service = kept
    service_id = UUID(service[0]) if service else None
    return Slot(UUID(resource_id), datetime.fromisoformat(start), datetime.fromisoformat(end), service_id)


def _visit_to_json(visit: Visit) -> list[Any]:
    ids = (visit.service_id, visit.place_id)
    return [*(str(each) if each else None for each in ids), visit.party, *_texts(visit.then)]


def _visit_from_json(kept: list[Any]) -> Visit:
    service_id, place_id, party, *then = kept
    return Visit(_id(service_id), _id(place_id), party, _ids(then))


def _wanted_to_json(wanted: Wanted) -> dict[str, Any]:
    return {
        "day": wanted.day.isoformat() if wanted.day else None,
        "times": [moment.isoformat() for moment in wanted.times],
        "earliest": wanted.earliest.isoformat() if wanted.earliest else None,
        "latest": wanted.latest.isoformat() if wanted.latest else None,
        "doubtful": wanted.doubtful,
    }


def _wanted_from_json(kept: dict[str, Any]) -> Wanted:
    return Wanted(
        day=date.fromisoformat(kept["day"]) if kept["day"] else None,
        times=tuple(map(time.fromisoformat, kept["times"])),
        earliest=time.fromisoformat(kept["earliest"]) if kept["earliest"] else None,
        latest=time.fromisoformat(kept["latest"]) if kept["latest"] else None,
        doubtful=kept["doubtful"],
    )
