"""Tax rates under the names that a merchant gives them: `Food`, 7 %, within prices.

A change counts for what is priced from then on. Orders that were placed keep name and rate. No rate is ever deleted:
one that is archived still taxes what has it, and is given to nothing else (ADR 0050).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.merchants.errors import TaxRateInvalid, TaxRateNotFound, TaxRateTaken
from callwaiting.features.merchants.models import TaxRate

MAX_NAME = 60
TAKEN = "Another tax rate has this name."
DEFAULT = "The default cannot be archived: make another rate the default first, or none."


@dataclass(frozen=True, slots=True)
class Tax:
    """What a price is taxed by: 825 basis points are 8.25 %. `inclusive`: the price has the tax in it. A line from
    before rates had names has none."""

    name: str
    basis_points: int
    inclusive: bool

    @property
    def label(self) -> str:
        """`Food 7 %`; a name that says the rate already is not told it again."""
        whole, rest = divmod(self.basis_points, 100)
        number = f"{whole}.{rest:02d}".rstrip("0").rstrip(".")
        said = re.search(rf"(?<![\d.,]){re.escape(number)}\s*%", self.name)
        return self.name if said else f"{self.name} {number} %".strip()


NO_TAX = Tax("", 0, inclusive=False)


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate as something has it of its own."""

    id: UUID
    tax: Tax
    archived: bool = False


def add(session: Session, *, name: str, basis_points: int, inclusive: bool, is_default: bool = False) -> TaxRate:
    """Make a rate. As the default it takes the place of the one before. Raises TaxRateInvalid, TaxRateTaken."""
    row = TaxRate(
        merchant_id=merchant_of(session),
        id=new_id(),
        name=name.strip(),
        basis_points=basis_points,
        inclusive=inclusive,
        is_default=is_default,
        archived=False,
        version=1,
    )
    _one_at_a_time(session)
    _make_room(session, row.id, row.name, is_default=is_default)
    session.add(row)
    session.flush()
    audit.record(session, "tax_rate.added", subject=f"tax_rate:{row.id}", details=_facts(row))
    return row


def change(
    session: Session,
    rate_id: UUID,
    version: int,
    *,
    name: str,
    basis_points: int,
    inclusive: bool,
    is_default: bool,
    archived: bool = False,
) -> TaxRate:
    """Change a rate as a whole, for all that has it.

    Raises TaxRateNotFound, PreconditionFailed, TaxRateInvalid, TaxRateTaken.
    """
    _one_at_a_time(session)
    row = _locked(session, rate_id, version)
    if archived and is_default:
        raise TaxRateInvalid(fields=[FieldError("archived", DEFAULT)])
    _make_room(session, rate_id, name.strip(), is_default=is_default)
    row.name, row.basis_points, row.inclusive = name.strip(), basis_points, inclusive
    row.is_default, row.archived, row.version = is_default, archived, row.version + 1
    session.flush()
    audit.record(session, "tax_rate.changed", subject=f"tax_rate:{rate_id}", details=_facts(row))
    return row


def one(session: Session, rate_id: UUID) -> TaxRate:
    """Raises TaxRateNotFound."""
    row = session.scalar(select(TaxRate).where(TaxRate.id == rate_id))
    if row is None:
        raise TaxRateNotFound(str(rate_id))
    return row


def by_name(
    session: Session, *, archived: bool | None, after: tuple[str, UUID] | None, limit: int
) -> Sequence[TaxRate]:
    """Rates by name and id; those after the given one. `archived` narrows them down."""
    query = select(TaxRate).order_by(TaxRate.name, TaxRate.id).limit(limit)
    if archived is not None:
        query = query.where(TaxRate.archived.is_(archived))
    if after is not None:
        query = query.where(tuple_(TaxRate.name, TaxRate.id) > after)
    return session.scalars(query).all()


def rates_by_id(session: Session) -> Mapping[UUID, Rate]:
    """All rates of the merchant, archived ones too, by their ids. A shop has a handful."""
    query = select(TaxRate.id, TaxRate.name, TaxRate.basis_points, TaxRate.inclusive, TaxRate.archived)
    return {
        row.id: Rate(row.id, Tax(row.name, row.basis_points, row.inclusive), row.archived)
        for row in session.execute(query.order_by(TaxRate.name))
    }


def require_usable(session: Session, rate_id: UUID | None, own_id: UUID | None = None) -> None:
    """Raises ValidationFailed for a rate that cannot be given to something. The one that it has (`own_id`) stays,
    archived or not."""
    if rate_id is None or rate_id == own_id:
        return
    rate = rates_by_id(session).get(rate_id)
    if rate is None or rate.archived:
        raise ValidationFailed(FieldError("tax_rate_id", "There is no tax rate of this id, or it is archived."))


def _one_at_a_time(session: Session) -> None:
    """Who names or prefers a rate of this merchant waits for whoever does, until the commit."""
    key = f"merchants.tax_rates:{merchant_of(session)}"
    session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(key, 0))))


def _make_room(session: Session, rate_id: UUID, name: str, *, is_default: bool) -> None:
    """Raises TaxRateInvalid, and TaxRateTaken when another rate has the name, in whatever case; of two defaults the
    new one stays."""
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise TaxRateInvalid(fields=[FieldError("name", f"Must be 1 to {MAX_NAME} printable characters.")])
    others = select(TaxRate).where(TaxRate.id != rate_id).execution_options(populate_existing=True)
    for other in session.scalars(others).all():
        if other.name.casefold() == name.casefold():
            raise TaxRateTaken(name, message=TAKEN)
        if is_default and other.is_default:
            other.is_default, other.version = False, other.version + 1
    session.flush()


def _locked(session: Session, rate_id: UUID, version: int) -> TaxRate:
    row = session.scalar(
        select(TaxRate).where(TaxRate.id == rate_id).with_for_update().execution_options(populate_existing=True)
    )
    if row is None:
        raise TaxRateNotFound(str(rate_id))
    require_version(row.version, version)
    return row


def _facts(row: TaxRate) -> dict[str, str | int | bool]:
    return {
        "name": row.name,
        "basis_points": row.basis_points,
        "inclusive": row.inclusive,
        "is_default": row.is_default,
        "archived": row.archived,
    }
