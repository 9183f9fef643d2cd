"""Placing an order: its lines as they were priced, its number, its payment link."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.money import Money
from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.merchants import service as merchants
from callwaiting.features.merchants.service import Profile
from callwaiting.features.orders import codes, deposits
from callwaiting.features.orders.codes import Code
from callwaiting.features.orders.deposits import Terms
from callwaiting.features.orders.errors import TotalChanged
from callwaiting.features.orders.models import Order, OrderLine
from callwaiting.features.orders.quoting import priced
from callwaiting.features.orders.texts import text_link
from callwaiting.features.orders.totals import Line, LineRequest, Quote
from callwaiting.features.orders.transitions import State


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    id: UUID
    number: int
    total: Money
    due_now: Money


def place_order(
    session: Session,
    *,
    caller_id: UUID,
    call_id: UUID | None,
    phone_number_id: UUID,
    lines: Sequence[LineRequest],
    agreed: Money | None = None,
    agreed_now: Money | None = None,
    code: str = "",
) -> PlacedOrder:
    """Place an order that awaits its payment, and plan the text with its payment link.

    `agreed` is the total that the caller said yes to, `agreed_now` what of it is due now. A `code` that the order is
    large enough for is used. Raises TotalChanged, before anything is written, when either amount is another one at
    present; CodeUnusable when the code is over; LinesInvalid, ItemsUnavailable, ChoicesInvalid, AmountOutOfRange as
    `quote` does.
    """
    profile = merchants.profile(session)
    named = codes.good(session, code, locked=True) if code else None
    found, terms = priced(session, profile, lines, named), deposits.rules_of(session).deposit.kept()
    if agreed not in {None, found.total} or agreed_now not in {None, found.due_now}:
        raise TotalChanged(found)
    counts = named if named and named.counts_for(found.undiscounted) else None
    if counts:
        codes.use(session, counts, found.undiscounted)
    settings: Settings = session.info["settings"]
    order = write(
        session,
        profile,
        found,
        terms,
        caller_id=caller_id,
        call_id=call_id,
        phone_number_id=phone_number_id,
        expires_at=clock.now() + timedelta(hours=settings.payment_link_hours),
        answers_live_call=True,
        code=counts,
    )
    return PlacedOrder(order.id, order.number, found.total, found.due_now)


def write(
    session: Session,
    profile: Profile,
    found: Quote,
    terms: Terms,
    *,
    caller_id: UUID,
    phone_number_id: UUID,
    expires_at: datetime,
    answers_live_call: bool,
    call_id: UUID | None = None,
    booking_id: UUID | None = None,
    code: Code | None = None,
) -> Order:
    """Write down an order as it was priced, which awaits its payment, and plan the text with its link."""
    order = Order(
        merchant_id=profile.id,
        number=_next_number(session),
        caller_id=caller_id,
        call_id=call_id,
        booking_id=booking_id,
        phone_number_id=phone_number_id,
        state=State.AWAITING_PAYMENT,
        version=1,
        revision=1,
        currency=found.currency,
        subtotal_minor=found.subtotal.minor,
        tax_minor=found.tax.minor,
        total_minor=found.total.minor,
        expires_at=expires_at,
        deposit_minor=found.deposit_minor,
        deposit_basis_points=terms.basis_points if found.deposit_minor else 0,
        deposit_fixed_minor=terms.fixed_minor if found.deposit_minor else 0,
        rest_asked=False,
        discount_code=code.code if code else "",
        discount_basis_points=code.discount.basis_points if code else 0,
        discount_fixed_minor=code.discount.fixed_minor if code else 0,
        discount_minor=found.discount.minor,
    )
    session.add(order)
    session.flush()
    session.add_all(_row(order, position, line) for position, line in enumerate(found.lines, 1))
    session.flush()
    text_link(session, order, expires_at, answers_live_call=answers_live_call)
    audit.record(
        session,
        "order.placed",
        subject=f"order:{order.id}",
        details={
            "number": order.number,
            "total_minor": order.total_minor,
            "deposit_minor": order.deposit_minor,
            "code": order.discount_code,
            "discount_minor": order.discount_minor,
            "currency": order.currency,
        },
    )
    return order


def _next_number(session: Session) -> int:
    """The merchant's next order number. The lock is held until the commit, so numbers have neither gaps nor twins."""
    merchant_id = merchant_of(session)
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(f"orders.number:{merchant_id}", 0))))
    highest = session.scalar(select(func.max(Order.number)).where(Order.merchant_id == merchant_id))
    return (highest or 0) + 1


def _row(order: Order, position: int, line: Line) -> OrderLine:
    return OrderLine(
        merchant_id=order.merchant_id,
        order_id=order.id,
        position=position,
        item_id=line.item_id,
        name=line.name,
        unit_price_minor=line.unit_price.minor,
        quantity=line.quantity,
        net_minor=line.net_minor,
        tax_minor=line.tax_minor,
        options=[
            {"id": str(option.option_id), "group": option.group, "name": option.name, "delta_minor": option.delta.minor}
            for option in line.options
        ],
        removed=list(line.removed),
        tax_name=line.tax.name,
        tax_basis_points=line.tax.basis_points,
        tax_inclusive=line.tax.inclusive,
        discount_minor=line.discount_minor,
    )
