"""The texts of an order on their way: what is no longer true is not sent, and a link that did not arrive is seen."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.features.alerts import service as alerts
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import service as messages
from callwaiting.features.messages.errors import NoLongerTrue
from callwaiting.features.messages.events import TextDue, TextFailed
from callwaiting.features.orders.models import Order
from callwaiting.features.orders.transitions import State
from callwaiting.features.payments import service as payments

LINK_TEXTS = ("payment_link", "deposit_link", "rest_link", "booking_deposit")
UNDELIVERED = "orders.link_undelivered"
AWAITING = (State.AWAITING_PAYMENT, State.AWAITING_REST)


def text_link(session: Session, order: Order, expires_at: datetime, *, answers_live_call: bool = False) -> None:
    """Make the link of this version of an order, and plan the text with it: for all of it, the deposit or the rest."""
    link = payments.create_link(
        session, order_id=order.id, order_version=order.version, amount=order.due, expires_at=expires_at
    )
    kind = ("rest_link" if order.rest_asked else "deposit_link") if order.deposit_minor else "payment_link"
    values = {"order": str(order.number), "total": str(order.total), "link": link}
    if order.booking_id is not None and not order.rest_asked:
        kind = "booking_deposit"
        values |= {"amount": str(order.due), "until": _in_words(session, expires_at)}
    elif order.deposit_minor:
        values |= {"amount": str(order.due), "rest": str(order.rest)}
    messages.plan_text(
        session,
        kind,
        values,
        caller_id=order.caller_id,
        phone_number_id=order.phone_number_id,
        message_key=link_key(order.id, order.version),
        answers_live_call=answers_live_call,
        subject_id=order.id,
    )
    if not answers_live_call:  # who is on the phone was asked whether texts may come
        _see_sent(session, order)


def _see_sent(session: Session, order: Order) -> None:
    """A link that may not be texted is as good as one that did not arrive; a new one ends what was said of that."""
    fate = messages.fate_of(session, order.id, *LINK_TEXTS)
    if fate is not None and fate.status == "suppressed":
        _alert_undelivered(session, order.id, order.number, fate.problem or "")
    else:
        alerts.resolve_alert(session, UNDELIVERED, subject=f"order:{order.id}")


def _in_words(session: Session, moment: datetime) -> str:
    """`Tue, May 5 at 3:30 PM`, by the business's clock."""
    local = moment.astimezone(merchants.profile(session).timezone)
    half = "AM" if local.hour < 12 else "PM"
    return f"{local:%a}, {local:%b} {local.day} at {local.hour % 12 or 12}:{local:%M} {half}"


def require_still_true(session: Session, due: TextDue) -> None:
    """A payment link is sent while its order waits for the money, and this version of it is the present one. Raises
    NoLongerTrue."""
    if due.kind not in LINK_TEXTS or due.subject_id is None:
        return
    row = session.execute(select(Order.state, Order.version).where(Order.id == due.subject_id)).one_or_none()
    if row is None or row.state not in AWAITING:
        raise NoLongerTrue
    if due.message_key and due.message_key != link_key(due.subject_id, row.version):
        raise NoLongerTrue


def link_key(order_id: UUID, version: int) -> str:
    """Under which the text with the link of this version of an order is planned, once."""
    return f"link:{order_id}:v{version}"


def on_text_failed(session: Session, failed: TextFailed) -> None:
    """Somebody has to ring a caller whose payment link did not arrive: the order would just expire."""
    if failed.kind not in LINK_TEXTS or failed.subject_id is None:
        return
    number = session.scalar(select(Order.number).where(Order.id == failed.subject_id))
    _alert_undelivered(session, failed.subject_id, number or 0, failed.meaning, failed.code)


def _alert_undelivered(session: Session, order_id: UUID, number: int, why: str, code: str = "") -> None:
    alerts.raise_alert(
        session,
        UNDELIVERED,
        subject=f"order:{order_id}",
        severity="high",
        summary=f"The payment link of order {number} did not arrive. {why}",
        details={"order": str(order_id), "code": code},
    )
