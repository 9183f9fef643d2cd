"""Where a merchant's money goes."""

from __future__ import annotations

import re
from typing import Literal, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.payments.errors import AccountInvalid, AccountTaken, AmountNotTaken, CurrencyNotTaken
from callwaiting.features.payments.models import PaymentAccount
from callwaiting.providers.currencies import CURRENCY_NOT_TAKEN, require_taken
from callwaiting.providers.ports import Mode, ProviderRejected

PaymentProvider = Literal["stripe", "paypal"]
_CONNECTED = re.compile(r"acct_\w{1,64}", re.ASCII)


def add_account(session: Session, provider: PaymentProvider, mode: Mode, account: str) -> UUID:
    """Let the session's merchant be paid through a provider, into its Stripe Connect account, or into the platform's
    own when `account` is empty (with PayPal it always is).

    An account leads to one merchant only, and a merchant has one at each provider; else AccountTaken. Raises
    AccountInvalid.
    """
    if account and (provider == "paypal" or not _CONNECTED.fullmatch(account)):
        raise AccountInvalid("an account is one of Stripe's, as in acct_…; with PayPal there is none to name")
    account_id = new_id()
    row = insert(PaymentAccount).values(
        merchant_id=merchant_of(session), id=account_id, provider=provider, mode=mode, account=account
    )
    if session.scalar(row.on_conflict_do_nothing().returning(PaymentAccount.id)) is None:
        raise AccountTaken(f"the merchant has an account at {provider}, or this one leads to another merchant")
    audit.record(session, "payment_account.added", subject=f"payment_account:{account_id}", details={"mode": mode})
    return account_id


def any_account(session: Session) -> bool:
    """Whether the session's merchant can be paid through any provider."""
    return bool(session.scalar(select(select(PaymentAccount.id).exists())))


def providers_for(session: Session, amount: Money) -> list[PaymentProvider]:
    """Through whom the session's merchant can be paid this amount, Stripe first.

    Raises CurrencyNotTaken, AmountNotTaken when there are such accounts and none of them takes it.
    """
    names = session.scalars(select(PaymentAccount.provider).order_by(PaymentAccount.provider.desc())).all()
    taking: list[PaymentProvider] = []
    refusals: list[ProviderRejected] = []
    for name in names:
        try:
            require_taken(name, amount)
        except ProviderRejected as refusal:
            refusals.append(refusal)
        else:
            taking.append(cast(PaymentProvider, name))
    if refusals and not taking:
        kind = (
            AmountNotTaken if any(each.provider_code != CURRENCY_NOT_TAKEN for each in refusals) else CurrencyNotTaken
        )
        raise kind("; ".join(each.detail for each in refusals))
    return taking
