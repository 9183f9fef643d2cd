"""Summaries of days as the API shows them."""

from __future__ import annotations

from pydantic import Field

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Amount, Count, Day, Instant, Schema, Version


class SettingsBody(Schema):
    """`hour` is that of the morning after, by the business's own clock."""

    enabled: bool
    hour: int = Field(ge=0, le=23, examples=[7])


class SettingsFace(SettingsBody):
    version: Version


class ChoiceBody(Schema):
    """`when_empty`: also of days on which nothing happened."""

    mail: bool
    when_empty: bool = False


class ChoiceFace(ChoiceBody):
    version: Version


class PreviewQuery(Schema):
    day: Day


class AttentionFace(Schema):
    """What needs a person now."""

    open_alerts: Count
    parked_payments: Count
    left_messages: Count
    undelivered_texts: Count


class SummaryFace(Schema):
    """A day as the mail tells it, with the figures of `/kpis`. `bookings_after` begin on the day after."""

    day: Day
    missed_calls: Count
    recovered_calls: Count
    orders_paid: Count
    bookings_made: Count
    bookings_after: Count
    captured: Amount
    refunded: Amount
    lost: Amount
    revenue: Amount
    attention: AttentionFace
    empty: bool
    subject: str = Field(examples=["Luigi's Pizza, Monday: 14 calls, $129.90"])
    text: str = Field(examples=["14 missed calls, 9 of them recovered.\n6 orders paid, $129.90."])


class ToldFace(Schema):
    """A day that was told: `mailed` to so many, `empty` or to `nobody`, since nobody wanted it."""

    day: Day
    outcome: str = Field(examples=["mailed"])
    recipients: Count
    created_at: Instant


class ToldQuery(PageQuery):
    pass
