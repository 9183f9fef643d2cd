"""`/api/v1/bookings` and `/api/v1/booking-resources`."""

from __future__ import annotations

from datetime import datetime, time
from typing import TypedDict
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.auth import PermissionMissing, principal
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.bookings import changes, desk, listing, resources
from callwaiting.features.bookings.schemas import (
    BookingBody,
    BookingFace,
    BookingQuery,
    CancelQuery,
    DayFace,
    MoveBody,
    ResourceBody,
    ResourceFace,
    SlotFace,
    SlotQuery,
)
from callwaiting.features.bookings.transitions import Move
from callwaiting.features.callers import shown

api = Api("bookings")
RESOURCE = "/booking-resources/<uuid:resource_id>"
BOOKING = "/bookings/<uuid:booking_id>"


class Values(TypedDict):
    name: str
    opens: time
    closes: time
    slot_minutes: int
    units: int
    seats: int | None


@api.get("/booking-resources", requires="bookings.read", query=PageQuery, answers=Page[ResourceFace])
def resources_by_name(session: Session, query: PageQuery) -> Page[ResourceFace]:
    """What can be booked, by name."""
    rows = resources.by_name(session, after=query.position(str, UUID), limit=query.limit + 1)
    return Page[ResourceFace].of(rows, query, key=lambda row: (row.name, row.id))


@api.post("/booking-resources", requires="merchant.write", body=ResourceBody, answers=ResourceFace, status=201)
def add_resource(session: Session, body: ResourceBody) -> ResourceFace:
    """Add something that can be booked."""
    resource_id = resources.add_resource(session, **_values(body))
    return ResourceFace.model_validate(resources.resource(session, resource_id))


@api.get(RESOURCE, requires="bookings.read", answers=ResourceFace)
def one_resource(session: Session, resource_id: UUID) -> ResourceFace:
    """One thing that can be booked."""
    return ResourceFace.model_validate(resources.resource(session, resource_id))


@api.put(RESOURCE, requires="merchant.write", body=ResourceBody, answers=ResourceFace)
def change_resource(session: Session, resource_id: UUID, body: ResourceBody, version: int) -> ResourceFace:
    """Change what can be booked, as a whole. Bookings stay as they are, also those that no longer fit."""
    resources.change_resource(session, resource_id, version, **_values(body))
    return ResourceFace.model_validate(resources.resource(session, resource_id))


@api.get(f"{RESOURCE}/slots", requires="bookings.read", query=SlotQuery, answers=DayFace)
def slots(session: Session, resource_id: UUID, query: SlotQuery) -> DayFace:
    """The slots of a day that have not begun, with how many are free of each."""
    found = listing.free_slots_of(session, resource_id, query.day, query.service_id)
    return DayFace(resource_id=resource_id, day=query.day, slots=[SlotFace.model_validate(slot) for slot in found])


@api.get("/bookings", requires="bookings.read", query=BookingQuery, answers=Page[BookingFace])
def by_start(session: Session, query: BookingQuery) -> Page[BookingFace]:
    """Bookings of a day, or all to come, in the order in which they begin."""
    rows = listing.by_start(
        session,
        day=query.day,
        state=query.state,
        resource_id=query.resource_id,
        after=query.position(datetime, UUID),
        limit=query.limit + 1,
    )
    faces = shown.faces(session, BookingFace, rows)
    return Page[BookingFace].of(faces, query, key=lambda booking: (booking.start, booking.id))


@api.post(
    "/bookings",
    requires="bookings.write",
    body=BookingBody,
    answers=BookingFace,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def book(session: Session, body: BookingBody) -> BookingFace:
    """Book a slot for a caller, who gets a text unless the caller wants none. 409 when the slot is taken."""
    booking_id = desk.book(session, **body.model_dump())
    return _face(session, booking_id)


@api.get(BOOKING, requires="bookings.read", answers=BookingFace)
def one(session: Session, booking_id: UUID) -> BookingFace:
    """One booking."""
    return _face(session, booking_id)


@api.patch(BOOKING, requires="bookings.write", body=MoveBody, answers=BookingFace, refuses=[ErrorCode.CONFLICT])
def move(session: Session, booking_id: UUID, body: MoveBody, version: int) -> BookingFace:
    """Move a booking to another slot; the caller gets a text.

    409 when the slot is taken, or when the booking is not confirmed or its time has come.
    """
    desk.move(session, booking_id, version, start=body.start, resource_id=body.resource_id)
    return _face(session, booking_id)


@api.post(
    f"{BOOKING}/cancel",
    requires="bookings.write",
    query=CancelQuery,
    answers=BookingFace,
    idempotent=False,
    if_match=True,
    refuses=[ErrorCode.CONFLICT],
)
def cancel(session: Session, booking_id: UUID, query: CancelQuery, version: int) -> BookingFace:
    """Cancel a booking to come; the caller gets a text, and the deposit back when the notice is kept.

    409 when it is neither confirmed nor waits for its deposit, its time has come, or its deposit is just being taken.
    Only who may refund payments gives a deposit back against the notice.
    """
    if query.deposit == "refund" and "payments.refund" not in principal().permissions:
        raise PermissionMissing("payments.refund")
    changes.cancel(session, booking_id, version=version, by="team", deposit=query.deposit)
    return _face(session, booking_id)


@api.post(
    f"{BOOKING}/complete",
    requires="bookings.write",
    answers=BookingFace,
    idempotent=False,
    if_match=True,
    refuses=[ErrorCode.CONFLICT],
)
def complete(session: Session, booking_id: UUID, version: int) -> BookingFace:
    """The caller was there.

    409 before the booking begins, or when it was cancelled; it corrects a `no_show`.
    """
    changes.close(session, booking_id, Move.COMPLETE, version)
    return _face(session, booking_id)


@api.post(
    f"{BOOKING}/no-show",
    requires="bookings.write",
    answers=BookingFace,
    idempotent=False,
    if_match=True,
    refuses=[ErrorCode.CONFLICT],
)
def no_show(session: Session, booking_id: UUID, version: int) -> BookingFace:
    """The caller did not come.

    409 before the booking begins, or when it was cancelled; it corrects `completed`.
    """
    changes.close(session, booking_id, Move.MISS, version)
    return _face(session, booking_id)


def _face(session: Session, booking_id: UUID) -> BookingFace:
    return shown.faces(session, BookingFace, [listing.one(session, booking_id)])[0]


def _values(body: ResourceBody) -> Values:
    return {
        "name": body.name,
        "opens": time.fromisoformat(body.opens),
        "closes": time.fromisoformat(body.closes),
        "slot_minutes": body.slot_minutes,
        "units": body.units,
        "seats": body.seats,
    }
