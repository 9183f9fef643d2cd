from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKeyConstraint, Index, func, text
from sqlalchemy.dialects.postgresql import TSTZRANGE, ExcludeConstraint, Range
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow

LONGEST = timedelta(minutes=480)  # no slot is longer
STATES = ("held", "confirmed", "cancelled", "expired")


class BookingResource(TenantRow, Base):
    """Something that can be booked: a chair, a table, a room. `opens` and `closes` are the merchant's local time."""

    __tablename__ = "booking_resources"
    __table_args__ = (
        CheckConstraint("opens < closes", name="opens"),
        CheckConstraint("slot_minutes between 5 and 480", name="slot_minutes"),
        CheckConstraint("units between 1 and 100", name="units"),
        Index("ix_booking_resources_name", "merchant_id", "name", "id"),
    )

    name: Mapped[str]
    opens: Mapped[time]
    closes: Mapped[time]
    slot_minutes: Mapped[int]
    units: Mapped[int] = mapped_column(server_default="1")
    version: Mapped[int] = mapped_column(server_default="1")


class Booking(TenantRow, Base):
    """One unit of a resource for a period. The exclusion constraint makes a double booking impossible.

    Texts about a confirmed booking are sent from the number that `phone_number_id` names. `starts_at` is there for the
    index: operators of ranges are not leakproof, so that under row security no index serves them.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        CheckConstraint(f"state in {STATES}", name="state"),
        ForeignKeyConstraint(
            ["merchant_id", "resource_id"], ["app.booking_resources.merchant_id", "app.booking_resources.id"]
        ),
        ForeignKeyConstraint(["merchant_id", "caller_id"], ["app.callers.merchant_id", "app.callers.id"]),
        ExcludeConstraint(
            ("merchant_id", "="),
            ("resource_id", "="),
            ("unit", "="),
            ("period", "&&"),
            where=text("state in ('held', 'confirmed')"),
            using="gist",
            name="ex_bookings_period",
        ),
        Index("ix_bookings_start", "merchant_id", "starts_at", "id"),
        Index("ix_bookings_confirmed", "merchant_id", "confirmed_at", postgresql_where=text("state = 'confirmed'")),
    )

    resource_id: Mapped[UUID]
    unit: Mapped[int]
    period: Mapped[Range[datetime]] = mapped_column(TSTZRANGE)
    starts_at: Mapped[datetime] = mapped_column(Computed("lower(period)", persisted=True))
    state: Mapped[str]
    caller_id: Mapped[UUID | None]
    call_id: Mapped[UUID | None]
    phone_number_id: Mapped[UUID | None]
    hold_expires_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(server_default="1")
