"""Orders as the API shows them."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Amount, Day, Instant, Schema, Version
from callwaiting.features.orders.totals import Line, TaxSum
from callwaiting.features.orders.transitions import State


class OrderQuery(PageQuery):
    state: State | None = Field(default=None, description="Only orders in this state.")
    day: Day | None = Field(default=None, description="Only orders placed on this day, by the business's clock.")
    caller_id: UUID | None = Field(default=None, description="Only orders of this caller.")


class OrderFace(Schema):
    """`caller_number` is null for those who may not see callers. `subtotal` is without tax and after the discount. With
    a deposit (else 0), it is due first and `rest` later; `paid_on_the_spot` of the rest came through no provider. With
    a `booking_id` it is what that booking costs."""

    id: UUID
    number: int = Field(examples=[1041])
    state: State
    caller_id: UUID
    caller_number: str | None = Field(default=None, examples=["+12125550123"])
    call_id: UUID | None
    booking_id: UUID | None
    discount: Amount
    subtotal: Amount
    tax: Amount
    total: Amount
    deposit: Amount
    rest: Amount
    paid_on_the_spot: Amount
    created_at: Instant
    expires_at: Instant | None
    paid_at: Instant | None
    deposit_paid_at: Instant | None


class ChosenFace(Schema):
    """An option that was chosen; the line's unit price has its `price_delta` in it."""

    id: UUID
    group: str = Field(examples=["Size"])
    name: str = Field(examples=["Large"])
    price_delta: Amount


class LineFace(Schema):
    """All of it is what held when the order was placed. `unit_price` is that of one piece with its options; `net` and
    `tax` add up to what the line costs. `removed` is left out of it."""

    item_id: UUID
    name: str = Field(examples=["Margherita pizza"])
    quantity: int = Field(examples=[2])
    unit_price: Amount
    net: Amount
    tax: Amount
    discount: Amount
    tax_name: str = Field(examples=["Food"], description="Empty where there was none, or before rates had names.")
    tax_basis_points: int = Field(examples=[825])
    tax_inclusive: bool
    options: list[ChosenFace]
    removed: list[str] = Field(examples=[["onions"]])

    @classmethod
    def of(cls, line: Line) -> LineFace:
        currency = line.unit_price.currency
        return cls(
            item_id=line.item_id,
            name=line.name,
            quantity=line.quantity,
            unit_price=Amount.of(line.unit_price),
            net=Amount(amount=line.net_minor, currency=currency),
            tax=Amount(amount=line.tax_minor, currency=currency),
            discount=Amount(amount=line.discount_minor, currency=currency),
            tax_name=line.tax.name,
            tax_basis_points=line.tax.basis_points,
            tax_inclusive=line.tax.inclusive,
            options=[
                ChosenFace(
                    id=option.option_id, group=option.group, name=option.name, price_delta=Amount.of(option.delta)
                )
                for option in line.options
            ],
            removed=list(line.removed),
        )


class TaxSumFace(Schema):
    """What was taxed at one rate: `net` and `tax` add up to what those lines cost."""

    name: str = Field(examples=["Food"])
    basis_points: int = Field(examples=[700])
    inclusive: bool
    net: Amount
    tax: Amount

    @classmethod
    def of(cls, found: TaxSum) -> TaxSumFace:
        return cls(
            name=found.tax.name,
            basis_points=found.tax.basis_points,
            inclusive=found.tax.inclusive,
            net=Amount.of(found.net),
            tax=Amount.of(found.amount),
        )


class PaidFace(Schema):
    """A payment; `refunded` of its `amount` has been given back, `pending` is on its way. One that is `parked` does not
    fit its order, one that is `surplus` came for an order that was paid."""

    id: UUID
    provider: str = Field(examples=["stripe"])
    state: str = Field(examples=["settled"])
    amount: Amount
    refunded: Amount
    pending: Amount
    settled_at: Instant


class UnderwayFace(Schema):
    """A payment that its payer has approved and that is neither taken nor refused: meanwhile the order can be neither
    cancelled nor paid otherwise. The provider is asked about it at `ask_at`, and at once by `payment-check`."""

    provider: str = Field(examples=["paypal"])
    since: Instant
    ask_at: Instant | None


class LinkTextFace(Schema):
    """The text with the payment link. `problem` says why it did not arrive; then somebody should ring the caller."""

    status: str = Field(examples=["delivered"])
    error_code: str | None = Field(examples=["30006"])
    problem: str | None = Field(examples=["The number is a landline or its carrier takes no texts."])
    send_after: Instant | None


class OrderDetail(OrderFace):
    """An order with its lines and payments. `version` counts the changes of its lines and state."""

    link_text: LinkTextFace | None
    discount_code: str = Field(examples=["SPRING10"], description="Empty without one.")
    lines: list[LineFace]
    taxes: list[TaxSumFace]
    payments: list[PaidFace]
    payment_under_way: UnderwayFace | None
    version: Version
