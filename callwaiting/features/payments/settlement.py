"""Money that a provider says it took: it fulfils its order only when everything about it matches."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.events import publish
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.payments import checkouts
from callwaiting.features.payments.accounts import PaymentProvider
from callwaiting.features.payments.events import PaymentSettled
from callwaiting.features.payments.models import Checkout, Payment, PaymentLink
from callwaiting.features.payments.owed import AWAITING, Owed, owed
from callwaiting.features.webhooks.service import NotYet
from callwaiting.providers.ports import Settlement

Outcome = Literal["settled", "parked", "surplus", "repeated", "foreign"]
PAID = frozenset({"paid", "part_refunded", "refunded"})


def settle(session: Session, settlement: Settlement, *, provider: PaymentProvider) -> Outcome:
    """Take a settlement of the session's merchant; the settlement must be `settled`, its money taken.

    `settled`: the order is paid by it. `parked`: something does not match, or the order can no longer be paid; a
    person must look. `surplus`: the order is paid already; the money waits to be given back. `repeated`: known.
    `foreign`: the merchant's own business, not ours. Raises NotYet when the checkout is ours and not recorded yet.
    """
    checkout = checkouts.checkout_by(session, provider, settlement.provider_id, settlement.reference)
    known = select(Payment.id).where(Payment.provider == provider, Payment.payment_id == settlement.payment_id)
    if session.scalar(known) is not None:
        return "repeated"
    if checkout is None:
        if not settlement.reference.startswith(checkouts.REFERENCE_PREFIX):
            return "foreign"
        return _park(session, settlement, provider, None, "unknown checkout")
    if checkout.state == "claimed":
        raise NotYet("the checkout is claimed and not recorded")
    link = session.scalars(select(PaymentLink).where(PaymentLink.id == checkout.link_id)).one()
    due = owed(session, checkout.order_id)
    checkouts.move(session, checkout, "completed")
    if mismatch := _mismatch(settlement, checkout, link, due):
        return _park(session, settlement, provider, checkout, mismatch)
    if due.state in PAID:
        payment_id = _keep(session, settlement, provider, checkout, "surplus", "second payment")
        _alert(session, "payments.surplus", payment_id, "A paid order was paid once more: give the money back.")
        return "surplus"
    if due.state != AWAITING:
        return _park(session, settlement, provider, checkout, f"order {due.state}")
    payment_id = _keep(session, settlement, provider, checkout, "settled", "")
    publish(session, PaymentSettled(checkout.order_id, payment_id, settlement.amount))
    return "settled"


def _mismatch(settlement: Settlement, checkout: Checkout, link: PaymentLink, due: Owed) -> str:
    """What does not fit, in words; empty when all does."""
    amount = Money(link.amount_minor, link.currency)
    facts = {
        "checkout": settlement.provider_id == checkout.provider_id,
        "account": settlement.account == checkout.account,
        "mode": settlement.mode == checkout.mode,
        "currency": settlement.amount.currency == amount.currency == due.total.currency,
        "amount": settlement.amount.minor == amount.minor == due.total.minor,
        "order version": link.order_version == due.version and link.revoked_at is None,
    }
    return ", ".join(name for name, fits in facts.items() if not fits)


def _park(
    session: Session, settlement: Settlement, provider: PaymentProvider, checkout: Checkout | None, reason: str
) -> Literal["parked"]:
    payment_id = _keep(session, settlement, provider, checkout, "parked", reason)
    _alert(session, "payments.parked", payment_id, f"Money came in that does not fit its order: {reason}.")
    return "parked"


def _keep(
    session: Session,
    settlement: Settlement,
    provider: PaymentProvider,
    checkout: Checkout | None,
    state: Literal["settled", "parked", "surplus"],
    reason: str,
) -> UUID:
    payment_id = new_id()
    session.add(
        Payment(
            merchant_id=merchant_of(session),
            id=payment_id,
            order_id=checkout.order_id if checkout else None,
            checkout_id=checkout.id if checkout else None,
            provider=provider,
            mode=settlement.mode,
            account=settlement.account,
            payment_id=settlement.payment_id,
            amount_minor=settlement.amount.minor,
            currency=settlement.amount.currency,
            state=state,
            reason=reason,
            settled_at=clock.now(),
        )
    )
    session.flush()
    audit.record(
        session,
        f"payment.{state}",
        subject=f"payment:{payment_id}",
        reason=reason,
        details={
            "order": str(checkout.order_id) if checkout else None,
            "amount_minor": settlement.amount.minor,
            "currency": settlement.amount.currency,
        },
    )
    return payment_id


def _alert(session: Session, rule: str, payment_id: UUID, summary: str) -> None:
    alerts.raise_alert(session, rule, subject=f"payment:{payment_id}", severity="high", summary=summary)
