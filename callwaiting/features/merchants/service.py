"""Merchants as the other slices know them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys
from callwaiting.features.merchants.models import Merchant


@dataclass(frozen=True, slots=True)
class Profile:
    """What the phone, the page and the texts need to know. `tax_basis_points`: 825 is 8.25 %."""

    id: UUID
    name: str
    timezone: ZoneInfo
    currency: str
    region: str
    tax_basis_points: int
    tax_inclusive: bool
    active: bool


def create_merchant(
    session: Session,
    *,
    name: str,
    timezone: str,
    currency: str,
    region: str = "US",
    tax_basis_points: int = 0,
    tax_inclusive: bool = False,
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
            tax_basis_points=tax_basis_points,
            tax_inclusive=tax_inclusive,
        )
    )
    session.flush()
    keys.create_merchant_key(session)
    audit.record(session, "merchant.created", subject=f"merchant:{merchant_id}")
    return merchant_id


def profile(session: Session) -> Profile:
    """The session's merchant."""
    row = session.scalars(select(Merchant).where(Merchant.id == merchant_of(session))).one()
    return Profile(
        id=row.id,
        name=row.name,
        timezone=ZoneInfo(row.timezone),
        currency=row.currency,
        region=row.region,
        tax_basis_points=row.tax_basis_points,
        tax_inclusive=row.tax_inclusive,
        active=row.status == "active",
    )
