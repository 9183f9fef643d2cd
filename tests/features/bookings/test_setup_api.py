"""What a merchant sets up for bookings: services, weeks, rules, special days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from callwaiting.core.ids import new_id
from callwaiting.factory import Runtime
from callwaiting.features.bookings import service as bookings
from callwaiting.features.bookings.errors import SlotTaken
from callwaiting.features.bookings.slots import Slot
from tests.api_client import ApiClient, actions
from tests.factories.bookings import create_resource
from tests.factories.payments import make_caller, make_line
from tests.factories.stored_events import rows
from tests.features.bookings.test_api import BEGIN_NOW, DAY, NEXT_DAY, Salon, at, fields, shown, texts

RULES: dict[str, Any] = {
    "holiday_country": "US", "holiday_region": None, "open_holidays": ["Columbus Day"], "notice_minutes": 60,
    "reminder_minutes": 0, "deposit_minutes": 45,
}  # fmt: skip


@pytest.fixture
def salon(owner: ApiClient, worker: Runtime) -> Salon:
    """One chair from nine to five, and a caller."""
    chair = create_resource(worker, owner.scope)
    return Salon(owner, chair, make_caller(worker, owner.scope), make_line(worker, owner.scope))


def haircut(*resource_ids: UUID, **changes: object) -> dict[str, Any]:
    usd = {"currency": "USD"}
    return {
        "name": "Haircut", "minutes": 45, "step_minutes": 15, "buffer_before": 0, "buffer_after": 15,
        "price": usd | {"amount": 4000}, "capacity": None, "active": True, "tax_rate_id": None,
        "resource_ids": sorted(map(str, resource_ids)),
    } | changes  # fmt: skip


def test_a_service_from_first_to_last(salon: Salon, worker: Runtime, admin_url: str) -> None:
    sofa = create_resource(worker, salon.owner.scope, name="Sofa")
    made = salon.owner.post("/booking-services", haircut(salon.chair))
    path = f"/booking-services/{made['id']}"
    body = haircut(salon.chair, sofa, name="Cut") | {"deposit": {"amount": 500, "currency": "USD"}}
    changed = salon.owner.send("PUT", path, body, version=1).get_json()

    assert made == haircut(salon.chair) | {"deposit": None, "id": made["id"], "version": 1}
    assert changed == body | {"id": made["id"], "version": 2} == salon.owner.get(path)
    assert salon.owner.send("PUT", path, body, version=1).status_code == 412
    salon.owner.post("/booking-services", haircut(sofa, name="Beard"))
    assert [[item["name"] for item in page] for page in salon.owner.pages("/booking-services", 1)] == [
        ["Beard"],
        ["Cut"],
    ]
    assert {"booking_service.added", "booking_service.changed"} <= set(actions(admin_url))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"minutes": 481}, "minutes"),
        ({"buffer_after": 121}, "buffer_after"),
        ({"capacity": 0}, "capacity"),
        ({"price": {"amount": 1, "currency": "EUR"}}, "price.currency"),
        ({"price": {"amount": -1, "currency": "USD"}}, "price.amount"),
        ({"resource_ids": []}, "resource_ids"),
        ({"resource_ids": [str(uuid4())]}, "resource_ids.0"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_a_service_cannot_be(salon: Salon, change: dict[str, object], field: str) -> None:
    assert fields(salon.owner.send("POST", "/booking-services", haircut(salon.chair) | change)) == [field]


def test_a_service_is_booked_for_its_length_and_keeps_its_buffers_free(salon: Salon, worker: Runtime) -> None:
    sofa = create_resource(worker, salon.owner.scope, name="Sofa")
    service_id = salon.owner.post("/booking-services", haircut(salon.chair))["id"]
    booking = salon.owner.post("/bookings", salon.body(service_id=service_id))
    slots = f"/booking-resources/{salon.chair}/slots?day={DAY}"
    free = {slot["start"]: slot["free"] for slot in salon.owner.get(f"{slots}&service_id={service_id}")["slots"]}

    assert (booking["service"], booking["end"]) == ("Haircut", shown(at(9) + timedelta(minutes=45)))
    assert [free[shown(at(9) + timedelta(minutes=minutes))] for minutes in (0, 15, 45, 60)] == [0, 0, 0, 1]
    assert shown(at(16) + timedelta(minutes=15)) in free
    assert shown(at(16) + timedelta(minutes=30)) not in free
    assert salon.free()[shown(at(9))] == 0
    assert fields(salon.owner.send("POST", "/bookings", salon.body(service_id=service_id, resource_id=sofa))) == [
        "start"
    ]
    with worker.database.unit_of_work(salon.owner.scope) as session:
        first = bookings.free_slots(session, limit=1, service_id=UUID(service_id), first=DAY)[0]
    assert (first.resource_id, first.start) == (salon.chair, at(10))
    moved = {"start": shown(at(10) + timedelta(minutes=15))}
    assert salon.owner.send("PATCH", f"/bookings/{booking['id']}", moved, version=1).get_json()["service"] == "Haircut"
    salon.owner.send("PUT", f"/booking-services/{service_id}", haircut(salon.chair, active=False), version=1)
    assert fields(salon.owner.send("POST", "/bookings", salon.body(service_id=service_id))) == ["service_id"]


def test_a_resource_has_a_week_of_its_own(salon: Salon) -> None:
    path = f"/booking-resources/{salon.chair}/hours"
    assert salon.owner.get(path) == {"periods": [], "version": 1}
    period = {"weekday": DAY.isoweekday(), "opens": "18:00", "closes": "20:00"}
    changed = salon.owner.send("PUT", path, {"periods": [period]}, version=1)

    assert changed.get_json() == {"periods": [period], "version": 2} == salon.owner.get(path)
    assert salon.owner.send("PUT", path, {"periods": []}, version=1).status_code == 412
    assert list(salon.free()) == [shown(at(18)), shown(at(19))]
    assert salon.free(NEXT_DAY) == {}
    assert fields(salon.owner.send("PUT", path, {"periods": [period, period]}, version=2)) == ["periods.0"]


def test_the_business_hours_bind_what_has_none_of_its_own(salon: Salon) -> None:
    period = {"weekday": DAY.isoweekday(), "opens": "15:00", "closes": "23:00"}
    salon.owner.send("PUT", "/merchant/hours", {"periods": [period]}, version=1)

    assert list(salon.free()) == [shown(at(15)), shown(at(16))]
    assert salon.free(NEXT_DAY) == {}


def test_rules_and_public_holidays(salon: Salon) -> None:
    assert salon.owner.get("/booking-rules") == RULES | {
        "holiday_country": None, "open_holidays": [], "notice_minutes": 120, "reminder_minutes": 1440,
        "deposit_minutes": 120, "version": 1,
    }  # fmt: skip
    assert salon.owner.get("/booking-holidays?year=2030") == {"items": []}
    year = DAY.year + 1
    christmas = DAY.replace(year=year, month=12, day=25)
    assert salon.free(christmas)
    changed = salon.owner.send("PUT", "/booking-rules", RULES, version=1)

    assert changed.get_json() == RULES | {"version": 2} == salon.owner.get("/booking-rules")
    assert salon.owner.send("PUT", "/booking-rules", RULES, version=1).status_code == 412
    assert salon.free(christmas) == {}
    listed = {
        tuple(item["names"]): item["closed"] for item in salon.owner.get(f"/booking-holidays?year={year}")["items"]
    }
    assert (listed[("Christmas Day",)], listed[("Columbus Day",)]) == (True, False)
    for change, field in (
        ({"holiday_country": "XX"}, "holiday_country"),
        ({"holiday_region": "Bavaria"}, "holiday_region"),
        ({"holiday_country": None, "holiday_region": "NY"}, "holiday_region"),
        ({"notice_minutes": -1}, "notice_minutes"),
        ({"deposit_minutes": 5}, "deposit_minutes"),
    ):
        assert fields(salon.owner.send("PUT", "/booking-rules", RULES | change, version=2)) == [field]


def test_a_day_with_other_hours(salon: Salon, worker: Runtime, admin_url: str) -> None:
    keep, late = salon.book(shown(at(10))), salon.book(shown(at(15)))
    with worker.database.unit_of_work(salon.owner.scope) as session:
        held = bookings.hold_slot(session, Slot(salon.chair, at(16), at(17)), call_id=new_id(), caller_id=None)
    body = {"day": str(DAY), "periods": [{"opens": "09:00", "closes": "12:00"}], "note": "Party"}
    made = salon.owner.post("/booking-special-days", body)

    assert made == body | {"id": made["id"], "resource_id": None, "outside": 1, "cancelled": 0}
    assert salon.owner.send("POST", "/booking-special-days", body).status_code == 409
    assert list(salon.free()) == [shown(at(hour)) for hour in (9, 10, 11)]
    assert [salon.owner.get(f"/bookings/{booking['id']}")["state"] for booking in (keep, late)] == ["confirmed"] * 2
    with worker.database.unit_of_work(salon.owner.scope) as session, pytest.raises(SlotTaken):
        bookings.confirm(session, held, phone_number_id=salon.line)
    path = f"/booking-special-days/{made['id']}"
    shown_day = {name: value for name, value in made.items() if name not in {"outside", "cancelled"}}
    assert salon.owner.get("/booking-special-days")["items"] == [shown_day] == [salon.owner.get(path)]
    assert salon.owner.get(f"/booking-special-days?since={NEXT_DAY}")["items"] == []
    assert salon.owner.send("DELETE", path).status_code == 204
    assert len(salon.free()) == 8
    assert actions(admin_url)[-1] == "booking_special_day.removed"


def test_the_merchant_closes_and_callers_are_told(salon: Salon, worker: Runtime, admin_url: str) -> None:
    booking = salon.book()
    sofa = create_resource(worker, salon.owner.scope, name="Sofa")
    theirs = salon.owner.post("/bookings", salon.body(resource_id=sofa))
    body = {"day": str(DAY), "resource_id": str(salon.chair), "periods": [], "bookings": "cancel"}
    made = salon.owner.post("/booking-special-days", body)

    assert (made["outside"], made["cancelled"]) == (1, 1)
    assert salon.free() == {}
    assert salon.owner.get(f"/bookings/{booking['id']}")["state"] == "cancelled"
    assert salon.owner.get(f"/bookings/{theirs['id']}")["state"] == "confirmed"
    assert texts(admin_url)[-1] == ("booking_cancelled", "planned")
    with worker.database.unit_of_work(salon.owner.scope) as session, pytest.raises(SlotTaken):
        bookings.hold_slot(session, Slot(salon.chair, at(9), at(10)), call_id=None, caller_id=None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"day": "2020-01-01"}, "day"),
        ({"resource_id": str(uuid4())}, "resource_id"),
        ({"periods": [{"opens": "09:00", "closes": "12:00"}, {"opens": "11:00", "closes": "13:00"}]}, "periods.0"),
        ({"note": "a\nb"}, "note"),
        ({"bookings": "move"}, "bookings"),
    ],
)
def test_what_a_special_day_cannot_be(owner: ApiClient, change: dict[str, object], field: str) -> None:
    body = {"day": str(DAY), "periods": []} | change
    assert fields(owner.send("POST", "/booking-special-days", body)) == [field]


def test_who_came_and_who_did_not(salon: Salon, admin_url: str) -> None:
    booking = salon.book()
    path = f"/bookings/{booking['id']}"
    early = salon.owner.send("POST", f"{path}/no-show", version=1)
    rows(admin_url, BEGIN_NOW, booking["id"])
    missed = salon.owner.send("POST", f"{path}/no-show", version=1).get_json()
    corrected = salon.owner.send("POST", f"{path}/complete", version=2).get_json()

    assert (early.status_code, early.get_json()["message"]) == (409, "The time of this booking has not come yet.")
    assert (missed["state"], missed["version"]) == ("no_show", 2)
    assert (corrected["state"], corrected["version"]) == ("completed", 3)
    assert salon.owner.send("POST", f"{path}/complete", version=3).status_code == 409
    assert salon.owner.send("POST", f"{path}/cancel", version=3).status_code == 409
    assert actions(admin_url)[-2:] == ["booking.no_show", "booking.completed"]
