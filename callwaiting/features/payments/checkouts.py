"""Checkouts: the pages at a provider on which links are paid, and how they end. They begin in `starting`."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.statements import Statement
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.payments.errors import PaymentUnderway
from callwaiting.features.payments.models import Checkout
from callwaiting.features.payments.owed import Bill
from callwaiting.features.payments.transitions import NEXT
from callwaiting.features.webhooks.service import NotYet

ASKED_AFTER = timedelta(hours=1)  # after its approval PayPal is asked what became of a payment (`asking`)

REFERENCE_PREFIX = "cw-"
LATE = "payments.capture_late"  # the alert about an approved payment that could not be taken yet
MOVE = Statement("update app.checkouts set state = %(state)s, ask_at = %(ask_at)s where id = %(id)s")


def reference_of(checkout_id: UUID) -> str:
    """The reference that we give the provider, and by which an event is known to be ours."""
    return REFERENCE_PREFIX + checkout_id.hex


def id_in(reference: str) -> UUID | None:
    """The checkout that a reference of ours names."""
    if not reference.startswith(REFERENCE_PREFIX):
        return None
    try:
        return UUID(reference.removeprefix(REFERENCE_PREFIX))
    except ValueError:
        return None


def checkout_by(session: Session, provider: str, provider_id: str, reference: str) -> Checkout | None:
    """The checkout by its provider's id or else by our reference, locked; its own order is not yet."""
    ours = select(Checkout).where(Checkout.provider == provider).with_for_update()
    found = session.scalar(ours.where(Checkout.provider_id == provider_id)) if provider_id else None
    if found is None and (checkout_id := id_in(reference)):
        found = session.scalar(ours.where(Checkout.id == checkout_id))
    return found


def end_checkout(
    session: Session, provider: str, provider_id: str, reference: str, state: Literal["failed", "expired"]
) -> Literal["moved", "stale", "foreign"]:
    """The provider's page is closed without money: the payer may start anew.

    Raises NotYet when the checkout is ours and not recorded yet. One that expires unrecorded was lost in a crash.
    """
    checkout = checkout_by(session, provider, provider_id, reference)
    if checkout is None:
        return "foreign"
    if checkout.state == "claimed" and state == "failed":
        raise NotYet("the checkout is claimed and not recorded")
    if checkout.state != "claimed" and checkout.provider_id != provider_id:
        return "stale"
    return move(session, checkout, "failed" if checkout.state == "claimed" else state)


def require_none_underway(session: Session, order_id: UUID) -> None:
    """Raises PaymentUnderway when a payer has approved a payment that is being captured. Call with the order locked."""
    approved = select(Checkout.id).where(Checkout.order_id == order_id, Checkout.state == "approved")
    if session.scalar(approved.limit(1)) is not None:
        raise PaymentUnderway("approved", message="A payment for this order is being taken.")


def locked(session: Session, checkout_id: UUID) -> Checkout:
    return session.scalars(select(Checkout).where(Checkout.id == checkout_id).with_for_update()).one()


def move(session: Session, checkout: Checkout | Bill, state: str, *, reason: str = "") -> Literal["moved", "stale"]:
    """Move a locked checkout along the table; `stale` when it is already there or past it."""
    if state not in NEXT[checkout.state]:
        return "stale"
    MOVE(session, id=checkout.id, state=state, ask_at=clock.now() + ASKED_AFTER if state == "approved" else None)
    if checkout.state == "approved":
        alerts.resolve_alert(session, LATE, subject=f"checkout:{checkout.id}")
    audit.record(session, f"checkout.{state}", subject=f"checkout:{checkout.id}", reason=reason)
    return "moved"
