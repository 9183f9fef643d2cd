"""Orders that wait for their payment, and the merchant's accounts."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.callers import service as callers
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.service import LineRequest
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.models import Checkout, Payment, PaymentLink
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.providers.ports import Mode, Settlement

SHOP_NUMBER, CALLER_NUMBER = "+15005550100", "+15005550200"


@dataclass(frozen=True)
class Payable:
    """An order of two margheritas that awaits its payment, with its link."""

    scope: MerchantScope
    order_id: UUID
    number: int
    total: Money
    token: str
    caller_id: UUID
    phone_number_id: UUID


def make_line(worker: Runtime, scope: MerchantScope, number: str = SHOP_NUMBER) -> UUID:
    """A telephone number of the merchant."""
    with worker.database.unit_of_work(scope) as session:
        return phone_numbers.add_number(session, number)


def make_caller(worker: Runtime, scope: MerchantScope, number: str = CALLER_NUMBER) -> UUID:
    with worker.database.unit_of_work(scope) as session:
        return callers.remember(session, number)


def make_accounts(
    worker: Runtime, scope: MerchantScope, *, mode: Mode = "test", stripe: str = "", paypal: bool = True
) -> None:
    with worker.database.unit_of_work(scope) as session:
        payments.add_account(session, "stripe", mode, stripe)
        if paypal:
            payments.add_account(session, "paypal", mode, "")


def make_payable(
    worker: Runtime,
    scope: MerchantScope,
    *,
    price_minor: int = 1250,
    name: str = "Margherita",
    line: UUID | None = None,
) -> Payable:
    phone_number_id = line or make_line(worker, scope)
    caller_id = make_caller(worker, scope)
    with worker.database.unit_of_work(scope) as session:
        item = catalogue.add_item(session, name=name, price_minor=price_minor)
        placed = orders.place_order(
            session,
            caller_id=caller_id,
            call_id=None,
            phone_number_id=phone_number_id,
            lines=[LineRequest(item, 2)],
        )
        expires_at = orders.summary(session, placed.id).expires_at
        assert expires_at is not None
        url = payments.create_link(
            session, order_id=placed.id, order_version=1, amount=placed.total, expires_at=expires_at
        )
    return Payable(scope, placed.id, placed.number, placed.total, url.rpartition("/")[2], caller_id, phone_number_id)


def settlement_for(
    payable: Payable,
    provider_id: str,
    *,
    payment_id: str = "",
    amount: Money | None = None,
    account: str = "",
    mode: Mode = "test",
    reference: str = "",
) -> Settlement:
    """What the provider says when all is well, or what a bad day changes about it."""
    return Settlement(
        provider_id=provider_id,
        payment_id=payment_id or f"pi_{new_id().hex}",
        account=account,
        mode=mode,
        amount=amount or payable.total,
        settled=True,
        reference=reference,
    )


def make_payment(worker: Runtime, payable: Payable, *, account: str = "", amount: Money | None = None) -> UUID:
    """A payment through Stripe that has settled the order, or that was parked when it does not fit."""
    with worker.database.unit_of_work(payable.scope) as session:
        link_id = session.scalars(select(PaymentLink.id).where(PaymentLink.order_id == payable.order_id)).one()
        checkout_id, provider_id = new_id(), f"cs_{new_id().hex}"
        session.add(
            Checkout(
                merchant_id=payable.scope.merchant_id,
                id=checkout_id,
                link_id=link_id,
                order_id=payable.order_id,
                provider="stripe",
                mode="test",
                account="",
                attempt=1,
                state="open",
                provider_id=provider_id,
            )
        )
        session.flush()
        settlement = settlement_for(payable, provider_id, account=account, amount=amount)
        payments.settle(session, settlement, provider="stripe")
        return session.scalars(select(Payment.id).where(Payment.payment_id == settlement.payment_id)).one()
