"""`/api/v1/bookings` and `/api/v1/booking-resources`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.factory import Runtime
from callwaiting.features.bookings import listing
from callwaiting.features.bookings import service as bookings
from callwaiting.features.bookings.slots import Slot
from callwaiting.features.consents import service as consents
from tests.api_client import ApiClient, actions, statements
from tests.factories.bookings import create_resource
from tests.factories.payments import CALLER_NUMBER, make_caller, make_line
from tests.factories.stored_events import rows

NEW_YORK = ZoneInfo("America/New_York")
DAY = datetime.now(NEW_YORK).date() + timedelta(7)


def at(hour: int, day: date = DAY) -> datetime:
    """A full hour in New York."""
    return datetime.combine(day, time(hour), NEW_YORK).astimezone(UTC)


def shown(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


NINE, TEN, ELEVEN = (shown(at(hour)) for hour in (9, 10, 11))
NEXT_DAY = DAY + timedelta(1)
TOMORROW = shown(at(9, NEXT_DAY))
BEGIN_NOW = """
update app.bookings set period = tstzrange(now(), now() + '1 h'), occupied = tstzrange(now(), now() + '1 h')
where id = %s
"""
RESOURCE: dict[str, Any] = {
    "name": "Table", "opens": "11:00", "closes": "22:00", "slot_minutes": 60, "units": 8,
    "seats": 4,
}  # fmt: skip
RESOURCES = "/booking-resources"


@dataclass
class Salon:
    """One chair from nine to five, and a caller."""

    owner: ApiClient
    chair: UUID
    caller: UUID
    line: UUID

    def body(self, **changes: object) -> dict[str, Any]:
        made = {"resource_id": self.chair, "start": NINE, "caller_id": self.caller, "phone_number_id": self.line}
        return {name: str(value).replace(" ", "T") for name, value in (made | changes).items()}

    def book(self, start: str = NINE) -> Any:
        return self.owner.post("/bookings", self.body(start=start))

    def free(self, day: date = DAY) -> dict[str, int]:
        found = self.owner.get(f"{RESOURCES}/{self.chair}/slots?day={day}")
        return {slot["start"]: slot["free"] for slot in found["slots"]}


@pytest.fixture
def salon(owner: ApiClient, worker: Runtime) -> Salon:
    return Salon(
        owner,
        create_resource(worker, owner.scope),
        make_caller(worker, owner.scope),
        make_line(worker, owner.scope),
    )


def fields(answer: Any) -> list[str]:
    assert answer.status_code == 422, answer.get_data(as_text=True)
    return [item["field"] for item in answer.get_json()["fields"]]


def texts(admin_url: str) -> list[tuple[str, str]]:
    found = rows(admin_url, "select kind, status from app.messages order by id")
    return [(row["kind"], row["status"]) for row in found]


def test_a_slot_is_booked_for_a_caller_once(salon: Salon, admin_url: str) -> None:
    body = salon.body()
    made, again = (salon.owner.send("POST", "/bookings", body, key="this-booking-once") for _ in range(2))
    taken = salon.owner.send("POST", "/bookings", body)
    booking = made.get_json()

    assert (made.status_code, made.headers["ETag"], made.data) == (201, '"v1"', again.data)
    assert (booking["start"], booking["end"], booking["state"]) == (NINE, TEN, "confirmed")
    assert (booking["resource"], booking["unit"], booking["caller_number"]) == ("Chair", 1, CALLER_NUMBER)
    assert booking["call_id"] is None
    assert booking == salon.owner.get(f"/bookings/{booking['id']}")
    assert (taken.status_code, taken.get_json()["message"]) == (409, "This time is taken.")
    assert (salon.free()[NINE], salon.free()[TEN]) == (0, 1)
    assert texts(admin_url) == [("booking_confirmation", "planned")]
    assert rows(admin_url, "select answers_live_call from app.messages") == [{"answers_live_call": False}]
    assert actions(admin_url)[-4:] == [
        "booking.held", "booking.confirmed", "booking_link.created", "message.planned",
    ]  # fmt: skip


def test_a_booking_is_moved(salon: Salon, admin_url: str) -> None:
    booking, other = salon.book(), salon.book(TEN)
    path = f"/bookings/{booking['id']}"
    refused = [
        salon.owner.send("PATCH", path, {"start": TEN}).status_code,
        salon.owner.send("PATCH", path, {"start": TEN}, version=2).status_code,
        salon.owner.send("PATCH", path, {"start": TEN}, version=1).status_code,
    ]
    moved = salon.owner.send("PATCH", path, {"start": TOMORROW}, version=1)

    assert refused == [428, 412, 409]
    assert moved.headers["ETag"] == '"v2"'
    assert moved.get_json() == booking | {"start": TOMORROW, "end": shown(at(10, NEXT_DAY)), "version": 2}
    assert moved.get_json() == salon.owner.get(path)
    assert (salon.free()[NINE], salon.free(NEXT_DAY)[TOMORROW]) == (1, 0)
    assert salon.owner.send("PATCH", path, {"start": NINE}, version=2).get_json()["version"] == 3
    assert [kind for kind, _ in texts(admin_url)][2:] == ["booking_moved", "booking_moved"]
    assert actions(admin_url)[-2:] == ["booking.moved", "message.planned"]
    assert salon.owner.get(f"/bookings/{other['id']}") == other


def test_a_booking_is_moved_to_something_else(salon: Salon, worker: Runtime) -> None:
    booking = salon.book()
    sofa = create_resource(worker, salon.owner.scope, name="Sofa")
    body = {"start": NINE, "resource_id": str(sofa)}
    moved = salon.owner.send("PATCH", f"/bookings/{booking['id']}", body, version=1).get_json()

    assert (moved["resource"], moved["start"]) == ("Sofa", NINE)
    assert [booking["resource"] for booking in salon.owner.get(f"/bookings?resource_id={sofa}")["items"]] == ["Sofa"]


def test_a_booking_is_cancelled(salon: Salon, admin_url: str) -> None:
    booking = salon.book()
    path = f"/bookings/{booking['id']}"
    refused = [salon.owner.send("POST", f"{path}/cancel").status_code]
    refused += [salon.owner.send("POST", f"{path}/cancel", version=2).status_code]
    cancelled = salon.owner.send("POST", f"{path}/cancel", version=1)
    late = [
        salon.owner.send("POST", f"{path}/cancel", version=2),
        salon.owner.send("PATCH", path, {"start": TEN}, version=2),
    ]

    assert refused == [428, 412]
    assert cancelled.get_json() == booking | {"state": "cancelled", "version": 2} == salon.owner.get(path)
    assert [(answer.status_code, answer.get_json()["message"]) for answer in late] == [
        (409, "This booking is cancelled.")
    ] * 2
    assert salon.free()[NINE] == 1
    assert salon.book()["state"] == "confirmed"
    assert texts(admin_url)[1] == ("booking_cancelled", "planned")
    assert "booking.cancelled" in actions(admin_url)


def test_who_wants_no_texts_is_booked_without(salon: Salon, worker: Runtime, admin_url: str) -> None:
    with worker.database.unit_of_work(salon.owner.scope) as session:
        consents.record_declaration(session, salon.caller, "revoked", origin="sms")
    booking = salon.book()
    salon.owner.send("POST", f"/bookings/{booking['id']}/cancel", version=1)

    assert texts(admin_url) == [("booking_confirmation", "suppressed"), ("booking_cancelled", "suppressed")]
    assert rows(admin_url, "select 1 from app.outbox") == []


def test_what_is_over_or_held_stays(salon: Salon, worker: Runtime, admin_url: str) -> None:
    booking = salon.book()
    with worker.database.unit_of_work(salon.owner.scope) as session:
        held = bookings.hold_slot(session, Slot(salon.chair, at(10), at(11)), call_id=new_id(), caller_id=None)
    busy = salon.owner.send("POST", f"/bookings/{held}/cancel", version=1)
    rows(admin_url, BEGIN_NOW, booking["id"])
    begun = [
        salon.owner.send("POST", f"/bookings/{booking['id']}/cancel", version=1),
        salon.owner.send("PATCH", f"/bookings/{booking['id']}", {"start": ELEVEN}, version=1),
    ]

    assert (busy.status_code, busy.get_json()["message"]) == (409, "This booking is held.")
    assert [(answer.status_code, answer.get_json()["message"]) for answer in begun] == [
        (409, "The time of this booking has come.")
    ] * 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"start": at(9) + timedelta(minutes=30)}, "start"),
        ({"start": at(8)}, "start"),  # before it opens
        ({"start": at(9, DAY - timedelta(8))}, "start"),  # yesterday
        ({"start": at(9).replace(tzinfo=None)}, "start"),
        ({"start": "0001-01-01T00:00:00+14:00"}, "start"),
        ({"start": "9999-12-31T23:59:59-14:00"}, "start"),
        ({"resource_id": uuid4()}, "resource_id"),
        ({"caller_id": uuid4()}, "caller_id"),
        ({"phone_number_id": uuid4()}, "phone_number_id"),
        ({"unit": 1}, "unit"),
    ],
)
def test_what_a_booking_cannot_be(salon: Salon, change: dict[str, object], field: str) -> None:
    assert fields(salon.owner.send("POST", "/bookings", salon.body(**change))) == [field]
    assert salon.owner.get("/bookings")["items"] == []


def test_what_is_another_merchants_cannot_be_booked(salon: Salon, stranger: ApiClient, worker: Runtime) -> None:
    theirs = {
        "resource_id": create_resource(worker, stranger.scope),
        "caller_id": make_caller(worker, stranger.scope),
        "phone_number_id": make_line(worker, stranger.scope, "+15005550199"),
    }
    booking = salon.book()

    for field, value in theirs.items():
        assert fields(salon.owner.send("POST", "/bookings", salon.body(**{"start": TEN, field: value}))) == [field]
    body = {"start": TEN, "resource_id": str(theirs["resource_id"])}
    assert fields(salon.owner.send("PATCH", f"/bookings/{booking['id']}", body, version=1)) == ["resource_id"]
    body = {"start": NINE}
    assert fields(salon.owner.send("PATCH", f"/bookings/{booking['id']}", body, version=1)) == ["start"]


def test_the_bookings_of_a_day_in_pages(salon: Salon, stranger: ApiClient) -> None:
    late, first, next_day = salon.book(ELEVEN), salon.book(), salon.book(TOMORROW)
    second = salon.book(TEN)
    salon.owner.send("POST", f"/bookings/{second['id']}/cancel", version=1)

    def found(query: str) -> list[str]:
        return [booking["start"] for page in salon.owner.pages(f"/bookings?{query}", 2) for booking in page]

    assert found(f"day={DAY}") == [first["start"], second["start"], late["start"]]
    assert found(f"day={DAY}&state=confirmed") == [NINE, ELEVEN]
    assert found(f"day={NEXT_DAY}") == [next_day["start"]]
    assert found("") == [NINE, TEN, ELEVEN, TOMORROW]
    assert found(f"resource_id={uuid4()}") == []
    assert fields(salon.owner.send("GET", "/bookings?cursor=bm9wZQ")) == ["cursor"]
    assert fields(salon.owner.send("GET", "/bookings?state=lost")) == ["state"]
    assert stranger.get("/bookings") == {"items": [], "next": None}


def test_a_resource_from_first_to_last(owner: ApiClient, admin_url: str) -> None:
    made = owner.post(RESOURCES, RESOURCE)
    path = f"{RESOURCES}/{made['id']}"
    changed = owner.send("PUT", path, RESOURCE | {"units": 4}, version=1)
    late = owner.send("PUT", path, RESOURCE, version=1)
    owner.post(RESOURCES, RESOURCE | {"name": "Bar"})

    assert made == RESOURCE | {"id": made["id"], "version": 1}
    assert changed.get_json() == made | {"units": 4, "version": 2} == owner.get(path)
    assert (late.status_code, owner.send("PUT", path, RESOURCE).status_code) == (412, 428)
    assert [[item["name"] for item in page] for page in owner.pages(RESOURCES, 1)] == [["Bar"], ["Table"]]
    assert actions(admin_url)[-3:-1] == ["booking_resource.added", "booking_resource.changed"]
    assert len(owner.get(f"{path}/slots?day={DAY}")["slots"]) == 11


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "a\tb"}, "name"),
        ({"opens": "24:00"}, "opens"),
        ({"closes": "10:59"}, "closes"),
        ({"slot_minutes": 4}, "slot_minutes"),
        ({"units": 101}, "units"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_what_a_resource_cannot_be(owner: ApiClient, change: dict[str, object], field: str) -> None:
    assert fields(owner.send("POST", RESOURCES, RESOURCE | change)) == [field]


def test_the_slots_of_a_day(salon: Salon, worker: Runtime) -> None:
    with worker.database.unit_of_work(salon.owner.scope) as session, clock.frozen(at(10)):
        left = [slot.start for slot in listing.free_slots_of(session, salon.chair, DAY)]

    assert left == [at(hour) for hour in range(11, 17)]
    assert salon.free() == {shown(at(hour)): 1 for hour in range(9, 17)}
    assert salon.free(DAY - timedelta(8)) == {}
    assert fields(salon.owner.send("GET", f"{RESOURCES}/{salon.chair}/slots")) == ["day"]


def test_who_may_do_what(salon: Salon) -> None:
    booking = salon.book()
    viewer, agent = replace(salon.owner, role="viewer"), replace(salon.owner, role="agent")
    path = f"/bookings/{booking['id']}"

    assert viewer.get(path)["caller_number"] is None
    assert viewer.send("POST", "/bookings", salon.body(start=TEN)).status_code == 403
    assert viewer.send("POST", f"{path}/cancel", version=1).status_code == 403
    assert agent.send("POST", "/bookings", salon.body(start=TEN)).status_code == 201
    assert agent.send("PATCH", path, {"start": ELEVEN}, version=1).status_code == 200
    assert agent.send("POST", RESOURCES, RESOURCE).status_code == 403


def test_a_page_costs_the_same_whatever_its_length(salon: Salon) -> None:
    for start in (NINE, TEN, ELEVEN):
        salon.book(start)
    for path, most in ((f"/bookings?day={DAY}&", 4), (f"{RESOURCES}?", 2)):
        counts = []
        for limit in (1, 3):
            with statements(salon.owner.app) as sent:
                salon.owner.get(f"{path}limit={limit}")
            counts.append(len(sent))
        assert counts[0] == counts[1] <= most, path
    with statements(salon.owner.app) as sent:
        salon.free()
    assert len(sent) <= 7
