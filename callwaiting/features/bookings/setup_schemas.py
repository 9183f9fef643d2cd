"""What a merchant sets up for bookings, as the API shows and takes it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, field_validator

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Amount, Day, Schema, TimeOfDay, Version
from callwaiting.features.bookings.schemas import Name

MAX_PERIODS = 42  # six a day

Minutes = Annotated[int, Field(ge=5, le=480, examples=[45])]
Buffer = Annotated[int, Field(ge=0, le=120, examples=[10])]
Lead = Annotated[int, Field(ge=0, le=20_160)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(examples=["US"])]
HolidayRegion = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 -]{1,40}$"), Field(examples=["NY"])]
HolidayName = Annotated[str, StringConstraints(min_length=1, max_length=120), Field(examples=["Columbus Day"])]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")]


class ServiceBody(Schema):
    """What is done in an appointment. It begins on a grid of `step_minutes` from when the business opens; buffers lie
    around it and belong to nobody else. `capacity` is how many of a resource's units it may fill at one time (null:
    all). A `deposit` on the price is due before a booking is confirmed. Without a `tax_rate_id` the business's default
    rate holds."""

    name: Name
    minutes: Minutes
    step_minutes: Minutes = Field(examples=[15])
    buffer_before: Buffer = 0
    buffer_after: Buffer = 0
    price: Amount
    deposit: Amount | None = Field(default=None, examples=[{"amount": 1000, "currency": "USD"}])
    capacity: int | None = Field(default=None, ge=1, le=100, examples=[12])
    active: bool = True
    tax_rate_id: UUID | None = None
    resource_ids: list[UUID] = Field(min_length=1, max_length=100, description="Who or what can do it.")


class ServiceFace(ServiceBody):
    id: UUID
    version: Version


class WeekPeriod(Schema):
    """`weekday` is 1 for Monday, 7 for Sunday. `closes` at or before `opens` means the following day."""

    weekday: int = Field(ge=1, le=7, examples=[5])
    opens: TimeOfDay
    closes: TimeOfDay


class ResourceWeekBody(Schema):
    """A resource's own week, in the business's local time; none, and it follows the business's hours."""

    periods: list[WeekPeriod] = Field(max_length=MAX_PERIODS)


class ResourceWeekFace(ResourceWeekBody):
    """The version is that of the resource."""

    version: Version


class DayPeriod(Schema):
    """Local times of one day; `closes` at or before `opens` means the following day."""

    opens: TimeOfDay
    closes: TimeOfDay


class SpecialDayFace(Schema):
    """A day with other hours, or none. `resource_id` null: of the whole business."""

    id: UUID
    day: Day
    resource_id: UUID | None
    periods: list[DayPeriod]
    note: str = Field(examples=["New Year's Eve"])

    @field_validator("periods", mode="before")
    @classmethod
    def _kept(cls, value: object) -> object:
        """The database keeps pairs."""
        if isinstance(value, list):
            return [dict(zip(("opens", "closes"), item, strict=True)) if isinstance(item, list) else item
                    for item in value]  # fmt: skip
        return value


class SpecialDayBody(Schema):
    """Hours of one day instead of its usual ones; no periods: closed. Bookings to come that lie outside of them are
    kept, or cancelled with a text to each caller."""

    day: Day
    resource_id: UUID | None = None
    periods: list[DayPeriod] = Field(max_length=6)
    note: Note = Field(default="", examples=["Staff party"])
    bookings: Literal["keep", "cancel"] = "keep"


class SpecialDayMade(SpecialDayFace):
    """`outside`: how many bookings to come lie outside the new hours; `cancelled`: how many of them were cancelled."""

    outside: int
    cancelled: int


class SpecialDayQuery(PageQuery):
    since: Day | None = Field(default=None, description="From this day on; without it, from today.")


class RulesBody(Schema):
    """On public holidays of the country and its region the business is closed, but for those named in `open_holidays`.
    A caller may change a booking until `notice_minutes` before it begins, and is reminded `reminder_minutes` before (0:
    never), outside of the night. A time is kept `deposit_minutes` for the deposit on its service."""

    holiday_country: Country | None
    holiday_region: HolidayRegion | None
    open_holidays: list[HolidayName] = Field(max_length=100)
    notice_minutes: Lead = Field(examples=[120])
    reminder_minutes: Lead = Field(examples=[1440])
    deposit_minutes: int = Field(default=120, ge=10, le=10_080, examples=[120])


class RulesFace(RulesBody):
    version: Version


class HolidayFace(Schema):
    """A public holiday, with every name that the day has."""

    day: date
    names: list[str] = Field(examples=[["Thanksgiving Day"]])
    closed: bool


class HolidayQuery(Schema):
    year: int = Field(ge=2000, le=2099, examples=[2026])


class HolidaysFace(Schema):
    """The public holidays of a year; none when no country is given."""

    items: list[HolidayFace]
