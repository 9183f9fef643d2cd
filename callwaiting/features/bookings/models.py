from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB, TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow

LONGEST = timedelta(minutes=480)  # no appointment is longer
LARGEST_PARTY = 500
LONGEST_BUFFER = timedelta(minutes=120)
STATES = ("held", "awaiting_deposit", "confirmed", "cancelled", "expired", "completed", "no_show")
MADE = "state in ('confirmed', 'completed', 'no_show')"


class BookingResource(TenantRow, Base):
    """Something or somebody that can be booked: a chair, a table, a room, a member of staff. `opens` and `closes` are
    the merchant's local time, of every day unless the resource has a week of its own. `seats`: how many people one unit
    takes; null where that does not matter."""

    __tablename__ = "booking_resources"
    __table_args__ = (
        CheckConstraint("opens < closes", name="opens"),
        CheckConstraint("slot_minutes between 5 and 480", name="slot_minutes"),
        CheckConstraint("units between 1 and 100", name="units"),
        CheckConstraint("seats between 1 and 500", name="seats"),
        Index("ix_booking_resources_name", "merchant_id", "name", "id"),
    )

    name: Mapped[str]
    opens: Mapped[time]
    closes: Mapped[time]
    slot_minutes: Mapped[int]
    units: Mapped[int] = mapped_column(server_default="1")
    seats: Mapped[int | None]
    version: Mapped[int] = mapped_column(server_default="1")


class BookingHours(TenantRow, Base):
    """One period of a resource's own week, as in the merchant's opening hours. The version is the resource's."""

    __tablename__ = "booking_hours"
    __table_args__ = (
        UniqueConstraint("merchant_id", "resource_id", "weekday", "opens"),
        CheckConstraint("weekday between 1 and 7", name="weekday"),
        ForeignKeyConstraint(
            ["merchant_id", "resource_id"], ["app.booking_resources.merchant_id", "app.booking_resources.id"]
        ),
    )

    resource_id: Mapped[UUID]
    weekday: Mapped[int]
    opens: Mapped[time]
    closes: Mapped[time]


class BookingSpecialDay(TenantRow, Base):
    """Other hours on one day, of one resource or (null) of the whole business: `periods` of `[opens, closes]`, none of
    them when it is closed."""

    __tablename__ = "booking_special_days"
    __table_args__ = (
        UniqueConstraint("merchant_id", "day", "resource_id", postgresql_nulls_not_distinct=True),
        ForeignKeyConstraint(
            ["merchant_id", "resource_id"], ["app.booking_resources.merchant_id", "app.booking_resources.id"]
        ),
        Index("ix_booking_special_days_day", "merchant_id", "day", "id"),
    )

    resource_id: Mapped[UUID | None]
    day: Mapped[date]
    periods: Mapped[list[Any]] = mapped_column(JSONB)
    note: Mapped[str] = mapped_column(server_default="")


class BookingRules(TenantRow, Base):
    """The merchant's rules: whose public holidays it keeps, of which `open_holidays` it works on; until how long before
    its beginning a caller may change a booking; how long before it a reminder goes out (0: never); how long a time is
    kept for its deposit."""

    __tablename__ = "booking_rules"
    __table_args__ = (
        UniqueConstraint("merchant_id"),
        CheckConstraint("notice_minutes between 0 and 20160", name="notice_minutes"),
        CheckConstraint("reminder_minutes between 0 and 20160", name="reminder_minutes"),
        CheckConstraint("deposit_minutes between 10 and 10080", name="deposit_minutes"),
    )

    holiday_country: Mapped[str | None]
    holiday_region: Mapped[str | None]
    open_holidays: Mapped[list[Any]] = mapped_column(JSONB, server_default="[]")
    notice_minutes: Mapped[int] = mapped_column(server_default="120")
    reminder_minutes: Mapped[int] = mapped_column(server_default="1440")
    deposit_minutes: Mapped[int] = mapped_column(server_default="120")
    version: Mapped[int] = mapped_column(server_default="1")


class BookingService(TenantRow, Base):
    """What is done in an appointment. Buffers lie around it and belong to nobody else; `capacity` is how many of a
    resource's units it may fill at one time (null: all). The price is in the merchant's currency, and so is the deposit
    on it that is due before the booking is confirmed (0: none). Without a tax rate of its own the merchant's default
    holds."""

    __tablename__ = "booking_services"
    __table_args__ = (
        CheckConstraint("minutes between 5 and 480", name="minutes"),
        CheckConstraint("step_minutes between 5 and 480", name="step_minutes"),
        CheckConstraint("buffer_before between 0 and 120", name="buffer_before"),
        CheckConstraint("buffer_after between 0 and 120", name="buffer_after"),
        CheckConstraint("capacity between 1 and 100", name="capacity"),
        CheckConstraint("price_minor between 0 and 99999999", name="price_minor"),
        CheckConstraint("deposit_minor >= 0 and deposit_minor <= price_minor", name="deposit_minor"),
        ForeignKeyConstraint(["merchant_id", "tax_rate_id"], ["app.tax_rates.merchant_id", "app.tax_rates.id"]),
        Index("ix_booking_services_name", "merchant_id", "name", "id"),
    )

    name: Mapped[str]
    minutes: Mapped[int]
    step_minutes: Mapped[int]
    buffer_before: Mapped[int] = mapped_column(server_default="0")
    buffer_after: Mapped[int] = mapped_column(server_default="0")
    price_minor: Mapped[int] = mapped_column(server_default="0")
    deposit_minor: Mapped[int] = mapped_column(server_default="0")
    capacity: Mapped[int | None]
    tax_rate_id: Mapped[UUID | None]
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    version: Mapped[int] = mapped_column(server_default="1")


class BookingServiceResource(TenantRow, Base):
    """That a resource can do a service."""

    __tablename__ = "booking_service_resources"
    __table_args__ = (
        UniqueConstraint("merchant_id", "service_id", "resource_id"),
        ForeignKeyConstraint(
            ["merchant_id", "service_id"], ["app.booking_services.merchant_id", "app.booking_services.id"]
        ),
        ForeignKeyConstraint(
            ["merchant_id", "resource_id"], ["app.booking_resources.merchant_id", "app.booking_resources.id"]
        ),
    )

    service_id: Mapped[UUID]
    resource_id: Mapped[UUID]


class Booking(TenantRow, Base):
    """One unit of a resource for a period. The exclusion constraint makes a double booking impossible.

    `occupied` is the period with its service's buffers. Texts about a confirmed booking are sent from the number that
    `phone_number_id` names. `starts_at` is there for the index: operators of ranges are not leakproof, so that under
    row security no index serves them. `version` is the SEQUENCE of the calendar entry. `remind_at` is null when
    there is nothing (more) to remind of, `acknowledged_at` the caller's own "I shall come". With an e-mail address its
    calendar entry, and each change of it, goes there too. `price_minor` and `deposit_minor` are those of its service
    when it was held: what the caller heard. While it waits for the deposit, `hold_expires_at` is when that is over.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint("party_size between 1 and 500", name="party_size"),
        CheckConstraint(f"state in {STATES}", name="state"),
        CheckConstraint("period <@ occupied", name="occupied"),
        ForeignKeyConstraint(
            ["merchant_id", "resource_id"], ["app.booking_resources.merchant_id", "app.booking_resources.id"]
        ),
        ForeignKeyConstraint(
            ["merchant_id", "service_id"], ["app.booking_services.merchant_id", "app.booking_services.id"]
        ),
        ForeignKeyConstraint(["merchant_id", "caller_id"], ["app.callers.merchant_id", "app.callers.id"]),
        ExcludeConstraint(
            ("merchant_id", "="),
            ("resource_id", "="),
            ("unit", "="),
            ("occupied", "&&"),
            where=text("state in ('held', 'awaiting_deposit', 'confirmed')"),
            using="gist",
            name="ex_bookings_period",
        ),
        Index("ix_bookings_start", "merchant_id", "starts_at", "id"),
        Index("ix_bookings_confirmed", "merchant_id", "confirmed_at", postgresql_where=text(MADE)),
        Index("ix_bookings_caller", "merchant_id", "caller_id", "starts_at"),
        Index("ix_bookings_remind", "remind_at", postgresql_where=text("remind_at is not null")),
    )

    resource_id: Mapped[UUID]
    service_id: Mapped[UUID | None]
    unit: Mapped[int]
    party_size: Mapped[int | None]
    price_minor: Mapped[int] = mapped_column(server_default="0")
    deposit_minor: Mapped[int] = mapped_column(server_default="0")
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    occupied: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    starts_at: Mapped[datetime] = mapped_column(Computed("lower(period)", persisted=True))
    state: Mapped[str]
    caller_id: Mapped[UUID | None]
    call_id: Mapped[UUID | None]
    phone_number_id: Mapped[UUID | None]
    hold_expires_at: Mapped[datetime | None]
    remind_at: Mapped[datetime | None]
    acknowledged_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None]
    email_sealed: Mapped[bytes | None]
    version: Mapped[int] = mapped_column(server_default="1")


class BookingLink(TenantRow, Base):
    """The address `/b/<token>` under which a caller changes one booking. Looked up by its hash; sealed, so that each
    text can carry the same one."""

    __tablename__ = "booking_links"
    __table_args__ = (
        UniqueConstraint("merchant_id", "booking_id"),
        UniqueConstraint("token_hash"),
        ForeignKeyConstraint(["merchant_id", "booking_id"], ["app.bookings.merchant_id", "app.bookings.id"]),
    )

    booking_id: Mapped[UUID]
    token_hash: Mapped[bytes]
    token_sealed: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BookingQuestion(TenantRow, Base):
    """Which of several bookings we have asked a caller for: `choices` of `[booking, version]` in the order of the text.
    A caller has one question at a time."""

    __tablename__ = "booking_questions"
    __table_args__ = (
        UniqueConstraint("merchant_id", "caller_id"),
        CheckConstraint("wish in ('cancel', 'rebook')", name="wish"),
        ForeignKeyConstraint(["merchant_id", "caller_id"], ["app.callers.merchant_id", "app.callers.id"]),
    )

    caller_id: Mapped[UUID]
    wish: Mapped[str]
    choices: Mapped[list[Any]] = mapped_column(JSONB)
    asked_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BookingFeed(TenantRow, Base):
    """An address under which a calendar reads the bookings of the business, or of one resource. Only its token's hash
    is kept. `numbers`: entries name the caller's number."""

    __tablename__ = "booking_feeds"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        ForeignKeyConstraint(
            ["merchant_id", "resource_id"], ["app.booking_resources.merchant_id", "app.booking_resources.id"]
        ),
    )

    name: Mapped[str]
    resource_id: Mapped[UUID | None]
    numbers: Mapped[bool] = mapped_column(server_default=text("false"))
    token_hash: Mapped[bytes]
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BookingCalendar(TenantRow, Base):
    """A calendar elsewhere that says when a resource is busy, at an address, which is its owner's secret. What it said
    last holds until it says something else.

    `when_stale`: whether times are still offered when it could not be read for long. `digest` is that of what was read
    last, at `read_at`; `next_at` when it is read next.
    """

    __tablename__ = "booking_calendars"
    __table_args__ = (
        CheckConstraint("when_stale in ('offer', 'hold_back')", name="when_stale"),
        ForeignKeyConstraint(
            ["merchant_id", "resource_id"], ["app.booking_resources.merchant_id", "app.booking_resources.id"]
        ),
        Index("ix_booking_calendars_next", "next_at", postgresql_where=text("next_at is not null")),
    )

    name: Mapped[str]
    resource_id: Mapped[UUID]
    address_sealed: Mapped[bytes]
    host: Mapped[str] = mapped_column(server_default="")
    when_stale: Mapped[str] = mapped_column(server_default="offer")
    etag: Mapped[str] = mapped_column(server_default="")
    digest: Mapped[bytes | None]
    read_at: Mapped[datetime | None]
    spread_at: Mapped[datetime | None]
    next_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    problem: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class BookingBusy(TenantRow, Base):
    """A period in which a calendar has its resource, all units of it, as busy."""

    __tablename__ = "booking_busy"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="period"),
        ForeignKeyConstraint(
            ["merchant_id", "resource_id"], ["app.booking_resources.merchant_id", "app.booking_resources.id"]
        ),
        ForeignKeyConstraint(
            ["merchant_id", "calendar_id"],
            ["app.booking_calendars.merchant_id", "app.booking_calendars.id"],
            ondelete="cascade",
        ),
        Index("ix_booking_busy_calendar", "merchant_id", "calendar_id"),
        Index("ix_booking_busy_ends", "merchant_id", "ends_at"),
    )

    calendar_id: Mapped[UUID]
    resource_id: Mapped[UUID]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
