"""Where a merchant's money goes."""

from __future__ import annotations

from typing import Literal, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.payments.models import PaymentAccount
from callwaiting.providers.ports import Mode

PaymentProvider = Literal["stripe", "paypal"]


def add_account(session: Session, provider: PaymentProvider, mode: Mode, account: str) -> UUID:
    """Let the session's merchant be paid through a provider, into its Stripe Connect account, or into the platform's
    own when `account` is empty (with PayPal it always is).

    An account leads to one merchant only: a second one, or one that is another's, violates a unique index.
    """
    account_id = new_id()
    session.add(
        PaymentAccount(merchant_id=merchant_of(session), id=account_id, provider=provider, mode=mode, account=account)
    )
    session.flush()
    audit.record(session, "payment_account.added", subject=f"payment_account:{account_id}", details={"mode": mode})
    return account_id


def providers_of(session: Session) -> list[PaymentProvider]:
    """Through whom the session's merchant can be paid, Stripe first."""
    names = session.scalars(select(PaymentAccount.provider).order_by(PaymentAccount.provider.desc()))
    return [cast(PaymentProvider, name) for name in names]
