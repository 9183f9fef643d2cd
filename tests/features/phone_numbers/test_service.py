from __future__ import annotations

import pytest

from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import MerchantScope, ScopeMissing, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.phone_numbers.errors import NumberTaken
from tests.factories.merchants import create_merchant
from tests.factories.phone_numbers import NUMBER, create_number

NOBODY = SystemScope("a call comes in")


@pytest.mark.parametrize("role", [DatabaseRole.WEB, DatabaseRole.SERVICE])
def test_dialled_number_leads_to_its_merchant(
    worker: Runtime, web: Runtime, merchant: MerchantScope, role: DatabaseRole
) -> None:
    other = create_merchant(worker, "Mario's")
    mine, theirs = create_number(worker, merchant), create_number(worker, other, "+12125550101")
    with web.database.unit_of_work(NOBODY) as session:  # the service cannot read keys: it is given the hash
        hashes = [phone_numbers.number_hash(session, number) for number in (NUMBER, "+12125550101", "+12125550102")]
    assert len(set(hashes)) == 3

    if role is DatabaseRole.WEB:
        with web.database.unit_of_work(NOBODY) as session:
            assert phone_numbers.owner_of(session, NUMBER) == (merchant.merchant_id, mine)
            assert phone_numbers.owner_of(session, "+12125550101") == (other.merchant_id, theirs)
            assert phone_numbers.owner_of(session, "+12125550102") is None
    else:
        with worker.database.unit_of_work(NOBODY, role) as session:
            found = session.connection().exec_driver_sql("select * from auth.merchant_of_number(%s)", (hashes[0],))
            assert found.all() == [(merchant.merchant_id, mine)]


def test_number_is_one_merchants_only(worker: Runtime, merchant: MerchantScope) -> None:
    other = create_merchant(worker, "Mario's")
    create_number(worker, merchant)

    with pytest.raises(NumberTaken):
        create_number(worker, other)


def test_number_is_read_in_the_scope_of_its_merchant(worker: Runtime, merchant: MerchantScope) -> None:
    number_id = create_number(worker, merchant)

    with worker.database.unit_of_work(merchant) as session:
        assert phone_numbers.number_of(session, number_id) == NUMBER
    with worker.database.unit_of_work(NOBODY) as session, pytest.raises(ScopeMissing):
        phone_numbers.add_number(session, "+12125550103")
