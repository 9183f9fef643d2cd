"""The double-entry ledger: where a merchant's money came from and where it is, one balance per account and currency.

Debits of `stripe` and `paypal` are money that the provider took for the merchant. It is credited to
`orders` when it paid one, else to `parked` or `surplus`, from where it goes back. What it keeps is debited to
`fees`, in the currency of its own books. Entries are written in the
transaction of the change that they tell of (docs/adr/0026-a-ledger-of-transfers.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.payments.models import Dispute, Payment, Refund

POST = Statement("""
insert into app.ledger_transfers (merchant_id, id, entry_key, kind, subject_id, debit, credit, amount_minor, currency)
values (%(merchant_id)s, %(id)s, %(entry_key)s, %(kind)s, %(subject_id)s, %(debit)s, %(credit)s, %(amount_minor)s,
    %(currency)s)
""")
BALANCES = """
select account, currency, sum(debit) as debit, sum(credit) as credit
from (select debit as account, currency, amount_minor as debit, 0 as credit from app.ledger_transfers
      union all
      select credit, currency, 0, amount_minor from app.ledger_transfers) as sides
group by account, currency order by currency, account
"""
# What a payment, refund or dispute says of the money at the provider, beside what the ledger says of it; only where
# the two differ. Each is written by other code than the one that it is compared with.
DIFFERENCES = """
with entries as (
    select subject_id, kind, currency,
        sum(case when debit in ('stripe', 'paypal') then amount_minor
                 when credit in ('stripe', 'paypal') then -amount_minor else 0 end) as minor
    from app.ledger_transfers group by subject_id, kind, currency
), facts as (
    select id, 'payment' as kind, currency, amount_minor::bigint as minor from app.payments
    union all
    select id, 'refund', currency, case when state = 'succeeded' and dispute_id is null then -amount_minor else 0 end
    from app.refunds
    union all
    select id, 'dispute', currency,
        case when state in ('open', 'lost') and refund_id is null then -amount_minor else 0 end
    from app.disputes
    union all
    select id, 'fee', currency, -amount_minor from app.provider_fees
)
select coalesce(f.kind, e.kind) as kind, coalesce(f.id, e.subject_id) as subject_id,
    coalesce(f.currency, e.currency) as currency, coalesce(f.minor, 0) as told, coalesce(e.minor, 0) as entered
from facts f full join entries e on e.subject_id = f.id and e.kind = f.kind and e.currency = f.currency
where coalesce(f.minor, 0) <> coalesce(e.minor, 0) order by 1, 2, 3
"""


class Balance(NamedTuple):
    """All that was debited and credited on one account, in minor units."""

    account: str
    currency: str
    debit: int
    credit: int


class Difference(NamedTuple):
    """A payment, refund or dispute whose own amount (`told`, negative for money that went away) is not what was
    `entered`."""

    kind: str
    subject_id: UUID
    currency: str
    told: int
    entered: int


def account_of(entered_as: str) -> str:
    """The account that money is credited to when it comes in."""
    return "orders" if entered_as == "settled" else entered_as


def refund_made(session: Session, payment: Payment, refund: Refund) -> None:
    """Money has gone back out of the payment's account."""
    _post(session, refund, "made", debit=account_of(payment.entered_as), credit=payment.provider)


def refund_came_back(session: Session, payment: Payment, refund: Refund) -> None:
    """A refund that had been made failed after all: the opposite entry."""
    _post(session, refund, "came_back", debit=payment.provider, credit=account_of(payment.entered_as))


def balances(session: Session) -> Sequence[Balance]:
    """Every account of the session's merchant that has entries, by currency and name."""
    return [Balance(*row) for row in session.execute(text(BALANCES))]


def differences(session: Session) -> Sequence[Difference]:
    """Where payments, refunds and disputes of the session's merchant do not agree with its ledger; else empty."""
    return [Difference(*row) for row in session.execute(text(DIFFERENCES))]


def dispute_moved(session: Session, payment: Payment, dispute: Dispute, was: str) -> None:
    """What a dispute's new state means for its money; `was` is the state before, or `new`."""
    provider, earned = payment.provider, account_of(payment.entered_as)
    if dispute.state in {"open", "lost"} and was != "open":
        _post(session, dispute, "withdrawn", debit="disputes", credit=provider)
    if dispute.state == "won" and was == "open":
        _post(session, dispute, "reinstated", debit=provider, credit="disputes")
    if dispute.state == "lost":
        _post(session, dispute, "lost", debit=earned, credit="disputes")


def fee_kept(session: Session, provider: str, fee_id: UUID, fee: Money) -> None:
    """What a provider kept for itself, or, when negative, gave back."""
    debit, credit = ("fees", provider) if fee.minor > 0 else (provider, "fees")
    _enter(session, "fee", "kept", fee_id, Money(abs(fee.minor), fee.currency), debit=debit, credit=credit)


def _post(session: Session, subject: Refund | Dispute, what: str, *, debit: str, credit: str) -> None:
    kind = "refund" if isinstance(subject, Refund) else "dispute"
    amount = Money(subject.amount_minor, subject.currency)
    _enter(session, kind, what, subject.id, amount, debit=debit, credit=credit)


def _enter(session: Session, kind: str, what: str, subject_id: UUID, amount: Money, *, debit: str, credit: str) -> None:
    POST(
        session,
        merchant_id=merchant_of(session),
        id=new_id(),
        entry_key=f"{kind}_{what}:{subject_id}",
        kind=kind,
        subject_id=subject_id,
        debit=debit,
        credit=credit,
        amount_minor=amount.minor,
        currency=amount.currency,
    )
