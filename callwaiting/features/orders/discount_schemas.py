"""Discounts as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from callwaiting.core.http.schemas import Amount, Instant, Schema, Version
from callwaiting.features.orders.codes import CODE
from callwaiting.features.orders.models import DiscountCode
from callwaiting.features.orders.totals import Discount

Code = Annotated[str, StringConstraints(pattern=rf"^{CODE}$"), Field(examples=["SPRING10"])]
Share = Annotated[int, Field(ge=1, le=10_000)]


class FixedAmount(Amount):
    """In minor units of the business's own currency."""

    amount: int = Field(ge=1, le=99_999_999, examples=[500])


class CodeTerms(Schema):
    """`basis_points` off the order (1000 are 10 %), or a fixed `amount`: one of the two. It is good until `ends_at`,
    as often as `max_uses`, and for orders of `least` or more, before the discount."""

    basis_points: Share | None = Field(default=None, examples=[1000])
    amount: FixedAmount | None = Field(default=None, examples=[None])
    active: bool = True
    ends_at: Instant | None = Field(default=None, examples=[None])
    max_uses: int | None = Field(default=None, ge=1, le=1_000_000, examples=[100])
    least: FixedAmount | None = Field(default=None, examples=[None])

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.basis_points is None) == (self.amount is None):
            raise ValueError("Give either basis_points or an amount.")
        return self

    def discount(self) -> Discount:
        return Discount(self.basis_points or 0, self.amount.amount if self.amount else 0)

    @property
    def least_minor(self) -> int:
        return self.least.amount if self.least else 0


class NewCode(CodeTerms):
    code: Code


class CodeFace(Schema):
    id: UUID
    code: str = Field(examples=["SPRING10"])
    basis_points: int | None = Field(examples=[1000])
    amount: Amount | None
    active: bool
    ends_at: Instant | None
    max_uses: int | None = Field(examples=[100])
    least: Amount | None
    uses: int = Field(examples=[7])
    version: Version

    @classmethod
    def of(cls, row: DiscountCode, currency: str) -> CodeFace:
        return cls(
            id=row.id,
            code=row.code,
            basis_points=row.basis_points or None,
            amount=Amount(amount=row.fixed_minor, currency=currency) if row.fixed_minor else None,
            active=row.active,
            ends_at=row.ends_at,
            max_uses=row.max_uses,
            least=Amount(amount=row.least_minor, currency=currency) if row.least_minor else None,
            uses=row.uses,
            version=row.version,
        )


class DiscountBody(Schema):
    """A `code` that the caller named, or `basis_points` or an `amount` that the team gives: one of the three. The
    reason stands in the audit trail."""

    code: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=40)] | None = Field(
        default=None, examples=["SPRING10"]
    )
    basis_points: Share | None = Field(default=None, examples=[None])
    amount: FixedAmount | None = Field(default=None, examples=[None])
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        examples=["waited too long"]
    )

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if sum(each is not None for each in (self.code, self.basis_points, self.amount)) != 1:
            raise ValueError("Give one of code, basis_points and amount.")
        return self

    def by(self) -> str | Discount:
        if self.code is not None:
            return self.code
        return Discount(self.basis_points or 0, self.amount.amount if self.amount else 0)
