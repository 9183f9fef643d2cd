"""What can stop a booking."""

from __future__ import annotations

from callwaiting.core.errors import CallwaitingError, Conflict, ErrorCode, NotFound


class SlotTaken(Conflict):
    """Somebody else has the slot, or the hold on it has run out."""

    reason = "bookings.slot_taken"


class ResourceInvalid(CallwaitingError):
    """The hours, the slot length or the number of units are out of bounds."""

    code = ErrorCode.VALIDATION_FAILED
    reason = "bookings.resource_invalid"


class ResourceNotFound(NotFound):
    reason = "bookings.resource_not_found"


class BookingNotFound(NotFound):
    reason = "bookings.not_found"


class BookingFixed(Conflict):
    """It is held, cancelled or expired, or its time has come. `detail` says which."""

    reason = "bookings.fixed"


class ServiceNotFound(NotFound):
    reason = "bookings.service_not_found"


class TooLate(Conflict):
    """A caller may not change the booking any more: its beginning is nearer than the merchant's notice."""

    reason = "bookings.too_late"
