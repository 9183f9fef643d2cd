"""`/api/v1/tax-rates`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page
from callwaiting.features.merchants import tax_rates
from callwaiting.features.merchants.tax_rate_schemas import NewTaxRate, TaxRateBody, TaxRateFace, TaxRateQuery

api = Api("tax_rates")
RATE = "/tax-rates/<uuid:rate_id>"


@api.get("/tax-rates", requires="merchant.read", query=TaxRateQuery, answers=Page[TaxRateFace])
def all_rates(session: Session, query: TaxRateQuery) -> Page[TaxRateFace]:
    """The business's tax rates, by name."""
    rows = tax_rates.by_name(session, archived=query.archived, after=query.position(str, UUID), limit=query.limit + 1)
    return Page[TaxRateFace].of(rows, query, key=lambda rate: (rate.name, rate.id))


@api.post(
    "/tax-rates",
    requires="merchant.write",
    body=NewTaxRate,
    answers=TaxRateFace,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def add(session: Session, body: NewTaxRate) -> TaxRateFace:
    """Make a tax rate; items name it to be taxed by it. 409 when there is one of that name."""
    return TaxRateFace.model_validate(tax_rates.add(session, **body.model_dump()))


@api.get(RATE, requires="merchant.read", answers=TaxRateFace)
def one(session: Session, rate_id: UUID) -> TaxRateFace:
    """One tax rate."""
    return TaxRateFace.model_validate(tax_rates.one(session, rate_id))


@api.put(RATE, requires="merchant.write", body=TaxRateBody, answers=TaxRateFace, refuses=[ErrorCode.CONFLICT])
def change(session: Session, rate_id: UUID, body: TaxRateBody, version: int) -> TaxRateFace:
    """Change a tax rate, for all that is priced from now on, or archive it.

    Orders that were placed keep name and rate.
    """
    return TaxRateFace.model_validate(tax_rates.change(session, rate_id, version, **body.model_dump()))
