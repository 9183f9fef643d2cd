"""`/api/v1/order-rules`."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator
from sqlalchemy.orm import Session

from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.http.api import Api
from callwaiting.core.http.schemas import Amount, Schema, Version
from callwaiting.features.merchants import service as merchants
from callwaiting.features.orders import deposits
from callwaiting.features.orders.deposits import Rules, Terms
from callwaiting.features.orders.discount_schemas import FixedAmount

api = Api("order-rules")
DepositShare = Annotated[int, Field(ge=1, le=9_999)]


class Threshold(Amount):
    """In minor units of the business's own currency."""

    amount: int = Field(ge=0, le=99_999_999, examples=[10000])


class RulesBody(Schema):
    """A deposit that is due first: `deposit_basis_points` of the total (2000 are 20 %), or a fixed `deposit_amount`, of
    orders whose total is above `deposit_above`. Without both, all is due at once."""

    deposit_basis_points: DepositShare | None = Field(default=None, examples=[2000])
    deposit_amount: FixedAmount | None = Field(default=None, examples=[None])
    deposit_above: Threshold | None = Field(default=None, examples=[{"amount": 10000, "currency": "USD"}])

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.deposit_basis_points is not None and self.deposit_amount is not None:
            raise ValueError("Give either deposit_basis_points or a deposit_amount.")
        return self

    def terms(self, currency: str) -> Terms:
        """Raises ValidationFailed for an amount in another currency than the business's."""
        for name, amount in (("deposit_amount", self.deposit_amount), ("deposit_above", self.deposit_above)):
            if amount is not None and amount.currency != currency:
                raise ValidationFailed(FieldError(f"{name}.currency", f"Must be {currency}."))
        return Terms(
            self.deposit_basis_points or 0,
            self.deposit_amount.amount if self.deposit_amount else 0,
            self.deposit_above.amount if self.deposit_above else 0,
        )


class RulesFace(Schema):
    deposit_basis_points: int | None = Field(examples=[2000])
    deposit_amount: Amount | None
    deposit_above: Amount | None
    version: Version

    @classmethod
    def of(cls, rules: Rules, currency: str) -> RulesFace:
        terms = rules.deposit
        return cls(
            deposit_basis_points=terms.basis_points or None,
            deposit_amount=Amount(amount=terms.fixed_minor, currency=currency) if terms.fixed_minor else None,
            deposit_above=Amount(amount=terms.above_minor, currency=currency) if terms.above_minor else None,
            version=rules.version,
        )


@api.get("/order-rules", requires="orders.read", answers=RulesFace)
def rules(session: Session) -> RulesFace:
    """The business's rules of orders: deposits."""
    return RulesFace.of(deposits.rules_of(session), merchants.profile(session).currency)


@api.put("/order-rules", requires="merchant.write", body=RulesBody, answers=RulesFace)
def change_rules(session: Session, body: RulesBody, version: int) -> RulesFace:
    """Change the rules as a whole. Orders that are placed keep what was agreed."""
    currency = merchants.profile(session).currency
    deposits.change_rules(session, version, body.terms(currency))
    return RulesFace.of(deposits.rules_of(session), currency)
