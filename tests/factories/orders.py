"""Placed orders for tests."""

from __future__ import annotations

from uuid import UUID

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.callers import service as callers
from callwaiting.features.orders import service
from callwaiting.features.orders.service import LineRequest, PlacedOrder

CALLER = "+14155550123"


def place(
    runtime: Runtime, scope: MerchantScope, phone_number_id: UUID, lines: list[LineRequest], caller: str = CALLER
) -> PlacedOrder:
    with runtime.database.unit_of_work(scope) as session:
        return service.place_order(
            session,
            caller_id=callers.remember(session, caller),
            call_id=None,
            phone_number_id=phone_number_id,
            lines=lines,
        )
