from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow

CHECKOUT_STATES = ("claimed", "open", "approved", "completed", "failed", "expired")
PAYMENT_STATES = ("settled", "parked", "surplus", "part_refunded", "refunded")
REFUND_STATES = ("pending", "succeeded", "failed")
DISPUTE_STATES = ("inquiry", "open", "won", "lost")
LEDGER_ACCOUNTS = ("stripe", "paypal", "orders", "parked", "surplus", "disputes", "fees")


def _as_it_came(context: Any) -> str:
    """A payment enters as what its first state says; one that is made refunded, as the settled one that it was."""
    state: str = context.get_current_parameters()["state"]
    return state if state in PAYMENT_STATES[:3] else "settled"


class PaymentAccount(TenantRow, Base):
    """Where a merchant's money goes: a Stripe Connect account, a PayPal merchant, or empty for the platform's own."""

    __tablename__ = "payment_accounts"
    __table_args__ = (
        UniqueConstraint("merchant_id", "provider"),
        UniqueConstraint("provider", "mode", "account"),
        CheckConstraint("provider in ('stripe', 'paypal')", name="provider"),
    )

    provider: Mapped[str]
    mode: Mapped[str]
    account: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PaymentLink(TenantRow, Base):
    """Our own `/p/<token>`: one version of one order, until it expires. Only the token's SHA-256 is kept."""

    __tablename__ = "payment_links"
    __table_args__ = (
        UniqueConstraint("merchant_id", "order_id", "order_version"),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["app.orders.merchant_id", "app.orders.id"]),
    )

    token_hash: Mapped[bytes] = mapped_column(unique=True)
    token_sealed: Mapped[bytes]
    order_id: Mapped[UUID]
    order_version: Mapped[int]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Checkout(TenantRow, Base):
    """One Checkout Session or PayPal order for a link. Claimed before the provider is called, recorded after. At
    `ask_at` the provider is asked what has become of an approved one."""

    __tablename__ = "checkouts"
    __table_args__ = (
        UniqueConstraint("merchant_id", "link_id", "provider", "attempt"),
        CheckConstraint(f"state in {CHECKOUT_STATES}", name="state"),
        ForeignKeyConstraint(["merchant_id", "link_id"], ["app.payment_links.merchant_id", "app.payment_links.id"]),
        ForeignKeyConstraint(["merchant_id", "order_id"], ["app.orders.merchant_id", "app.orders.id"]),
        Index("ix_checkouts_provider_id", "merchant_id", "provider", "provider_id"),
        Index("ix_checkouts_order", "merchant_id", "order_id"),
        Index("ix_checkouts_due", "ask_at", postgresql_where=text("state = 'approved'")),
    )

    link_id: Mapped[UUID]
    order_id: Mapped[UUID]
    provider: Mapped[str]
    mode: Mapped[str]
    account: Mapped[str]
    attempt: Mapped[int]
    state: Mapped[str] = mapped_column(server_default="claimed")
    provider_id: Mapped[str | None]
    url_sealed: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    ask_at: Mapped[datetime | None]


class Payment(TenantRow, Base):
    """Money that a provider says it took. `parked`: something does not match and a person must look; `surplus`: a
    second payment for a paid order, kept apart to be refunded. `entered_as` is the first state of the three, which
    stays when money is given back; `refunded_minor` is what has been."""

    __tablename__ = "payments"
    __table_args__ = (
        UniqueConstraint("merchant_id", "provider", "payment_id"),
        CheckConstraint(f"state in {PAYMENT_STATES}", name="state"),
        CheckConstraint(f"entered_as in {PAYMENT_STATES[:3]}", name="entered_as"),
        Index("ix_payments_order", "merchant_id", "order_id"),
        Index("ix_payments_settled", "merchant_id", "settled_at"),
    )

    order_id: Mapped[UUID | None]
    checkout_id: Mapped[UUID | None]
    provider: Mapped[str]
    mode: Mapped[str]
    account: Mapped[str]
    payment_id: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    refunded_minor: Mapped[int] = mapped_column(server_default="0")
    state: Mapped[str]
    entered_as: Mapped[str] = mapped_column(default=_as_it_came)
    reason: Mapped[str] = mapped_column(server_default="")
    settled_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Refund(TenantRow, Base):
    """Money that goes back out of a payment: asked for here (`origin` api), or made at the provider's own desk.

    `provider_id` is the provider's, once it has told us. `failure` is the provider's word for why it failed. With a
    `dispute_id` it is the money that this dispute took, told a second time: the dispute's entries stand for it.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        UniqueConstraint("merchant_id", "provider", "provider_id"),
        CheckConstraint(f"state in {REFUND_STATES}", name="state"),
        CheckConstraint("origin in ('api', 'provider')", name="origin"),
        ForeignKeyConstraint(["merchant_id", "payment_id"], ["app.payments.merchant_id", "app.payments.id"]),
        Index("ix_refunds_payment", "merchant_id", "payment_id", "id"),
    )

    payment_id: Mapped[UUID]
    provider: Mapped[str]
    provider_id: Mapped[str | None]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="pending")
    origin: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    failure: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    dispute_id: Mapped[UUID | None]


class Dispute(TenantRow, Base):
    """A payment that its payer disputes at the bank or at PayPal. `respond_by` is the provider's deadline for evidence.
    With a `refund_id` its money went back as this refund, whose entries stand for it."""

    __tablename__ = "disputes"
    __table_args__ = (
        UniqueConstraint("merchant_id", "provider", "provider_id"),
        CheckConstraint(f"state in {DISPUTE_STATES}", name="state"),
        ForeignKeyConstraint(["merchant_id", "payment_id"], ["app.payments.merchant_id", "app.payments.id"]),
        Index("ix_disputes_payment", "merchant_id", "payment_id"),
    )

    payment_id: Mapped[UUID]
    provider: Mapped[str]
    provider_id: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    state: Mapped[str]
    reason: Mapped[str] = mapped_column(server_default="")
    opened_at: Mapped[datetime] = mapped_column(server_default=func.now())
    ended_at: Mapped[datetime | None]
    refund_id: Mapped[UUID | None]
    respond_by: Mapped[datetime | None]


class ProviderFee(TenantRow, Base):
    """What a provider kept of a payment (negative: gave back), by the line of its books; never changed."""

    __tablename__ = "provider_fees"
    __table_args__ = (
        UniqueConstraint("merchant_id", "provider", "entry_id"),
        CheckConstraint("amount_minor <> 0", name="amount_minor"),
        ForeignKeyConstraint(["merchant_id", "payment_id"], ["app.payments.merchant_id", "app.payments.id"]),
    )

    payment_id: Mapped[UUID]
    provider: Mapped[str]
    entry_id: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LedgerTransfer(TenantRow, Base):
    """Money that moves from one account of a merchant's ledger to another, in one currency: a debit and a credit of
    the same amount in one row, so that no entry can be out of balance. Rows are never changed or deleted.

    `entry_key` is made from what happened, which is therefore written once.
    """

    __tablename__ = "ledger_transfers"
    __table_args__ = (
        UniqueConstraint("merchant_id", "entry_key"),
        CheckConstraint("kind in ('payment', 'refund', 'dispute', 'fee')", name="kind"),
        CheckConstraint(f"debit in {LEDGER_ACCOUNTS}", name="debit"),
        CheckConstraint(f"credit in {LEDGER_ACCOUNTS}", name="credit"),
        CheckConstraint("debit <> credit", name="two_accounts"),
        CheckConstraint("amount_minor > 0", name="amount_minor"),
    )

    entry_key: Mapped[str]
    kind: Mapped[str]
    subject_id: Mapped[UUID]
    debit: Mapped[str]
    credit: Mapped[str]
    amount_minor: Mapped[int]
    currency: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
