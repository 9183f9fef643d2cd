"""What an order still owes. Orders stand above payments and are not imported; their row is what links and payments
refer to, and its lock keeps two payments, an expiry and a cancellation apart."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.money import Money
from callwaiting.core.statements import Statement

AWAITING = frozenset({"awaiting_payment", "awaiting_rest"})
OWED = Statement("""
select state, version, due_minor, currency from app.orders where id = %(order_id)s for update
""")
_BILL = """
select c.id, c.order_id, c.provider_id, c.mode, c.account, c.state,
    l.amount_minor, l.currency, l.order_version, l.revoked_at,
    o.state as order_state, o.version, o.due_minor, o.currency as order_currency
from app.checkouts c
join app.payment_links l on l.merchant_id = c.merchant_id and l.id = c.link_id
join app.orders o on o.merchant_id = c.merchant_id and o.id = c.order_id
where c.provider = %(provider)s and {known_by}
for update of c, o
"""
BILL_BY_PROVIDER_ID = Statement(_BILL.format(known_by="c.provider_id = %(provider_id)s"))
BILL_BY_ID = Statement(_BILL.format(known_by="c.id = %(id)s"))


@dataclass(frozen=True, slots=True)
class Owed:
    """The state and version of an order, and what the link of this version asks for: all of it, its deposit or its
    rest. Locked until the transaction ends."""

    state: str
    version: int
    amount: Money


@dataclass(frozen=True, slots=True)
class Bill:
    """A checkout with what its link asks for and what its order owes. Checkout and order are locked until the
    transaction ends."""

    id: UUID
    order_id: UUID
    provider_id: str | None
    mode: str
    account: str
    state: str
    asked: Money
    order_version: int
    revoked_at: datetime | None
    due: Owed


def owed(session: Session, order_id: UUID) -> Owed:
    row = OWED(session, order_id=order_id).one()
    return Owed(row.state, row.version, Money(row.due_minor, row.currency))


def bill(session: Session, provider: str, provider_id: str, checkout_id: UUID | None) -> Bill | None:
    """That of the checkout with the provider's id, or else with our own."""
    row = (
        BILL_BY_PROVIDER_ID(session, provider=provider, provider_id=provider_id).one_or_none() if provider_id else None
    )
    if row is None and checkout_id is not None:
        row = BILL_BY_ID(session, provider=provider, id=checkout_id).one_or_none()
    if row is None:
        return None
    return Bill(
        id=row.id,
        order_id=row.order_id,
        provider_id=row.provider_id,
        mode=row.mode,
        account=row.account,
        state=row.state,
        asked=Money(row.amount_minor, row.currency),
        order_version=row.order_version,
        revoked_at=row.revoked_at,
        due=Owed(row.order_state, row.version, Money(row.due_minor, row.order_currency)),
    )
