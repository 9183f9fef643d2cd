"""Merchants for tests."""

from __future__ import annotations

from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.merchants import service
from callwaiting.features.merchants.models import TaxRate


def create_merchant(
    worker: Runtime, name: str = "Luigi's Pizza", *, currency: str = "USD", tax_inclusive: bool = False
) -> MerchantScope:
    """A merchant with its data key and a default tax rate, and the scope of its rows."""
    scope = MerchantScope(new_id())
    with worker.database.unit_of_work(scope) as session:
        service.create_merchant(
            session,
            name=name,
            timezone="America/New_York",
            currency=currency,
        )
        # Without an entry in the audit trail: tests count what is in it.
        rate = {"name": "Sales tax", "basis_points": 825, "inclusive": tax_inclusive, "is_default": True}
        session.add(TaxRate(merchant_id=scope.merchant_id, **rate))
    return scope
