"""The texts about a booking."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.bookings.links import link_to
from callwaiting.features.bookings.models import Booking
from callwaiting.features.bookings.slots import spoken_time
from callwaiting.features.bookings.transitions import State
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import service as messages


def tell(session: Session, booking: Booking, what: str, *, answers_live_call: bool = False) -> None:
    """Plan a text to the caller about a booking, in the wording of `booking_<what>`, with the link under which it can
    be changed. Each version is told once, and reminded of once."""
    if booking.caller_id is None or booking.phone_number_id is None:
        return
    profile, start = merchants.profile(session), booking.starts_at
    local = start.astimezone(profile.timezone)
    values = {"time": f"{spoken_time(start, profile.timezone, clock.now())} ({local:%a}, {local:%b} {local.day})"}
    if booking.state == State.CONFIRMED:
        values["link"] = link_to(session, booking.id)
    key = f"booking:{booking.id}:v{booking.version}"
    messages.plan_text(
        session,
        f"booking_{what}",
        values,
        caller_id=booking.caller_id,
        phone_number_id=booking.phone_number_id,
        message_key=f"{key}:reminder" if what == "reminder" else key,
        answers_live_call=answers_live_call,
        subject_id=booking.id,
    )
