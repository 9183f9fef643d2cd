"""A receipt is no copy: it shows the order as it was placed, and its payments and refunds as they stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.money import Money
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import service as messages
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.events import OrderDepositPaid, OrderPaid
from callwaiting.features.orders.service import OrderSummary
from callwaiting.features.payments import service as payments
from callwaiting.features.receipts import links
from callwaiting.features.receipts.errors import ReceiptUnknown
from callwaiting.features.reception import service as reception

LABELS = {"stripe": "Card (Stripe)", "paypal": "PayPal"}


@dataclass(frozen=True, slots=True)
class Movement:
    """Money that came (positive) or went back (negative), by whom, and when by the business's clock."""

    at: datetime
    what: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Shown:
    """All that the page shows. `kept` is what was paid less what was given back, `still_due` what of it is to come;
    `in_full`: nothing is. `test`: no real money moved."""

    business: str
    address: str
    order: OrderSummary
    placed_at: datetime
    paid_at: datetime
    movements: Sequence[Movement]
    kept: Money
    still_due: Money
    in_full: bool
    test: bool


def on_order_paid(session: Session, event: OrderPaid) -> None:
    """Give the order's receipt its address, and plan the text that says so."""
    link = links.link_to(session, event.order_id)
    messages.plan_text(
        session,
        "receipt",
        {"amount": str(event.amount), "order": str(event.number), "link": link},
        caller_id=event.caller_id,
        phone_number_id=event.phone_number_id,
        message_key=f"receipt:{event.order_id}",
        answers_live_call=True,  # the payer has just paid
        subject_id=event.order_id,
    )


def on_order_deposit_paid(session: Session, event: OrderDepositPaid) -> None:
    """As for an order that is paid in full; the receipt has the same address then."""
    link = links.link_to(session, event.order_id)
    messages.plan_text(
        session,
        "deposit_receipt",
        {"amount": str(event.deposit), "rest": str(event.rest), "order": str(event.number), "link": link},
        caller_id=event.caller_id,
        phone_number_id=event.phone_number_id,
        message_key=f"receipt:{event.order_id}:deposit",
        answers_live_call=True,  # the payer has just paid
        subject_id=event.order_id,
    )


def shown(session: Session, order_id: UUID) -> Shown:
    """The receipt of an order that was paid, or whose deposit was. Raises ReceiptUnknown."""
    order = orders.summary(session, order_id)
    paid_at = order.paid_at or order.deposit_paid_at
    if paid_at is None:
        raise ReceiptUnknown(order.state)
    profile = merchants.profile(session)
    movements, test = _movements(session, order_id, profile)
    if order.paid_elsewhere is not None and order.paid_at is not None:
        on_the_spot = Movement(order.paid_at.astimezone(profile.timezone), "On the spot", order.paid_elsewhere)
        movements = sorted([*movements, on_the_spot], key=lambda move: move.at)
    kept = Money(sum(move.amount.minor for move in movements), order.total.currency)
    return Shown(
        business=profile.name,
        address=reception.desk(session).address,
        order=order,
        placed_at=order.created_at.astimezone(profile.timezone),
        paid_at=paid_at.astimezone(profile.timezone),
        movements=movements,
        kept=kept,
        still_due=order.still_due,
        in_full=order.paid_at is not None,
        test=test,
    )


def _movements(session: Session, order_id: UUID, profile: merchants.Profile) -> tuple[list[Movement], bool]:
    """The money of the order in the order of time: that which paid it, and what came in addition."""
    found: list[Movement] = []
    test = False
    for payment in payments.payments_for(session, order_id):
        if payment.entered_as == "parked":
            continue  # a person is looking at it; it is no part of this order
        label, zone = LABELS.get(payment.provider, payment.provider), profile.timezone
        also = "" if payment.entered_as == "settled" else ", paid in addition"
        test = test or payment.mode == "test"
        found.append(Movement(payment.settled_at.astimezone(zone), f"{label}{also}", payment.amount))
        for refund in payments.refunds_of(session, payment.id):
            back = Money(-refund.amount.minor, refund.amount.currency)
            at = (refund.ended_at or refund.created_at).astimezone(zone)
            found.append(Movement(at, f"Given back, {label}", back))
    return sorted(found, key=lambda move: move.at), test
