from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Computed, ForeignKeyConstraint, Index, Text, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow
from callwaiting.core.money import Money

STATES = (
    "awaiting_payment",
    "deposit_paid",
    "awaiting_rest",
    "paid",
    "expired",
    "cancelled",
    "part_refunded",
    "refunded",
)
DUE = """
case when deposit_minor = 0 then total_minor when rest_asked then total_minor - deposit_minor else deposit_minor end
"""


class Order(TenantRow, Base):
    """An order. `version` rises with every change of its lines; a payment is for one version. `revision` rises with
    every change of its state as well, and is what the API calls its version.

    `number` counts per merchant and is what people say on the phone. `deposit_minor` is what is due first (0: all of
    it), by the terms of `deposit_basis_points` and `deposit_fixed_minor`; `rest_asked`: the present version's link asks
    for what is left. `due_minor` is what that link asks for. `paid_elsewhere_minor` came on the spot.
    With a `booking_id` it is that booking's deposit.
    """

    __tablename__ = "orders"
    __table_args__ = (
        UniqueConstraint("merchant_id", "number"),
        UniqueConstraint("merchant_id", "call_id"),
        UniqueConstraint("merchant_id", "booking_id"),
        CheckConstraint(f"state in {STATES}", name="state"),
        CheckConstraint("total_minor = subtotal_minor + tax_minor", name="total_minor"),
        CheckConstraint(
            "deposit_minor = 0 or deposit_minor > 0 and deposit_minor < total_minor",
            name="deposit_minor",
        ),
        ForeignKeyConstraint(["merchant_id", "caller_id"], ["app.callers.merchant_id", "app.callers.id"]),
        ForeignKeyConstraint(["merchant_id", "booking_id"], ["app.bookings.merchant_id", "app.bookings.id"]),
        Index("ix_orders_newest", "merchant_id", "created_at"),
        Index("ix_orders_state", "merchant_id", "state", "id"),
        Index("ix_orders_caller", "merchant_id", "caller_id", "id"),
        Index("ix_orders_due", "expires_at", postgresql_where=text("state = 'awaiting_payment'")),
    )

    number: Mapped[int]
    caller_id: Mapped[UUID]
    call_id: Mapped[UUID | None]
    booking_id: Mapped[UUID | None]
    phone_number_id: Mapped[UUID]
    state: Mapped[str]
    version: Mapped[int] = mapped_column(server_default="1")
    revision: Mapped[int] = mapped_column(server_default="1")
    currency: Mapped[str]
    subtotal_minor: Mapped[int]
    tax_minor: Mapped[int]
    total_minor: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    discount_basis_points: Mapped[int] = mapped_column(server_default="0")
    discount_fixed_minor: Mapped[int] = mapped_column(server_default="0")
    discount_minor: Mapped[int] = mapped_column(server_default="0")
    discount_code: Mapped[str] = mapped_column(server_default="")
    deposit_minor: Mapped[int] = mapped_column(server_default="0")
    deposit_basis_points: Mapped[int] = mapped_column(server_default="0")
    deposit_fixed_minor: Mapped[int] = mapped_column(server_default="0")
    paid_elsewhere_minor: Mapped[int] = mapped_column(server_default="0")
    rest_asked: Mapped[bool] = mapped_column(server_default=text("false"))
    deposit_paid_at: Mapped[datetime | None]
    due_minor: Mapped[int | None] = mapped_column(Computed(DUE.strip(), persisted=False))

    def move(self, state: str) -> None:
        """Set the state that the transition table gives; whoever read the order before reads it anew."""
        self.state, self.revision = state, self.revision + 1

    @property
    def discount(self) -> Money:
        return Money(self.discount_minor, self.currency)

    @property
    def subtotal(self) -> Money:
        return Money(self.subtotal_minor, self.currency)

    @property
    def tax(self) -> Money:
        return Money(self.tax_minor, self.currency)

    @property
    def total(self) -> Money:
        return Money(self.total_minor, self.currency)

    @property
    def deposit(self) -> Money:
        return Money(self.deposit_minor, self.currency)

    @property
    def rest(self) -> Money:
        """What is due after the deposit; nothing where there is none."""
        return Money(self.total_minor - self.deposit_minor if self.deposit_minor else 0, self.currency)

    @property
    def paid_on_the_spot(self) -> Money:
        return Money(self.paid_elsewhere_minor, self.currency)

    @property
    def due(self) -> Money:
        """What the link of the present version asks for."""
        if not self.deposit_minor:
            return self.total
        return self.rest if self.rest_asked else self.deposit


class OrderLine(TenantRow, Base):
    """A line with the name, options, price and tax that held when the order was placed. A line from before rates had
    names has no `tax_name`.

    `net_minor + tax_minor` is what the line costs; with inclusive tax that is quantity times unit price.
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        CheckConstraint("quantity between 1 and 99", name="quantity"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["app.orders.merchant_id", "app.orders.id"]),
        Index("ix_order_lines_order", "merchant_id", "order_id", "position"),
    )

    order_id: Mapped[UUID]
    position: Mapped[int]
    item_id: Mapped[UUID]
    name: Mapped[str]
    unit_price_minor: Mapped[int]
    quantity: Mapped[int]
    net_minor: Mapped[int]
    tax_minor: Mapped[int]
    options: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    removed: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    tax_name: Mapped[str] = mapped_column(server_default="")
    tax_basis_points: Mapped[int]
    tax_inclusive: Mapped[bool]
    discount_minor: Mapped[int] = mapped_column(server_default="0")


class OrderRules(TenantRow, Base):
    """The merchant's rules of orders. A deposit is due first for totals above `deposit_above_minor`: a share of the
    total in basis points, or a fixed amount; both are 0 without deposits."""

    __tablename__ = "order_rules"
    __table_args__ = (
        UniqueConstraint("merchant_id"),
        CheckConstraint("deposit_basis_points between 0 and 9999", name="deposit_basis_points"),
        CheckConstraint("deposit_fixed_minor >= 0", name="deposit_fixed_minor"),
        CheckConstraint("deposit_above_minor >= 0", name="deposit_above_minor"),
        CheckConstraint("deposit_basis_points = 0 or deposit_fixed_minor = 0", name="one_kind"),
    )

    deposit_basis_points: Mapped[int] = mapped_column(server_default="0")
    deposit_fixed_minor: Mapped[int] = mapped_column(server_default="0")
    deposit_above_minor: Mapped[int] = mapped_column(server_default="0")
    version: Mapped[int] = mapped_column(server_default="1")


class DiscountCode(TenantRow, Base):
    """A code that callers name: a share off the order in basis points, or a fixed amount; the other one of the two is
    0. It is good for orders of `least_minor` or more, before the discount. `uses` counts the orders that it was
    applied to."""

    __tablename__ = "discount_codes"
    __table_args__ = (
        UniqueConstraint("merchant_id", "code"),
        CheckConstraint("basis_points between 0 and 10000", name="basis_points"),
        CheckConstraint("fixed_minor >= 0", name="fixed_minor"),
        CheckConstraint("least_minor >= 0", name="least_minor"),
        CheckConstraint("(basis_points = 0) <> (fixed_minor = 0)", name="one_kind"),
        CheckConstraint("uses <= max_uses", name="uses"),
    )

    code: Mapped[str]
    basis_points: Mapped[int]
    fixed_minor: Mapped[int]
    least_minor: Mapped[int] = mapped_column(server_default="0")
    active: Mapped[bool] = mapped_column(server_default=text("true"))
    ends_at: Mapped[datetime | None]
    max_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(server_default="0")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
