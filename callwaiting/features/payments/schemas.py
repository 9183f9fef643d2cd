"""Payments and refunds as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import INT4_MAX, Amount, Instant, Schema
from callwaiting.core.money import Money
from callwaiting.features.payments.accounts import PaymentProvider
from callwaiting.features.payments.refunds import Reason

PaymentState = Literal["settled", "parked", "surplus", "part_refunded", "refunded"]
RefundState = Literal["pending", "succeeded", "failed"]
DisputeState = Literal["inquiry", "open", "won", "lost"]


def _shown(money: object) -> object:
    return Amount.of(money) if isinstance(money, Money) else money


Shown = Annotated[Amount, BeforeValidator(_shown)]


class PaymentQuery(PageQuery):
    state: PaymentState | None = Field(default=None, description="Only those in this state.")
    provider: PaymentProvider | None = Field(default=None, description="Only those through this provider.")
    order_id: UUID | None = Field(default=None, description="Only those for this order.")


class PaymentFace(Schema):
    """Money that a provider took. It paid an order (`settled`), did not fit one (`parked`), or came for an order that
    was paid already (`surplus`); `entered_as` keeps which of the three when money is given back. `refundable` is what
    is left after `refunded` and what is `pending`."""

    id: UUID
    order_id: UUID | None
    provider: str = Field(examples=["stripe"])
    mode: str = Field(examples=["live"], description="`live` or `test`.")
    provider_payment_id: str = Field(examples=["pi_3Q0example"], description="By which the provider knows it.")
    amount: Shown
    refunded: Shown
    pending: Shown
    refundable: Shown
    state: PaymentState
    entered_as: str = Field(examples=["settled"])
    reason: str = Field(examples=["second payment"], description="Why it did not pay its order; empty when it did.")
    settled_at: Instant


class AmountBack(Amount):
    """`amount` is in minor units (cents for USD) of the payment's own currency."""

    amount: int = Field(ge=1, le=INT4_MAX, examples=[450])


class RefundBody(Schema):
    """Without an `amount`, all that is left is given back."""

    amount: AmountBack | None = None
    reason: Reason = "requested_by_customer"


class RefundQuery(PageQuery):
    state: RefundState | None = Field(default=None, description="Only those in this state.")
    payment_id: UUID | None = Field(default=None, description="Only those of this payment.")


class RefundFace(Schema):
    """Money that goes back. `origin` is `api`, or `provider` when it was given back at the provider's own desk.
    `failure` is the provider's word for why it failed."""

    id: UUID
    payment_id: UUID
    provider: str = Field(examples=["stripe"])
    provider_refund_id: str | None = Field(examples=["re_3Q0example"])
    amount: Shown
    state: RefundState
    origin: str = Field(examples=["api"])
    reason: str = Field(examples=["requested_by_customer"])
    failure: str = Field(examples=["expired_or_canceled_card"])
    created_at: Instant
    ended_at: Instant | None


class DisputeQuery(PageQuery):
    state: DisputeState | None = Field(default=None, description="Only those in this state.")
    provider: PaymentProvider | None = Field(default=None, description="Only those at this provider.")


class DisputeFace(Schema):
    """A payment that its payer disputes. An `inquiry` takes no money yet; while it is `open` its money is withdrawn.
    Evidence is sent at the provider, until `respond_by`. With a `refund_id`, its money went back as that refund."""

    id: UUID
    payment_id: UUID
    provider: str = Field(examples=["paypal"])
    provider_dispute_id: str = Field(examples=["PP-D-27803"])
    amount: Shown
    state: DisputeState
    reason: str = Field(examples=["fraudulent"], description="The provider's word for it.")
    opened_at: Instant
    respond_by: Instant | None
    ended_at: Instant | None
    refund_id: UUID | None
