"""Under row security an index serves a condition only where its operator is leakproof: those that lists and figures
put are."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime

ID = "'01890f4e-e6c8-7d3a-9c0b-5a7d1f2e3c4b'::uuid"


@pytest.mark.parametrize(
    ("table", "condition", "order", "served"),
    [
        ("calls", "started_at >= now()", "started_at", "started_at >="),
        ("calls", "outcome = 'order' and id < {ID}", "outcome, id", "id <"),
        ("orders", "created_at >= now()", "created_at", "created_at >="),
        ("orders", "state = 'paid' and id < {ID}", "state, id", "id <"),
        ("orders", "caller_id = {ID} and id < {ID}", "caller_id, id", "id <"),
        ("bookings", "(starts_at, id) > (now(), {ID})", "starts_at, id", "ROW(starts_at, id) >"),
        ("bookings", "starts_at >= now() and starts_at < now()", "starts_at", "starts_at <"),
        ("bookings", "confirmed_at >= now() and state = 'confirmed'", "confirmed_at", "confirmed_at >="),
        ("payments", "settled_at >= now()", "settled_at", "settled_at >="),
        ("messages", "created_at >= now()", "created_at", "created_at >="),
    ],
)
def test_an_index_serves_it(
    web: Runtime, merchant: MerchantScope, table: str, condition: str, order: str, served: str
) -> None:
    with web.database.unit_of_work(merchant) as session:
        for method in ("seqscan", "bitmapscan", "sort"):
            session.execute(text(f"set local enable_{method} = off"))
        plan = session.scalars(
            text(f"explain select 1 from app.{table} where {condition.format(ID=ID)} order by {order}")
        ).all()

    (line,) = (line for line in plan if "Index Cond" in line)
    assert "merchant_id =" in line
    assert served in line
