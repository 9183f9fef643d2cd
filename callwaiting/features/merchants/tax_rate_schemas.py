"""Tax rates as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Schema, Version
from callwaiting.features.merchants.tax_rates import MAX_NAME

RateName = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME), Field(examples=["Food"])
]


class TaxRateQuery(PageQuery):
    archived: bool | None = Field(default=None, description="Only those that are archived, or that are not.")


class NewTaxRate(Schema):
    """`basis_points` of 825 are 8.25 %. `inclusive`: prices have the tax in them. The one that `is_default` taxes what
    has no rate of its own; making it so takes that from the one before."""

    name: RateName
    basis_points: int = Field(ge=0, le=10_000, examples=[700])
    inclusive: bool
    is_default: bool = False


class TaxRateBody(NewTaxRate):
    """One that is `archived` still taxes what has it, and can be given to nothing else."""

    archived: bool = False


class TaxRateFace(TaxRateBody):
    id: UUID
    version: Version
