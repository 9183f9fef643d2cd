"""Figures as the API shows them."""

from __future__ import annotations

from pydantic import Field

from callwaiting.core.http.schemas import Amount, Day, Schema


class KpiQuery(Schema):
    """Both days are included; at most 92 of them."""

    since: Day = Field(description="The first day, by the business's clock.")
    until: Day = Field(description="The last day; at most 91 days later.")


class Sum(Amount):
    """`amount` is in minor units (cents for USD)."""

    amount: int = Field(ge=-(2**53), le=2**53, examples=[129900])


class FiguresFace(Schema):
    """`missed_calls` are all calls that came in, for each is one that the business had not taken; `answered_calls` were
    spoken with, `recovered_calls` led to an order or a booking. `bookings` are those that still stand, by the day of
    their making. `revenue` is `captured` less what of it was `refunded`, or `lost` to a dispute, since, whenever that
    was."""

    missed_calls: int = Field(examples=[14])
    answered_calls: int = Field(examples=[13])
    recovered_calls: int = Field(examples=[6])
    orders: int = Field(examples=[4])
    bookings: int = Field(examples=[2])
    texts_sent: int = Field(examples=[21])
    texts_received: int = Field(examples=[5])
    captured: Sum
    refunded: Sum
    lost: Sum
    revenue: Sum


class KpiDay(Schema):
    day: Day
    figures: FiguresFace


class KpiFace(Schema):
    """Every day of the range, and all together."""

    timezone: str = Field(examples=["America/New_York"])
    total: FiguresFace
    days: list[KpiDay]
