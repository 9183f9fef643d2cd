"""Money that a provider says it took: it fulfils its order only when everything about it matches."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.events import publish
from callwaiting.core.ids import new_id
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.alerts import service as alerts
from callwaiting.features.audit import service as audit
from callwaiting.features.payments import checkouts, closing, ledger, parked
from callwaiting.features.payments.accounts import PaymentProvider
from callwaiting.features.payments.events import PaymentParked, PaymentSettled
from callwaiting.features.payments.owed import AWAITING, Bill, bill
from callwaiting.features.webhooks.service import NotYet
from callwaiting.providers.ports import Settlement

Kept = Literal["settled", "parked", "surplus"]
Outcome = Literal[Kept, "repeated", "foreign"]
PAID = frozenset({"deposit_paid", "paid", "part_refunded", "refunded"})
# The payment and its entry in the ledger, or neither when the payment is known.
KEEP = Statement("""
with kept as (
    insert into app.payments (merchant_id, id, order_id, checkout_id, provider, mode, account, payment_id,
        amount_minor, currency, state, entered_as, reason, settled_at)
    values (%(merchant_id)s, %(id)s, %(order_id)s, %(checkout_id)s, %(provider)s, %(mode)s, %(account)s,
        %(payment_id)s, %(amount_minor)s, %(currency)s, %(state)s, %(state)s, %(reason)s, %(settled_at)s)
    on conflict (merchant_id, provider, payment_id) do nothing returning *
), entry as (
    insert into app.ledger_transfers (merchant_id, id, entry_key, kind, subject_id, debit, credit, amount_minor,
        currency, recorded_at)
    select merchant_id, %(entry_id)s::uuid, 'payment:' || id, 'payment', id, provider,
        %(credit)s::text, amount_minor, currency, settled_at
    from kept where amount_minor > 0
)
select id from kept
""")


def settle(session: Session, settlement: Settlement, *, provider: PaymentProvider) -> Outcome:
    """Take a settlement of the session's merchant; the settlement must be `settled`, its money taken.

    `settled`: the order is paid by it, and pages on which it could be paid once more are closed. `parked`: something
    does not match, or the order can no longer be paid; a person must look, and the payer is told. `surplus`: the order
    is paid already; the money waits to be given back. `repeated`: known. `foreign`: the merchant's own business, not
    ours. Raises NotYet when the checkout is ours and not recorded yet.
    """
    found = bill(session, provider, settlement.provider_id, checkouts.id_in(settlement.reference))
    if found is None and not settlement.reference.startswith(checkouts.REFERENCE_PREFIX):
        return "foreign"
    if found is not None and found.state == "claimed":
        raise NotYet("the checkout is claimed and not recorded")
    state, reason = _judge(settlement, found)
    payment_id = _keep(session, settlement, provider, found, state, reason)
    if payment_id is None:
        return "repeated"
    if found is not None:
        checkouts.move(session, found, "completed")
    _record(session, settlement, found, payment_id, state, reason)
    if state == "parked":
        _alert(session, parked.RULE, payment_id, f"Money came in that does not fit its order: {reason}.")
        if found is not None:
            closing.close_pages(session, found.order_id)
            publish(session, PaymentParked(found.order_id, payment_id, settlement.amount))
    elif state == "surplus":
        _alert(session, "payments.surplus", payment_id, "A paid order was paid once more: give the money back.")
    elif found is not None:
        closing.close_pages(session, found.order_id)
        publish(session, PaymentSettled(found.order_id, payment_id, settlement.amount))
    return state


def _judge(settlement: Settlement, found: Bill | None) -> tuple[Kept, str]:
    """What becomes of the money, and why."""
    if found is None:
        return "parked", "unknown checkout"
    if mismatch := _mismatch(settlement, found):
        return "parked", mismatch
    if found.due.state in PAID:
        return "surplus", "second payment"
    if found.due.state not in AWAITING:
        return "parked", f"order {found.due.state}"
    return "settled", ""


def _mismatch(settlement: Settlement, found: Bill) -> str:
    """What does not fit, in words; empty when all does."""
    paid, asked, due = settlement.amount, found.asked, found.due
    facts = {
        "checkout": settlement.provider_id == found.provider_id,
        "account": settlement.account == found.account,
        "mode": settlement.mode == found.mode,
        "currency": paid.currency == asked.currency == due.amount.currency,
        "amount": paid.minor == asked.minor == due.amount.minor,
        "order version": found.order_version == due.version and found.revoked_at is None,
    }
    return ", ".join(name for name, fits in facts.items() if not fits)


def _keep(
    session: Session, settlement: Settlement, provider: PaymentProvider, found: Bill | None, state: Kept, reason: str
) -> UUID | None:
    """The payment's id; None when it is known."""
    kept: UUID | None = KEEP(
        session,
        merchant_id=merchant_of(session),
        id=new_id(),
        entry_id=new_id(),
        credit=ledger.account_of(state),
        order_id=found.order_id if found else None,
        checkout_id=found.id if found else None,
        provider=provider,
        mode=settlement.mode,
        account=settlement.account,
        payment_id=settlement.payment_id,
        amount_minor=settlement.amount.minor,
        currency=settlement.amount.currency,
        state=state,
        reason=reason,
        settled_at=clock.now(),
    ).scalar()
    return kept


def _record(
    session: Session, settlement: Settlement, found: Bill | None, payment_id: UUID, state: Kept, reason: str
) -> None:
    audit.record(
        session,
        f"payment.{state}",
        subject=f"payment:{payment_id}",
        reason=reason,
        details={
            "order": str(found.order_id) if found else None,
            "amount_minor": settlement.amount.minor,
            "currency": settlement.amount.currency,
        },
    )


def _alert(session: Session, rule: str, payment_id: UUID, summary: str) -> None:
    alerts.raise_alert(session, rule, subject=f"payment:{payment_id}", severity="high", summary=summary)
