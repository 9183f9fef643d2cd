"""What of an order is due first: the merchant's rule, and the one computation behind what is said, asked and kept."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core.money import Money, split_by_largest_remainder, step_of
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.orders.models import OrderRules
from callwaiting.features.orders.totals import WHOLE


@dataclass(frozen=True, slots=True)
class Terms:
    """A share of the total in basis points, or a fixed amount, for totals above `above_minor`. Without either nothing
    is due first."""

    basis_points: int = 0
    fixed_minor: int = 0
    above_minor: int = 0

    def of(self, total: Money) -> int:
        """The deposit on a total in minor units: a whole step of the currency, less than the total, or 0.

        A share is split off by largest remainder, so that deposit and rest add up to the total to the unit.
        """
        if total.minor <= self.above_minor:
            return 0
        deposit = self.fixed_minor
        if self.basis_points:
            shares = split_by_largest_remainder(
                total.minor, (self.basis_points, WHOLE - self.basis_points), step_of(total.currency)
            )
            deposit = shares[0]
        return deposit if 0 < deposit < total.minor else 0

    def kept(self) -> Terms:
        """As an order keeps them: what was asked for once stays asked for when a discount makes it cheaper."""
        return replace(self, above_minor=0)


@dataclass(frozen=True, slots=True)
class Rules:
    """The merchant's rules of orders."""

    deposit: Terms = Terms()
    version: int = 1


def rules_of(session: Session) -> Rules:
    """The session's merchant's rules, or those that hold without any being given."""
    row = session.scalar(select(OrderRules))
    if row is None:
        return Rules()
    return Rules(Terms(row.deposit_basis_points, row.deposit_fixed_minor, row.deposit_above_minor), row.version)


def change_rules(session: Session, version: int, deposit: Terms) -> None:
    """Change the rules. Orders that are placed keep what was agreed. Raises PreconditionFailed."""
    made = insert(OrderRules).values(merchant_id=merchant_of(session), id=merchant_of(session))
    session.execute(made.on_conflict_do_nothing())
    row = session.scalars(select(OrderRules).with_for_update().execution_options(populate_existing=True)).one()
    require_version(row.version, version)
    row.deposit_basis_points, row.deposit_fixed_minor = deposit.basis_points, deposit.fixed_minor
    row.deposit_above_minor, row.version = deposit.above_minor, row.version + 1
    session.flush()
    audit.record(
        session,
        "order_rules.changed",
        subject=f"merchant:{merchant_of(session)}",
        details={
            "deposit_basis_points": deposit.basis_points,
            "deposit_fixed_minor": deposit.fixed_minor,
            "deposit_above_minor": deposit.above_minor,
        },
    )
