"""What requests and answers are made of.

A request is read strictly: no unknown fields, no text where a number belongs. Numbers and texts of a request have
bounds, so that nothing reaches the database that it cannot hold.
"""

from __future__ import annotations

from datetime import UTC
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from callwaiting.core.money import Money

INT4_MAX = 2**31 - 1


class Schema(BaseModel):
    """The base of every request and answer. An answer is made from anything that has its attributes."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True, allow_inf_nan=False)


Instant = Annotated[AwareDatetime, AfterValidator(lambda instant: instant.astimezone(UTC))]
"""A moment with its offset; shown in UTC."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\r\n]*$")]
"""A name or title: one line, not empty."""

Text = Annotated[str, StringConstraints(max_length=2000)]

Count = Annotated[int, Field(ge=0, le=INT4_MAX)]
Version = Annotated[int, Field(ge=1, le=INT4_MAX, examples=[3])]
PhoneNumber = Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$"), Field(examples=["+12125550123"])]
"""E.164."""

Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(examples=["USD"])]


class Amount(Schema):
    """Money: `amount` in minor units (cents for USD) of an ISO 4217 `currency`."""

    amount: int = Field(ge=-INT4_MAX, le=INT4_MAX, examples=[1299])
    currency: Currency

    @classmethod
    def of(cls, money: Money) -> Amount:
        return cls(amount=money.minor, currency=money.currency)

    def money(self) -> Money:
        return Money(self.amount, self.currency)
