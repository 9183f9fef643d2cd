"""Numbers of merchants in tests."""

from __future__ import annotations

from uuid import UUID

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.phone_numbers import service

NUMBER = "+12125550100"


def create_number(runtime: Runtime, scope: MerchantScope, e164: str = NUMBER) -> UUID:
    with runtime.database.unit_of_work(scope) as session:
        return service.add_number(session, e164)
