"""What the dialogue wants done, done in the transaction of the turn. The outcome is the dialogue's next event."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.core import phone
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings import service as bookings
from callwaiting.features.bookings.errors import SlotTaken
from callwaiting.features.callers import service as callers
from callwaiting.features.calls.acts import (
    AllowTexts,
    AmountRefused,
    Booked,
    CallerReachable,
    CallPerson,
    ConfirmBooking,
    Effect,
    FindSlots,
    HoldSlot,
    ItemsGone,
    Noted,
    NumberRefused,
    Outcome,
    Placed,
    PlaceOrder,
    Price,
    Priced,
    ReleaseBooking,
    RememberCaller,
    SlotHeld,
    SlotLost,
    SlotReleased,
    SlotsFound,
    StopTexts,
    TextsRefused,
)
from callwaiting.features.calls.models import Call
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.errors import ConsentRevoked
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.errors import AmountOutOfRange, ItemsUnavailable, TotalChanged


def perform(session: Session, call: Call, region: str, effect: Effect) -> Outcome:
    """Do it. `region` is the merchant's, for numbers keyed in without a country code."""
    match effect:
        case Price() | PlaceOrder():
            return _order(session, call, effect)
        case FindSlots() | HoldSlot() | ConfirmBooking() | ReleaseBooking():
            return _book(session, call, effect)
        case RememberCaller(digits):
            number = phone.caller_number(digits, region)
            if number is None:
                return NumberRefused()
            call.caller_id = callers.remember(session, number)
            return CallerReachable(can_text(session, call))
        case AllowTexts():
            if call.caller_id is not None:
                consents.record_declaration(session, call.caller_id, "granted", origin="voice")
            return CallerReachable(can_text(session, call))
        case StopTexts(said):
            if call.caller_id is not None:
                consents.record_declaration(session, call.caller_id, "revoked", origin="voice", evidence=said)
            return Noted()
        case CallPerson():
            alerts.raise_alert(
                session,
                "calls.person_requested",
                subject=f"call:{call.id}",
                severity="warning",
                summary="A caller asked to speak to a person.",
            )
            audit.record(session, "call.person_requested", subject=f"call:{call.id}")
            return Noted()


def can_text(session: Session, call: Call) -> bool:
    """Whether the caller can be reached by text: known, and not against it."""
    try:
        if call.caller_id is not None:
            consents.require_consent(session, call.caller_id)
    except ConsentRevoked:
        return False
    return call.caller_id is not None


def _order(session: Session, call: Call, effect: Price | PlaceOrder) -> Outcome:
    try:
        if isinstance(effect, Price):
            return Priced(orders.quote(session, effect.lines))
        if call.caller_id is None or not can_text(session, call):
            return TextsRefused()
        placed = orders.place_order(
            session,
            caller_id=call.caller_id,
            call_id=call.id,
            phone_number_id=call.phone_number_id,
            lines=effect.lines,
            agreed=effect.agreed,
        )
    except ItemsUnavailable as error:
        return ItemsGone(error.item_ids)
    except AmountOutOfRange:
        return AmountRefused()
    except TotalChanged as error:
        return Priced(error.quote, changed=True)
    call.outcome = "order"
    return Placed(placed.number, placed.total)


def _book(session: Session, call: Call, effect: FindSlots | HoldSlot | ConfirmBooking | ReleaseBooking) -> Outcome:
    try:
        match effect:
            case FindSlots(limit):
                return SlotsFound(tuple(bookings.free_slots(session, limit=limit)))
            case HoldSlot(slot):
                held = bookings.hold(session, slot, call_id=call.id, caller_id=call.caller_id)
                return SlotHeld(held, slot)
            case ReleaseBooking(booking_id):
                bookings.release(session, booking_id)
                return SlotReleased()
            case ConfirmBooking(booking_id):
                if call.caller_id is not None:
                    bookings.attach_caller(session, booking_id, call.caller_id)
                booked = bookings.confirm(session, booking_id, phone_number_id=call.phone_number_id)
    except SlotTaken:
        return SlotLost()
    call.outcome = "booking"
    return Booked(booked, texted=can_text(session, call))
