"""Bookings, and what can be booked, as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Day, Instant, NamedInstant, Schema, TimeOfDay, Version
from callwaiting.features.bookings.transitions import State

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), Field(examples=["Table"])]


class ResourceBody(Schema):
    """Something that can be booked: `units` of it are alike. Its slots follow each other from `opens` to `closes`.
    `seats`: how many people one of them takes (null: it does not matter); where it is given, callers are asked how many
    they are."""

    name: Name
    opens: TimeOfDay
    closes: TimeOfDay = Field(examples=["22:00"])
    slot_minutes: int = Field(ge=5, le=480, examples=[60])
    units: int = Field(default=1, ge=1, le=100, examples=[8])
    seats: int | None = Field(default=None, ge=1, le=500, examples=[4])


class ResourceFace(ResourceBody):
    id: UUID
    version: Version


class SlotQuery(Schema):
    day: Day = Field(description="A day, by the business's clock.")
    service_id: UUID | None = Field(default=None, description="For this service, instead of the plain slots.")


class SlotFace(Schema):
    """`free` of the resource's units can be booked."""

    start: Instant
    end: Instant
    free: int = Field(examples=[3])


class DayFace(Schema):
    """The slots of one day that have not begun."""

    resource_id: UUID
    day: Day
    slots: list[SlotFace]


class BookingQuery(PageQuery):
    day: Day | None = Field(
        default=None,
        description="Only bookings that begin on this day, by the business's clock; without it, all to come.",
    )
    state: State | None = Field(default=None, description="Only bookings in this state.")
    resource_id: UUID | None = Field(default=None, description="Only bookings of this resource.")


class BookingBody(Schema):
    """The slot that begins at `start`, for a caller, who gets a text from one of the business's own numbers; for a
    service, or without one for a plain slot of the resource. A deposit of the service is asked for by text, and the
    booking confirmed when it has come, unless it is waived."""

    resource_id: UUID
    service_id: UUID | None = None
    start: NamedInstant
    caller_id: UUID
    phone_number_id: UUID
    email: Annotated[str, StringConstraints(min_length=3, max_length=254)] | None = Field(
        default=None,
        description="Where the calendar entry goes, and each change of it.",
        examples=["maria@example.com"],
    )
    deposit: Literal["ask", "waive"] = "ask"


class CancelQuery(Schema):
    deposit: Literal["refund", "keep"] | None = Field(
        default=None,
        description="What becomes of a deposit that was paid; without it, it goes back when the notice of the rules of"
        " bookings is kept, and else stays.",
    )


class MoveBody(Schema):
    """The slot to move to; of the same resource unless another is named."""

    start: NamedInstant
    resource_id: UUID | None = None


class BookingFace(Schema):
    """`state` is `held` while a caller decides, `awaiting_deposit` until its deposit has come or `hold_expires_at` is
    past, then `confirmed` or `expired`; `call_id` is null when no call has
    made it. `party_size`: how many people come. `acknowledged_at`: when the caller said "I shall come". `caller_number`
    is null for those who may not see callers."""

    id: UUID
    resource_id: UUID
    resource: str = Field(examples=["Table"])
    service_id: UUID | None
    service: str | None = Field(examples=["Haircut"])
    unit: int = Field(examples=[3])
    party_size: int | None = Field(examples=[4])
    start: Instant
    end: Instant
    state: State
    hold_expires_at: Instant | None
    caller_id: UUID | None
    caller_number: str | None = Field(default=None, examples=["+12125550123"])
    call_id: UUID | None
    created_at: Instant
    confirmed_at: Instant | None
    acknowledged_at: Instant | None
    version: Version
