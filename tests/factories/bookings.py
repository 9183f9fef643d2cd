"""Things to book in tests."""

from __future__ import annotations

from datetime import time
from uuid import UUID

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.bookings import service


def create_resource(runtime: Runtime, scope: MerchantScope, *, units: int = 1, name: str = "Chair") -> UUID:
    """Open from nine to five, slots of an hour."""
    with runtime.database.unit_of_work(scope) as session:
        return service.add_resource(session, name=name, opens=time(9), closes=time(17), slot_minutes=60, units=units)
