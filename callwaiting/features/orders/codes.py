"""Codes that callers name for a discount: made by the merchant, counted when they are used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.orders.errors import CodeNeedsMore, CodeNotFound, CodeTaken, CodeUnusable
from callwaiting.features.orders.models import DiscountCode
from callwaiting.features.orders.totals import Discount

CODE = r"[A-Z0-9][A-Z0-9-]{2,19}"
TAKEN = "There is a discount with this code already."


@dataclass(frozen=True, slots=True)
class Code:
    """A code that is good now, as the merchant wrote it: what it takes off an order of `least_minor` or more."""

    id: UUID
    code: str
    discount: Discount
    least_minor: int = 0

    def counts_for(self, amount: Money) -> bool:
        """Whether an order of this amount, before the discount, is large enough."""
        return amount.minor >= self.least_minor


def add(
    session: Session,
    code: str,
    discount: Discount,
    *,
    active: bool,
    ends_at: datetime | None,
    max_uses: int | None,
    least_minor: int = 0,
) -> DiscountCode:
    """Make a code, in capitals. Raises CodeTaken."""
    row = DiscountCode(
        merchant_id=merchant_of(session),
        id=new_id(),
        code=normal(code),
        basis_points=discount.basis_points,
        fixed_minor=discount.fixed_minor,
        least_minor=least_minor,
        active=active,
        ends_at=ends_at,
        max_uses=max_uses,
        uses=0,
        version=1,
        created_at=clock.now(),
    )
    if session.scalar(select(DiscountCode.id).where(DiscountCode.code == row.code)) is not None:
        raise CodeTaken(row.code, message=TAKEN)
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:  # of two that make it at once, the unique constraint lets in one
        raise CodeTaken(row.code, message=TAKEN) from error
    audit.record(session, "discount_code.added", subject=f"discount_code:{row.id}", details=_terms(row))
    return row


def change(
    session: Session,
    code_id: UUID,
    version: int,
    discount: Discount,
    *,
    active: bool,
    ends_at: datetime | None,
    max_uses: int | None,
    least_minor: int,
) -> DiscountCode:
    """Change its terms; orders that have it keep theirs. A limit below what was used ends it.

    Raises CodeNotFound, PreconditionFailed.
    """
    row = _locked(session, code_id, version)
    row.basis_points, row.fixed_minor = discount.basis_points, discount.fixed_minor
    row.least_minor, row.ends_at, row.version = least_minor, ends_at, row.version + 1
    row.max_uses = None if max_uses is None else max(max_uses, row.uses)
    row.active = active
    session.flush()
    audit.record(session, "discount_code.changed", subject=f"discount_code:{code_id}", details=_terms(row))
    return row


def remove(session: Session, code_id: UUID, version: int) -> None:
    """Raises CodeNotFound, PreconditionFailed."""
    session.delete(_locked(session, code_id, version))
    session.flush()
    audit.record(session, "discount_code.removed", subject=f"discount_code:{code_id}")


def one(session: Session, code_id: UUID) -> DiscountCode:
    """Raises CodeNotFound."""
    row = session.scalar(select(DiscountCode).where(DiscountCode.id == code_id))
    if row is None:
        raise CodeNotFound(str(code_id))
    return row


def by_code(session: Session, *, after: str | None, limit: int) -> Sequence[DiscountCode]:
    query = select(DiscountCode).order_by(DiscountCode.code).limit(limit)
    return session.scalars(query.where(DiscountCode.code > after) if after is not None else query).all()


def good(session: Session, named: str, *, locked: bool = False) -> Code:
    """The code that is meant, which is good now. Hyphens, which nobody says, make no difference. `locked`, it stays
    good until the transaction ends: the last use is not two.

    Raises CodeUnusable, which does not tell an unknown code from one that is over.
    """
    code = normal(named)
    query = (
        select(DiscountCode)
        .where(func.replace(DiscountCode.code, "-", "") == code.replace("-", ""))
        .order_by((DiscountCode.code == code).desc(), DiscountCode.code)
        .limit(1)
        .execution_options(populate_existing=True)
    )
    row = session.scalar(query.with_for_update() if locked else query)
    if (
        row is None
        or not row.active
        or (row.ends_at is not None and row.ends_at <= clock.now())
        or (row.max_uses is not None and row.uses >= row.max_uses)
    ):
        raise CodeUnusable(code, message="This code is not good for a discount.")
    return Code(row.id, row.code, Discount(row.basis_points, row.fixed_minor), row.least_minor)


def use(session: Session, code: Code, amount: Money) -> None:
    """Count a use of a locked code for an order of this amount, before the discount. Raises CodeNeedsMore."""
    if not code.counts_for(amount):
        least = Money(code.least_minor, amount.currency)
        raise CodeNeedsMore(str(least), message=f"This code is good for orders of {least} or more.")
    session.execute(update(DiscountCode).where(DiscountCode.id == code.id).values(uses=DiscountCode.uses + 1))


def normal(code: str) -> str:
    return re.sub(r"\s", "", code).upper()


def _locked(session: Session, code_id: UUID, version: int) -> DiscountCode:
    row = session.scalar(
        select(DiscountCode)
        .where(DiscountCode.id == code_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise CodeNotFound(str(code_id))
    require_version(row.version, version)
    return row


def _terms(row: DiscountCode) -> dict[str, str | int | bool | None]:
    return {
        "code": row.code, "basis_points": row.basis_points, "fixed_minor": row.fixed_minor,
        "least_minor": row.least_minor, "active": row.active,
    }  # fmt: skip
