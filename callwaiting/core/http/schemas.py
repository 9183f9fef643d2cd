"""What requests and answers are made of.

A request is read strictly: no unknown fields, no text where a number belongs. Numbers and texts of a request have
bounds, so that nothing reaches the database that it cannot hold.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from callwaiting.core.money import Money

INT4_MAX = 2**31 - 1


class Schema(BaseModel):
    """The base of every request and answer. An answer is made from anything that has its attributes."""

    model_config = ConfigDict(extra="forbid", frozen=True, from_attributes=True, allow_inf_nan=False)


Instant = Annotated[AwareDatetime, AfterValidator(lambda instant: instant.astimezone(UTC))]
"""A moment with its offset; shown in UTC."""


def _of_this_century(instant: datetime) -> datetime:
    """Every zone's clock can show it."""
    if not 2000 <= instant.year < 2100:
        raise ValueError("Must lie between 2000 and 2099.")
    return instant.astimezone(UTC)


def _read_moment(moment: object) -> object:
    """RFC 3339 (section 5.6) as the API's description has it; pydantic would also take seconds since 1970."""
    if not isinstance(moment, str):
        return moment
    try:
        if moment[10:11] in {"T", "t", " "}:
            return datetime.fromisoformat(moment.upper())
    except ValueError:
        pass
    raise ValueError("Must be a date and time with its offset, as in 2026-05-04T18:30:00Z.")


NamedInstant = Annotated[AwareDatetime, BeforeValidator(_read_moment), AfterValidator(_of_this_century)]
"""A moment that a request names."""

Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2099, 12, 30))]
"""A day, by the business's own clock."""

TimeOfDay = Annotated[
    str,
    StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"),
    BeforeValidator(lambda value: value.strftime("%H:%M") if isinstance(value, time) else value),
    Field(examples=["11:30"]),
]
"""Hours and minutes, by the business's own clock."""

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

    @model_validator(mode="before")
    @classmethod
    def _from_money(cls, value: object) -> object:
        return {"amount": value.minor, "currency": value.currency} if isinstance(value, Money) else value

    @classmethod
    def of(cls, money: Money) -> Amount:
        return cls(amount=money.minor, currency=money.currency)

    def money(self) -> Money:
        return Money(self.amount, self.currency)
