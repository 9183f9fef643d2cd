"""Merchants as the other slices know them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import phone
from callwaiting.core.days import Days
from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.money import CURRENCIES
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import SystemScope, merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys
from callwaiting.features.merchants.models import Merchant
from callwaiting.features.merchants.tax_rates import NO_TAX as NO_TAX
from callwaiting.features.merchants.tax_rates import Rate as Rate
from callwaiting.features.merchants.tax_rates import Tax as Tax
from callwaiting.features.merchants.tax_rates import rates_by_id as rates_by_id
from callwaiting.features.merchants.tax_rates import require_usable as require_usable

PROFILE = Statement("""
select m.id, m.name, m.timezone, m.currency, m.region, m.status, t.name as tax_name, t.basis_points, t.inclusive
from app.merchants m left join app.tax_rates t on t.merchant_id = m.id and t.is_default
where m.id = %(id)s
""")


@dataclass(frozen=True, slots=True)
class Profile:
    """What the phone, the page and the texts need to know. `tax` is that of what has no rate of its own."""

    id: UUID
    name: str
    timezone: ZoneInfo
    currency: str
    region: str
    tax: Tax
    active: bool


@dataclass(frozen=True, slots=True)
class ListedMerchant:
    id: UUID
    name: str
    timezone: str
    currency: str
    status: str
    created_at: datetime


def list_merchants(database: Database) -> Sequence[ListedMerchant]:
    """All of them, the newest first, for operators."""
    columns = (
        Merchant.id, Merchant.name, Merchant.timezone, Merchant.currency, Merchant.status, Merchant.created_at,
    )  # fmt: skip
    with database.unit_of_work(SystemScope("list merchants", actor="operator"), DatabaseRole.SERVICE) as session:
        rows = session.execute(select(*columns).order_by(Merchant.created_at.desc(), Merchant.id))
        return [ListedMerchant(**row._mapping) for row in rows]


def create_merchant(
    session: Session,
    *,
    name: str,
    timezone: str,
    currency: str,
    region: str = "US",
) -> UUID:
    """Create the merchant whose id is the session's scope, with its data key.

    Raises ZoneInfoNotFoundError for an unknown time zone.
    """
    ZoneInfo(timezone)
    merchant_id = merchant_of(session)
    session.add(
        Merchant(
            id=merchant_id,
            name=name,
            timezone=timezone,
            currency=currency,
            region=region,
        )
    )
    session.flush()
    keys.create_merchant_key(session)
    audit.record(session, "merchant.created", subject=f"merchant:{merchant_id}")
    return merchant_id


def exists(session: Session) -> bool:
    """Whether there is the merchant whose id is the session's scope."""
    return session.scalar(select(Merchant.id).where(Merchant.id == merchant_of(session))) is not None


def require_profile(name: str, timezone: str, region: str, *, currency: str | None = None) -> None:
    """Raises ValidationFailed for what no business can have."""
    wrong = []
    if not name.isprintable():
        wrong.append(FieldError("name", "Must be printable."))
    if timezone not in _timezones():
        wrong.append(FieldError("timezone", "Must be a time zone's name, as in America/New_York."))
    if region not in phone.REGIONS:
        wrong.append(FieldError("region", "Must be a country's two letters, as in US."))
    if currency is not None and currency not in CURRENCIES:
        wrong.append(FieldError("currency", "Must be a currency's three letters, as in USD."))
    if wrong:
        raise ValidationFailed(*wrong)


def profile(session: Session) -> Profile:
    """The session's merchant."""
    row = PROFILE(session, id=merchant_of(session)).one()
    return Profile(
        id=row.id,
        name=row.name,
        timezone=ZoneInfo(row.timezone),
        currency=row.currency,
        region=row.region,
        tax=NO_TAX if row.tax_name is None else Tax(row.tax_name, row.basis_points, row.inclusive),
        active=row.status == "active",
    )


def days(session: Session, first: date, last: date) -> Days:
    """The days from `first` to `last`, by the clock of the session's merchant."""
    return Days.between(first, last, profile(session).timezone)


def read(session: Session) -> Merchant:
    """The session's merchant, with its version."""
    return session.scalars(select(Merchant).where(Merchant.id == merchant_of(session))).one()


def locked(session: Session, version: int) -> Merchant:
    """The session's merchant for a change of it or of its hours, with its version already raised.

    Raises PreconditionFailed when its version is not `version`.
    """
    row = session.scalars(
        select(Merchant)
        .where(Merchant.id == merchant_of(session))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    require_version(row.version, version)
    row.version += 1
    return row


def change(session: Session, version: int, *, name: str, timezone: str, region: str) -> Merchant:
    """Change the profile as a whole. Raises ValidationFailed, PreconditionFailed."""
    require_profile(name, timezone, region)
    row = locked(session, version)
    row.name, row.timezone, row.region = name, timezone, region
    session.flush()
    audit.record(
        session,
        "merchant.changed",
        subject=f"merchant:{row.id}",
        details={"timezone": timezone, "region": region},
    )
    return row


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())
