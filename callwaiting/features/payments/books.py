"""What our books say of money at a provider, in the form in which it can be compared with the provider's; and fees."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.payments import ledger
from callwaiting.features.payments.models import Checkout, Payment, PaymentAccount, ProviderFee, Refund


@dataclass(frozen=True, slots=True)
class Account:
    """Where the merchant's money of one provider goes."""

    provider: str
    mode: str
    account: str


class Ref(NamedTuple):
    """By which a provider finds one payment; either may be empty. `at` is when it came up here."""

    payment_id: str
    checkout_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BookedMoney:
    """A payment or a refund as we have it; `payment_id` is the provider's. `done`: its money has moved."""

    subject: Literal["payment", "refund"]
    object_id: str
    payment_id: str
    checkout_id: str
    amount: Money
    done: bool


def accounts_of(session: Session) -> list[Account]:
    """The accounts of the session's merchant."""
    rows = session.scalars(select(PaymentAccount).order_by(PaymentAccount.provider))
    return [Account(row.provider, row.mode, row.account) for row in rows]


def moved_between(session: Session, account: Account, since: datetime, until: datetime) -> list[Ref]:
    """The payments of an account that came, or of which something went back, in this time; the earliest first."""
    refunded = select(Refund.payment_id).where(Refund.state == "succeeded", Refund.ended_at.between(since, until))
    rows = session.execute(
        select(Payment.payment_id, Checkout.provider_id, Payment.settled_at)
        .join(Checkout, Checkout.id == Payment.checkout_id, isouter=True)
        .where(*_of(account), or_(Payment.settled_at.between(since, until), Payment.id.in_(refunded)))
        .order_by(Payment.settled_at, Payment.id)
    )
    return [Ref(payment_id, checkout_id or "", at) for payment_id, checkout_id, at in rows]


def opened_between(session: Session, account: Account, since: datetime, until: datetime, limit: int) -> list[Ref]:
    """The checkouts that were made in this time, whatever became of them, the earliest first."""
    rows = session.execute(
        select(Checkout.provider_id, Checkout.created_at)
        .where(
            Checkout.provider == account.provider,
            Checkout.mode == account.mode,
            Checkout.account == account.account,
            Checkout.provider_id.is_not(None),
            Checkout.created_at.between(since, until),
        )
        .order_by(Checkout.created_at, Checkout.id)
        .limit(limit)
    )
    return [Ref("", provider_id or "", at) for provider_id, at in rows]


def booked(session: Session, account: Account, payment_ids: Collection[str]) -> list[BookedMoney]:
    """These payments, by the provider's ids, as far as they are ours, each with its refunds that the provider knows."""
    found: list[BookedMoney] = []
    checkouts = {}
    query = (
        select(Payment, Checkout.provider_id)
        .join(Checkout, Checkout.id == Payment.checkout_id, isouter=True)
        .where(*_of(account), Payment.payment_id.in_(payment_ids))
    )
    for payment, checkout_id in session.execute(query):
        checkouts[payment.id] = (payment.payment_id, checkout_id or "")
        amount = Money(payment.amount_minor, payment.currency)
        found.append(
            BookedMoney("payment", payment.payment_id, payment.payment_id, checkout_id or "", amount, done=True)
        )
    refunds = select(Refund).where(Refund.payment_id.in_(checkouts), Refund.provider_id.is_not(None))
    for refund in session.scalars(refunds):
        payment_id, checkout_id = checkouts[refund.payment_id]
        amount = Money(refund.amount_minor, refund.currency)
        done = refund.state == "succeeded"
        found.append(BookedMoney("refund", refund.provider_id or "", payment_id, checkout_id, amount, done))
    return found


def record_fee(session: Session, account: Account, payment_id: str, entry_id: str, fee: Money) -> Money | None:
    """Enter what the provider kept (negative: gave back) of a payment of ours, once a line of its books.

    Returns what was entered for this line before, None when nothing was. Nothing is entered for a payment of others.
    """
    payment = session.scalar(select(Payment).where(*_of(account), Payment.payment_id == payment_id))
    if payment is None:
        return fee
    row = insert(ProviderFee).values(
        merchant_id=merchant_of(session),
        id=new_id(),
        payment_id=payment.id,
        provider=account.provider,
        entry_id=entry_id,
        amount_minor=fee.minor,
        currency=fee.currency,
    )
    kept = ["merchant_id", "provider", "entry_id"]
    made = session.scalar(row.on_conflict_do_nothing(index_elements=kept).returning(ProviderFee.id))
    if made is not None:
        ledger.fee_kept(session, account.provider, made, fee)
        return None
    known = session.scalars(
        select(ProviderFee).where(ProviderFee.provider == account.provider, ProviderFee.entry_id == entry_id)
    ).one()
    return Money(known.amount_minor, known.currency)


def _of(account: Account) -> tuple[ColumnElement[bool], ...]:
    return (
        Payment.provider == account.provider,
        Payment.mode == account.mode,
        Payment.account == account.account,
    )
