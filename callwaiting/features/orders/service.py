"""Orders: quoted, placed, paid, expired, cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.events import publish
from callwaiting.core.money import Money
from callwaiting.core.settings import Settings
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.merchants import service as merchants
from callwaiting.features.merchants.service import Profile
from callwaiting.features.messages import service as messages
from callwaiting.features.orders.errors import (
    AmountOutOfRange,
    ItemsUnavailable,
    LinesInvalid,
    NotCancellable,
    OrderNotFound,
    TotalChanged,
)
from callwaiting.features.orders.events import OrderPaid
from callwaiting.features.orders.figures import per_day
from callwaiting.features.orders.listing import lines_of
from callwaiting.features.orders.models import Order, OrderLine
from callwaiting.features.orders.totals import Line, LineRequest, Quote, merged, price_line
from callwaiting.features.orders.transitions import MOVES, Move, State, after
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.events import PaymentSettled

__all__ = [
    "DueOrder",
    "Line",
    "LineRequest",
    "OrderSummary",
    "PlacedOrder",
    "Quote",
    "cancel",
    "due_orders",
    "expire",
    "on_payment_settled",
    "order_of_call",
    "per_day",
    "place_order",
    "quote",
    "summary",
]

MAX_LINES = 20
MAX_QUANTITY = 99
# What a payment link can ask for: Stripe takes eight digits at most and, in dollars, half a dollar at least.
MIN_TOTAL_MINOR = 50
MAX_TOTAL_MINOR = 99_999_999
EXPIRY_BATCH = 500
PAYABLE = [state for state, move in MOVES if move is Move.SETTLE]
PAY = Statement("""
update app.orders set state = 'paid', revision = revision + 1, paid_at = %(paid_at)s
where id = %(id)s and state = any(%(payable)s) and total_minor = %(total_minor)s and currency = %(currency)s
returning number, caller_id, phone_number_id
""")


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    id: UUID
    number: int
    total: Money


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """An order as it was placed: for the payment page, the texts and the receipt."""

    id: UUID
    number: int
    version: int
    state: str
    business: str
    quote: Quote
    created_at: datetime
    expires_at: datetime | None
    paid_at: datetime | None

    @property
    def total(self) -> Money:
        return self.quote.total


@dataclass(frozen=True, slots=True)
class DueOrder:
    merchant_id: UUID
    order_id: UUID


def quote(session: Session, lines: Sequence[LineRequest]) -> Quote:
    """What these lines cost at this moment; lines of one item are added up.

    Raises LinesInvalid, ItemsUnavailable, AmountOutOfRange.
    """
    return _quote(session, merchants.profile(session), lines)


def place_order(
    session: Session,
    *,
    caller_id: UUID,
    call_id: UUID | None,
    phone_number_id: UUID,
    lines: Sequence[LineRequest],
    agreed: Money | None = None,
) -> PlacedOrder:
    """Place an order that awaits its payment, and plan the text with its payment link.

    `agreed` is the total that the caller said yes to. Raises TotalChanged, before anything is written, when the
    present total is another one; LinesInvalid, ItemsUnavailable, AmountOutOfRange as `quote` does.
    """
    profile = merchants.profile(session)
    priced = _quote(session, profile, lines)
    if agreed is not None and agreed != priced.total:
        raise TotalChanged(priced)
    settings: Settings = session.info["settings"]
    expires_at = clock.now() + timedelta(hours=settings.payment_link_hours)
    order = Order(
        merchant_id=profile.id,
        number=_next_number(session),
        caller_id=caller_id,
        call_id=call_id,
        phone_number_id=phone_number_id,
        state=State.AWAITING_PAYMENT,
        version=1,
        revision=1,
        currency=priced.currency,
        subtotal_minor=priced.subtotal.minor,
        tax_minor=priced.tax.minor,
        total_minor=priced.total.minor,
        tax_basis_points=priced.tax_basis_points,
        tax_inclusive=priced.tax_inclusive,
        expires_at=expires_at,
    )
    session.add(order)
    session.flush()
    session.add_all(_row(order, position, line) for position, line in enumerate(priced.lines, 1))
    session.flush()
    link = payments.create_link(
        session, order_id=order.id, order_version=order.version, amount=priced.total, expires_at=expires_at
    )
    messages.plan_text(
        session,
        "payment_link",
        {"order": str(order.number), "total": str(priced.total), "link": link},
        caller_id=caller_id,
        phone_number_id=phone_number_id,
        message_key=f"link:{order.id}:v{order.version}",
        answers_live_call=True,
        subject_id=order.id,
    )
    audit.record(
        session,
        "order.placed",
        subject=f"order:{order.id}",
        details={"number": order.number, "total_minor": order.total_minor, "currency": order.currency},
    )
    return PlacedOrder(order.id, order.number, priced.total)


def on_payment_settled(session: Session, event: PaymentSettled) -> None:
    """Mark the order paid and say so. Money for an order that cannot become paid raises an alert."""
    order = PAY(
        session,
        id=event.order_id,
        paid_at=clock.now(),
        payable=PAYABLE,
        total_minor=event.amount.minor,
        currency=event.amount.currency,
    ).one_or_none()
    if order is None:
        _alert_unexpected(session, event)
        return
    audit.record(
        session,
        "order.paid",
        subject=f"order:{event.order_id}",
        details={"payment": str(event.payment_id), "total_minor": event.amount.minor},
    )
    news = OrderPaid(
        order_id=event.order_id,
        number=order.number,
        payment_id=event.payment_id,
        total=event.amount,
        caller_id=order.caller_id,
        phone_number_id=order.phone_number_id,
    )
    publish(session, news)


def summary(session: Session, order_id: UUID) -> OrderSummary:
    """The order with its lines, names and prices as they were placed. Raises OrderNotFound."""
    order = session.get(Order, (merchant_of(session), order_id))
    if order is None:
        raise OrderNotFound(str(order_id))
    return OrderSummary(
        id=order.id,
        number=order.number,
        version=order.version,
        state=order.state,
        business=merchants.profile(session).name,
        quote=Quote(lines_of(session, order), order.currency, order.tax_basis_points, order.tax_inclusive),
        created_at=order.created_at,
        expires_at=order.expires_at,
        paid_at=order.paid_at,
    )


def cancel(session: Session, order_id: UUID, version: int) -> None:
    """Cancel an order that is not paid, and plan the text that says so. Its payment link stops taking money, and
    an open page of Stripe is closed.

    Raises OrderNotFound, PreconditionFailed, NotCancellable, or PaymentUnderway when its payment is being taken.
    """
    order = _locked(session, order_id)
    require_version(order.revision, version)
    state = after(order.state, Move.CANCEL)
    if state is None:
        raise NotCancellable(order.state, message=f"This order is {order.state.replace('_', ' ')}.")
    payments.require_none_underway(session, order.id)
    order.move(state)
    session.flush()
    payments.close_pages(session, order.id)
    messages.plan_text(
        session,
        "order_cancelled",
        {"order": str(order.number)},
        caller_id=order.caller_id,
        phone_number_id=order.phone_number_id,
        message_key=f"cancelled:{order.id}",
        subject_id=order.id,
    )
    audit.record(session, "order.cancelled", subject=f"order:{order.id}", details={"number": order.number})


def order_of_call(session: Session, call_id: UUID) -> UUID | None:
    """The order that was placed in this call."""
    return session.scalar(select(Order.id).where(Order.call_id == call_id))


def state_of(session: Session, *, caller_id: UUID, number: int) -> str | None:
    """How the caller's own order of this number stands; None when the caller has none."""
    return session.scalar(select(Order.state).where(Order.caller_id == caller_id, Order.number == number))


def due_orders(session: Session) -> list[DueOrder]:
    """Unpaid orders of all merchants whose time is up; for the service role, which sees no more than this."""
    rows = session.execute(
        select(Order.merchant_id, Order.id)
        .where(Order.state == State.AWAITING_PAYMENT, Order.expires_at <= clock.now())
        .order_by(Order.expires_at)
        .limit(EXPIRY_BATCH)
    )
    return [DueOrder(merchant_id, order_id) for merchant_id, order_id in rows]


def expire(session: Session, order_id: UUID) -> Literal["expired", "kept"]:
    """Expire an order whose time is up; `kept` when it was paid meanwhile or is not due. Raises OrderNotFound."""
    order = _locked(session, order_id)
    state = after(order.state, Move.EXPIRE)
    if state is None or order.expires_at is None or order.expires_at > clock.now():
        return "kept"
    order.move(state)
    session.flush()
    payments.close_pages(session, order.id)
    audit.record(session, "order.expired", subject=f"order:{order.id}", details={"number": order.number})
    return "expired"


def _alert_unexpected(session: Session, event: PaymentSettled) -> None:
    order = _locked(session, event.order_id)
    alerts.raise_alert(
        session,
        "orders.unexpected_payment",
        subject=f"order:{order.id}",
        severity="high",
        summary=f"Order {order.number} is {order.state.replace('_', ' ')} and got a payment that does not fit.",
        details={"payment": str(event.payment_id), "amount_minor": event.amount.minor, "state": order.state},
    )


def _quote(session: Session, profile: Profile, lines: Sequence[LineRequest]) -> Quote:
    wanted = merged(lines)
    if not 1 <= len(wanted) <= MAX_LINES or not all(1 <= line.quantity <= MAX_QUANTITY for line in (*lines, *wanted)):
        raise LinesInvalid(f"{len(wanted)} lines")
    items = catalogue.items_by_id(session, [line.item_id for line in wanted], profile.currency)
    gone = [line.item_id for line in wanted if line.item_id not in items or not items[line.item_id].available]
    if gone:
        raise ItemsUnavailable(gone)
    priced = tuple(
        price_line(
            line.item_id,
            items[line.item_id].name,
            items[line.item_id].price,
            line.quantity,
            tax_basis_points=profile.tax_basis_points,
            tax_inclusive=profile.tax_inclusive,
        )
        for line in wanted
    )
    found = Quote(priced, profile.currency, profile.tax_basis_points, profile.tax_inclusive)
    if not MIN_TOTAL_MINOR <= found.total.minor <= MAX_TOTAL_MINOR:
        raise AmountOutOfRange(str(found.total))
    return found


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
    )


def _locked(session: Session, order_id: UUID) -> Order:
    order = session.scalar(
        select(Order).where(Order.id == order_id).with_for_update().execution_options(populate_existing=True)
    )
    if order is None:
        raise OrderNotFound(str(order_id))
    return order
