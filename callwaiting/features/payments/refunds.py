"""Money that goes back: asked for by the team, or given back at the provider's own desk.

What a provider tells of a refund is taken in any order and any number of times: a refund's state only moves on, and
what its payment says is added up anew from its refunds.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.events import publish
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.outbox import service as outbox
from callwaiting.features.payments import ledger, twice_told
from callwaiting.features.payments.accounts import PaymentProvider
from callwaiting.features.payments.errors import AccountGone, PaymentNotFound, RefundNotFound, RefundTooLarge
from callwaiting.features.payments.events import PaymentRefunded
from callwaiting.features.payments.models import Payment, PaymentAccount, Refund
from callwaiting.features.payments.transitions import REFUND_NEXT
from callwaiting.features.webhooks.service import NotYet
from callwaiting.providers import ports
from callwaiting.providers.ports import PayloadInvalid

Reason = Literal["requested_by_customer", "duplicate", "other"]
REFERENCE_PREFIX = "cwr-"
# So long a refund may overtake the news of its payment, or of our own having asked for it.
OVERTAKING = timedelta(minutes=10)


def effect_of(provider: str) -> str:
    """The kind of effect that asks this provider for a refund."""
    return f"{provider}.refund"


def request_refund(session: Session, payment_id: UUID, *, amount: Money | None, reason: Reason) -> Refund:
    """Plan to give back `amount`, or all that is left, of a payment.

    Never more than was taken, less what went back and what is on its way. Raises PaymentNotFound, ValidationFailed
    for another currency, RefundTooLarge, and AccountGone when the money is no longer within the merchant's reach.
    """
    payment = locked(session, payment_id)
    if amount is not None and amount.currency != payment.currency:
        raise ValidationFailed(FieldError("amount.currency", f"Must be {payment.currency}, as the payment is."))
    # A payment is believed from its signed event; money leaves only an account that the platform gave the merchant.
    own = select(PaymentAccount.id).where(
        PaymentAccount.provider == payment.provider,
        PaymentAccount.mode == payment.mode,
        PaymentAccount.account == payment.account,
    )
    if session.scalar(own) is None:
        raise AccountGone(message="This payment is in an account that is not connected.")
    left = payment.amount_minor - _sum(session, payment, "pending", "succeeded")
    asked = left if amount is None else amount.minor
    if not 0 < asked <= left:
        most = Money(max(left, 0), payment.currency)
        raise RefundTooLarge(message=f"Of this payment, {most} can be given back.")
    refund = _add(session, payment, asked, origin="api", reason=reason)
    outbox.plan(session, effect_of(payment.provider), effect_key=key_of(refund.id), subject_id=refund.id)
    audit.record(
        session, "refund.requested", subject=f"refund:{refund.id}", reason=reason, details=_facts(payment, refund)
    )
    return refund


def ask_again(session: Session, refund_id: UUID) -> Refund:
    """Ask for a refund once more that could not be asked for, its provider having been away for too long.

    The key is the same, so what has been given back already is not given back twice. Raises RefundNotFound, and
    NotGivenUp while it is still being asked for or its provider has told of it.
    """
    refund = session.scalar(select(Refund).where(Refund.id == refund_id).with_for_update())
    if refund is None:
        raise RefundNotFound(str(refund_id))
    if refund.state != "pending" or refund.provider_id is not None:
        raise outbox.NotGivenUp(message="The provider knows of this refund already.")
    outbox.plan_again(session, effect_of(refund.provider), effect_key=key_of(refund.id), subject_id=refund.id)
    audit.record(session, "refund.asked_again", subject=f"refund:{refund.id}")
    return refund


def take_refund(
    session: Session, told: ports.Refund, *, provider: PaymentProvider, received_at: datetime
) -> Literal["moved", "stale", "foreign"]:
    """Take what a provider's event tells of a refund. `foreign`: of a payment that is not ours.

    Raises NotYet while the payment, or our own record of the refund, may still come; PayloadInvalid when the refund
    cannot be one of this payment.
    """
    waits = clock.now() < received_at + OVERTAKING
    payment = payment_by(session, provider, told.payment_id)
    if payment is None:
        if waits and told.payment_id:
            raise NotYet("the payment of this refund is not known yet")
        return "foreign"
    refund = _known(session, payment, told)
    if refund is None:
        if waits and _asked_for(session, payment, told):
            raise NotYet("this may be the refund that we are asking for just now")
        refund = _found(session, payment, told)
    return apply(session, payment, refund, told)


def payment_by(session: Session, provider: str, provider_id: str) -> Payment | None:
    """The payment by its provider's id, locked."""
    return session.scalar(
        select(Payment).where(Payment.provider == provider, Payment.payment_id == provider_id).with_for_update()
    )


def locked(session: Session, payment_id: UUID) -> Payment:
    """Raises PaymentNotFound."""
    payment = session.scalar(select(Payment).where(Payment.id == payment_id).with_for_update())
    if payment is None:
        raise PaymentNotFound(str(payment_id))
    return payment


def apply(session: Session, payment: Payment, refund: Refund, told: ports.Refund) -> Literal["moved", "stale"]:
    """Bring a refund of a locked payment to what its provider tells; `stale` when it is there or past it.

    Raises PayloadInvalid.
    """
    if told.amount.currency != payment.currency or told.amount.minor <= 0:
        raise PayloadInvalid("the refund is not in the payment's currency")
    refund.provider_id = told.provider_id
    if refund.state == "pending":  # afterwards the amount stands in the ledger
        refund.amount_minor = told.amount.minor
    return move(session, payment, refund, told.state, failure=told.failure)


def move(
    session: Session, payment: Payment, refund: Refund, state: ports.RefundState, *, failure: str = ""
) -> Literal["moved", "stale"]:
    """Move a refund of a locked payment on, and all that follows from it."""
    if state not in REFUND_NEXT[refund.state]:
        session.flush()
        return "stale"
    was = refund.state
    refund.state, refund.failure, refund.ended_at = state, failure, clock.now()
    session.flush()
    if state == "succeeded":
        _leave(session, payment, refund)
    elif was == "succeeded" and refund.dispute_id is None:
        ledger.refund_came_back(session, payment, refund)
    audit.record(
        session, f"refund.{state}", subject=f"refund:{refund.id}", reason=failure, details=_facts(payment, refund)
    )
    if state == "failed":
        alerts.raise_alert(
            session,
            "payments.refund_failed",
            subject=f"refund:{refund.id}",
            severity="high",
            summary=f"{Money(refund.amount_minor, refund.currency)} could not be given back.",
            details={"payment": str(payment.id), "failure": failure},
        )
    _add_up(session, payment)
    if payment.order_id is not None:
        news = PaymentRefunded(
            order_id=payment.order_id,
            refund_id=refund.id,
            amount=Money(refund.amount_minor, refund.currency),
            succeeded=state == "succeeded",
            refunded=Money(payment.refunded_minor, payment.currency),
            paid_for_order=payment.entered_as == "settled",
        )
        publish(session, news)
    return "moved"


def key_of(refund_id: UUID) -> str:
    """The idempotency key that the provider knows the refund by, and the first key of its effect."""
    return f"refund:{refund_id}"


def reference_of(refund_id: UUID) -> str:
    """The reference that we give the provider, and by which it is known whose refund this is."""
    return REFERENCE_PREFIX + refund_id.hex


def by_provider_id(session: Session, payment: Payment, provider_id: str) -> Refund | None:
    """The refund of this payment that the provider calls by this id."""
    return session.scalar(select(Refund).where(Refund.payment_id == payment.id, Refund.provider_id == provider_id))


def take_one_of_all(session: Session, payment: Payment, told: ports.Refund) -> None:
    """Take one refund out of the provider's own list of those of a locked payment."""
    refund = _known(session, payment, told)
    apply(session, payment, refund or _found(session, payment, told), told)


def _known(session: Session, payment: Payment, told: ports.Refund) -> Refund | None:
    """The row of this refund: by the provider's id, or by our reference when the provider's id is news."""
    found = by_provider_id(session, payment, told.provider_id)
    if found is not None or not told.reference.startswith(REFERENCE_PREFIX):
        return found
    try:
        own = UUID(told.reference.removeprefix(REFERENCE_PREFIX))
    except ValueError:
        return None
    return session.scalar(
        select(Refund).where(Refund.id == own, Refund.payment_id == payment.id, Refund.provider_id.is_(None))
    )


def _asked_for(session: Session, payment: Payment, told: ports.Refund) -> bool:
    """Whether a refund of this amount is being asked for, whose answer would tell which one this is."""
    asked = select(Refund.id).where(
        Refund.payment_id == payment.id,
        Refund.state == "pending",
        Refund.provider_id.is_(None),
        Refund.amount_minor == told.amount.minor,
    )
    return session.scalar(asked.limit(1)) is not None


def _leave(session: Session, payment: Payment, refund: Refund) -> None:
    """The money has gone back; once, where a dispute had taken it already."""
    dispute = twice_told.dispute_that_took(session, payment, refund)
    if dispute is None:
        ledger.refund_made(session, payment, refund)
        return
    refund.dispute_id = dispute.id
    session.flush()
    audit.record(
        session, "refund.is_disputed_money", subject=f"refund:{refund.id}", details={"dispute": str(dispute.id)}
    )


def _found(session: Session, payment: Payment, told: ports.Refund) -> Refund:
    """A refund that was made at the provider's own desk."""
    refund = _add(session, payment, told.amount.minor, origin="provider", provider_id=told.provider_id)
    audit.record(session, "refund.found", subject=f"refund:{refund.id}", details=_facts(payment, refund))
    return refund


def _add(
    session: Session,
    payment: Payment,
    minor: int,
    *,
    origin: Literal["api", "provider"],
    reason: str = "",
    provider_id: str | None = None,
) -> Refund:
    refund = Refund(
        merchant_id=merchant_of(session),
        id=new_id(),
        payment_id=payment.id,
        provider=payment.provider,
        provider_id=provider_id,
        amount_minor=minor,
        currency=payment.currency,
        state="pending",
        origin=origin,
        reason=reason,
        failure="",
        created_at=clock.now(),
    )
    session.add(refund)
    session.flush()
    return refund


def _add_up(session: Session, payment: Payment) -> None:
    payment.refunded_minor = _sum(session, payment, "succeeded")
    state = payment.entered_as
    if payment.refunded_minor >= payment.amount_minor:
        state = "refunded"
    elif payment.refunded_minor:
        state = "part_refunded"
    if state == payment.state:
        session.flush()
        return
    payment.state = state
    session.flush()
    audit.record(
        session,
        f"payment.{state}",
        subject=f"payment:{payment.id}",
        details={"refunded_minor": payment.refunded_minor, "currency": payment.currency},
    )
    if state == "refunded":
        alerts.resolve_alert(session, f"payments.{payment.entered_as}", subject=f"payment:{payment.id}")


def _facts(payment: Payment, refund: Refund) -> dict[str, audit.Detail]:
    return {"payment": str(payment.id), "amount_minor": refund.amount_minor, "currency": refund.currency}


def _sum(session: Session, payment: Payment, *states: str) -> int:
    total = select(func.coalesce(func.sum(Refund.amount_minor), 0)).where(
        Refund.payment_id == payment.id, Refund.state.in_(states)
    )
    return int(session.scalar(total) or 0)
