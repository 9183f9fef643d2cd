"""A merchant as the API shows and takes it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.schemas import Currency, Instant, Schema, TimeOfDay, Version

MAX_PERIODS = 42  # six a day

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), Field(examples=["Luigi's Pizza"])
]
Timezone = Annotated[str, StringConstraints(max_length=64), Field(examples=["America/New_York"])]
Region = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(examples=["US"])]


class ProfileBody(Schema):
    """`region` is the country whose national numbers are understood."""

    name: Name
    timezone: Timezone
    region: Region


class ProfileFace(ProfileBody):
    """The business. Its `currency` cannot be changed: prices and orders are in it."""

    id: UUID
    currency: Currency
    status: str = Field(examples=["active"])
    version: Version
    created_at: Instant


class PeriodFace(Schema):
    """`weekday` is 1 for Monday, 7 for Sunday. `closes` at or before `opens` means the following day; equal ones, all
    day and night."""

    weekday: int = Field(ge=1, le=7, examples=[5])
    opens: TimeOfDay
    closes: TimeOfDay


class WeekBody(Schema):
    """All periods of a week in which the business is open, in its local time; none when no hours are given."""

    periods: list[PeriodFace] = Field(max_length=MAX_PERIODS)


class WeekFace(WeekBody):
    """The business's hours. The version is that of the merchant."""

    version: Version
