"""Merchants and what hangs on them: the house stands."""

from __future__ import annotations

from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.callers import service as callers
from callwaiting.features.merchants import service as merchants
from callwaiting.features.phone_numbers import service as phone_numbers
from tests.factories.merchants import create_merchant


def test_a_merchant_is_found_by_its_number_and_sees_only_its_own(
    worker: Runtime, web: Runtime, merchant: MerchantScope
) -> None:
    other = create_merchant(worker, "Salon Ada")
    with worker.database.unit_of_work(merchant) as session:
        phone_numbers.add_number(session, "+14155550100")
    with web.database.unit_of_work(SystemScope("an incoming call")) as session:
        found = phone_numbers.owner_of(session, "+14155550100")
        assert found is not None
        assert found.merchant_id == merchant.merchant_id
        assert phone_numbers.owner_of(session, "+14155550199") is None
    with web.database.unit_of_work(merchant) as session:
        assert phone_numbers.number_of(session, found.phone_number_id) == "+14155550100"
        assert merchants.profile(session).name == "Luigi's Pizza"
    with web.database.unit_of_work(other) as session:
        assert merchants.profile(session).name == "Salon Ada"


def test_a_caller_is_remembered_once(web: Runtime, merchant: MerchantScope) -> None:
    with web.database.unit_of_work(merchant) as session:
        first = callers.remember(session, "+12125550101")
        assert callers.remember(session, "+12125550101") == first
        assert callers.phone_of(session, first) == "+12125550101"
