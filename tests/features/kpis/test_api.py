"""`/api/v1/kpis`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from callwaiting.core.ids import new_id
from callwaiting.factory import Runtime
from tests.api_client import ApiClient, statements
from tests.factories.bookings import create_resource
from tests.factories.payments import make_caller
from tests.factories.stored_events import rows

# The eighth of March has 23 hours in New York: from five o'clock UTC until four o'clock of the day after.
EVE = "2026-03-08T04:59:59Z"
FIRST, LAST = "2026-03-08T05:00:00Z", "2026-03-09T03:59:59Z"
NEXT = "2026-03-09T04:00:00Z"
COUNTS = (
    "missed_calls", "answered_calls", "recovered_calls", "orders", "bookings", "texts_sent", "texts_received"
)  # fmt: skip
NOTHING = dict.fromkeys(COUNTS, 0)


def put(admin_url: str, table: str, owner: ApiClient, **values: object) -> None:
    row = {"merchant_id": str(owner.scope.merchant_id), "id": str(new_id())}
    row |= {name: str(value) if isinstance(value, UUID) else value for name, value in values.items()}  # type: ignore[misc]
    rows(
        admin_url,
        f"insert into app.{table} ({', '.join(row)}) values ({', '.join(['%s'] * len(row))})",
        *row.values(),
    )


def put_call(admin_url: str, owner: ApiClient, at: str, **values: object) -> None:
    put(admin_url, "calls", owner, call_sid=f"CA{new_id().hex}", phone_number_id=new_id(), started_at=at, **values)


def put_payment(admin_url: str, owner: ApiClient, at: str, amount: int, **values: object) -> None:
    facts = {"provider": "stripe", "mode": "test", "account": "", "payment_id": new_id().hex, "currency": "USD"}
    facts |= {"state": "settled", "entered_as": "settled"}
    put(
        admin_url,
        "payments",
        owner,
        amount_minor=amount,
        settled_at=at,
        **facts | values,
    )


def put_text(admin_url: str, owner: ApiClient, caller: UUID, at: str, direction: str, sent_at: str | None) -> None:
    facts = {"kind": "x", "message_key": new_id().hex, "body_sealed": b"x", "phone_number_id": new_id()}
    status = "received" if direction == "in" else "sent" if sent_at else "suppressed"
    put(
        admin_url, "messages", owner, caller_id=caller, created_at=at, direction=direction, sent_at=sent_at,
        status=status, **facts,
    )  # fmt: skip


def put_booking(admin_url: str, owner: ApiClient, resource: UUID, at: str, unit: int, state: str) -> None:
    period = "[2026-04-01T14:00:00Z,2026-04-01T15:00:00Z)"
    put(
        admin_url, "bookings", owner, resource_id=resource, unit=unit, period=period, occupied=period, state=state,
        confirmed_at=at,
    )  # fmt: skip


def put_order(admin_url: str, owner: ApiClient, caller: UUID, at: str, number: int) -> None:
    facts: dict[str, object] = dict.fromkeys(("subtotal_minor", "total_minor"), 100)
    facts |= {"tax_minor": 0, "currency": "USD", "state": "expired"}
    put(admin_url, "orders", owner, number=number, caller_id=caller, phone_number_id=new_id(), created_at=at, **facts)


def counts(figures: dict[str, Any]) -> dict[str, int]:
    return {name: figures[name] for name in COUNTS}


def money(figures: dict[str, Any]) -> list[int]:
    assert {figures[name]["currency"] for name in ("captured", "refunded", "lost", "revenue")} == {"USD"}
    return [figures[name]["amount"] for name in ("captured", "refunded", "lost", "revenue")]


def test_every_figure_is_counted_on_its_own_day(
    owner: ApiClient, stranger: ApiClient, worker: Runtime, admin_url: str
) -> None:
    caller, chair = make_caller(worker, owner.scope), create_resource(worker, owner.scope, units=4)
    put_call(admin_url, owner, EVE, state_version=3, outcome="order")
    put_call(admin_url, owner, FIRST, state_version=3, outcome="order")
    put_call(admin_url, owner, FIRST, state_version=1, outcome="booking")
    put_call(admin_url, owner, LAST, state_version=1)
    put_call(admin_url, owner, LAST)  # rang, and nobody could be answered
    put_call(admin_url, owner, NEXT)
    put_call(admin_url, stranger, FIRST, state_version=3, outcome="order")
    for number, at in enumerate((EVE, FIRST, LAST, NEXT), 1):
        put_order(admin_url, owner, caller, at, number)
        put_booking(admin_url, owner, chair, at, number, "confirmed")
    put_booking(admin_url, owner, chair, FIRST, 1, "cancelled")
    for at, direction, sent_at in ((FIRST, "out", NEXT), (LAST, "out", None), (LAST, "in", None), (NEXT, "in", None)):
        put_text(admin_url, owner, caller, at, direction, sent_at)
    found = owner.get("/kpis?since=2026-03-07&until=2026-03-10")
    days = {day["day"]: counts(day["figures"]) for day in found["days"]}

    assert found["timezone"] == "America/New_York"
    assert days == {
        "2026-03-07": dict.fromkeys(COUNTS, 1) | {"texts_sent": 0, "texts_received": 0},
        "2026-03-08": {
            "missed_calls": 4, "answered_calls": 3, "recovered_calls": 2, "orders": 2, "bookings": 2,
            "texts_sent": 1, "texts_received": 1,
        },
        "2026-03-09": NOTHING | {"missed_calls": 1, "orders": 1, "bookings": 1, "texts_received": 1},
        "2026-03-10": NOTHING,
    }  # fmt: skip
    assert counts(found["total"]) == {name: sum(day[name] for day in days.values()) for name in COUNTS}


def test_revenue_is_what_was_captured_and_kept(owner: ApiClient, stranger: ApiClient, admin_url: str) -> None:
    put_payment(admin_url, owner, FIRST, 2_000_000_000)
    put_payment(admin_url, owner, FIRST, 2_000_000_000, state="part_refunded", refunded_minor=500)
    put_payment(admin_url, owner, LAST, 1000, state="refunded", refunded_minor=1000)
    for came in ("parked", "surplus"):
        put_payment(admin_url, owner, LAST, 7000, state=came, entered_as=came)
        put_payment(admin_url, owner, LAST, 8000, state="part_refunded", entered_as=came, refunded_minor=1)
    put_payment(admin_url, owner, LAST, 9000, currency="EUR")
    put_payment(admin_url, owner, NEXT, 300)
    put_payment(admin_url, stranger, FIRST, 11)
    disputed = new_id()
    put_payment(admin_url, owner, LAST, 40_000, id=disputed)
    for number, (state, minor, told_as) in enumerate(
        (("lost", 5000, None), ("lost", 700, None), ("lost", 9999, new_id()), ("open", 3000, None), ("won", 1, None))
    ):
        facts = {"provider": "stripe", "provider_id": f"du_{number}", "currency": "USD", "refund_id": told_as}
        put(admin_url, "disputes", owner, payment_id=disputed, state=state, amount_minor=minor, **facts)
    found = owner.get("/kpis?since=2026-03-08&until=2026-03-09")

    assert [money(day["figures"]) for day in found["days"]] == [
        [4_000_041_000, 1500, 5700, 4_000_033_800],
        [300, 0, 0, 300],
    ]
    assert money(found["total"]) == [4_000_041_300, 1500, 5700, 4_000_034_100]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("since=2026-03-02&until=2026-03-01", "until"),
        ("since=2026-01-01&until=2026-04-03", "until"),
        ("since=1999-12-31&until=2000-01-01", "since"),
        ("since=2026-03-01", "until"),
        ("since=2026-03-01&until=2026-03-02&merchant_id=x", "merchant_id"),
    ],
)
def test_a_range_that_cannot_be(owner: ApiClient, query: str, field: str) -> None:
    answer = owner.send("GET", f"/kpis?{query}")

    assert answer.status_code == 422
    assert [item["field"] for item in answer.get_json()["fields"]] == [field]


def test_it_costs_the_same_whatever_the_range(owner: ApiClient) -> None:
    counted = []
    owner.get("/kpis?since=2026-01-01&until=2026-01-01")  # a connection prepares its statements once
    for until in ("2026-01-01", "2026-04-02"):
        with statements(owner.app) as sent:
            found = owner.get(f"/kpis?since=2026-01-01&until={until}")
        counted.append(len(sent))

    assert len(found["days"]) == 92
    assert counted[0] == counted[1] <= 7
    assert replace(owner, role="viewer").get("/kpis?since=2026-01-01&until=2026-04-02") == found
