"""Calendars elsewhere: busy times are not offered, what was read last holds, and a promise is kept."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from callwaiting.core import clock
from callwaiting.factory import Runtime
from callwaiting.features.bookings import calendar_reading, calendars, holding
from callwaiting.features.bookings import service as bookings
from callwaiting.features.bookings.calendar_reading import Reading
from callwaiting.features.bookings.errors import SlotTaken
from callwaiting.features.bookings.slots import Slot
from callwaiting.providers.ports import Period
from tasks.bookings import read_calendars
from tests.api_client import ApiClient, actions
from tests.factories.bookings import create_resource
from tests.factories.payments import make_caller, make_line
from tests.factories.stored_events import rows, until
from tests.features.bookings.test_api import NINE, TEN, Salon, at
from tests.providers.api_server import Answer, ApiServer, api_server

CALENDARS = "/booking-calendars"
WAITING = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@pytest.fixture
def salon(owner: ApiClient, worker: Runtime) -> Salon:
    chair = create_resource(worker, owner.scope, units=2)
    return Salon(owner, chair, make_caller(worker, owner.scope), make_line(worker, owner.scope))


@pytest.fixture
def host() -> Iterator[ApiServer]:
    with api_server() as server:
        yield server


def ics(*hours: int) -> bytes:
    events = "".join(
        f"BEGIN:VEVENT\r\nUID:{hour}\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{at(hour):%Y%m%dT%H%M%SZ}\r\n"
        f"DURATION:PT1H\r\nEND:VEVENT\r\n"
        for hour in hours
    )
    return f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{events}END:VCALENDAR\r\n".encode()


def add(salon: Salon, host: ApiServer, **changes: object) -> Any:
    body = {"name": "Anna", "resource_id": str(salon.chair), "address": f"{host.url}/secret-of-anna.ics", **changes}
    return salon.owner.post(CALENDARS, body)


def read(worker: Runtime, salon: Salon) -> None:
    """Read whatever its time is."""
    with worker.database.unit_of_work(salon.owner.scope) as session:
        for shown in calendars.newest(session, before=None, limit=10):
            calendars.locked(session, shown.id).next_at = clock.now()
    read_calendars(worker)


def test_busy_times_are_not_offered_nor_held(salon: Salon, worker: Runtime, host: ApiServer, admin_url: str) -> None:
    made = add(salon, host)
    assert (made["host"], made["read_at"], made["problem"]) == ("127.0.0.1", None, "")
    host.answers += [Answer(ics(9)), Answer(ics())]
    assert salon.free()[NINE] == 2
    read_calendars(worker)
    assert salon.owner.get(f"{CALENDARS}/{made['id']}")["problem"] == ""
    assert (salon.free()[NINE], salon.free()[TEN]) == (0, 2)  # a busy person is so for all units
    slot = Slot(salon.chair, at(9), at(10))
    with worker.database.unit_of_work(salon.owner.scope) as session, pytest.raises(SlotTaken):
        holding.hold_slot(session, slot, call_id=None, caller_id=None)
    shown = salon.owner.get(f"{CALENDARS}/{made['id']}")
    assert (shown["busy"], shown["stale"], shown["problem"]) == (1, False, "")
    read_calendars(worker)  # its time has not come
    assert len(host.received) == 1
    read(worker, salon)
    assert salon.free()[NINE] == 2
    assert {"booking_calendar.added", "booking_calendar.read"} <= set(actions(admin_url))


def test_the_address_is_sealed_and_never_shown(salon: Salon, host: ApiServer, admin_url: str) -> None:
    made = add(salon, host)
    (row,) = rows(admin_url, "select address_sealed from app.booking_calendars")
    assert b"secret-of-anna" not in bytes(row["address_sealed"])
    assert "secret-of-anna" not in str(salon.owner.get(CALENDARS)) + str(made)
    refused = salon.owner.send("POST", CALENDARS, {"name": "x", "resource_id": str(salon.chair), "address": "gopher:x"})
    assert refused.status_code == 422


@pytest.mark.parametrize("trouble", [Answer(status=500), Answer(b"<html>Sign in</html>"), Answer(drop=True)])
def test_a_broken_calendar_keeps_what_it_said_and_is_told_of(
    salon: Salon, worker: Runtime, host: ApiServer, admin_url: str, trouble: Answer
) -> None:
    made = add(salon, host)
    host.answers += [Answer(ics(9)), trouble, trouble, Answer(ics(9))]
    read_calendars(worker)
    read(worker, salon)
    assert salon.free()[NINE] == 0
    shown = salon.owner.get(f"{CALENDARS}/{made['id']}")
    assert (shown["stale"], bool(shown["problem"])) == (False, True)
    assert rows(admin_url, "select rule from app.alerts") == []
    rows(admin_url, "update app.booking_calendars set read_at = now() - interval '7 hours'")
    read(worker, salon)
    assert salon.owner.get(f"{CALENDARS}/{made['id']}")["stale"]
    assert rows(admin_url, "select rule, state from app.alerts") == [
        {"rule": "bookings.calendar_stale", "state": "open"}
    ]
    assert (salon.free()[NINE], salon.free()[TEN]) == (0, 2)
    read(worker, salon)
    assert rows(admin_url, "select state from app.alerts") == [{"state": "resolved"}]


def test_a_merchant_may_hold_back_what_it_cannot_know(
    salon: Salon, worker: Runtime, host: ApiServer, admin_url: str
) -> None:
    add(salon, host, when_stale="hold_back")
    assert set(salon.free().values()) == {0}  # nothing is known yet
    host.answers += [Answer(ics(9))]
    read_calendars(worker)
    assert salon.free()[TEN] == 2
    rows(admin_url, "update app.booking_calendars set read_at = now() - interval '7 hours'")
    assert set(salon.free().values()) == {0}


def test_a_booking_that_collides_stays_and_is_told_of(
    salon: Salon, worker: Runtime, host: ApiServer, admin_url: str
) -> None:
    booked = salon.book()
    add(salon, host)
    host.answers += [Answer(ics(9, 12))]
    read_calendars(worker)
    assert salon.owner.get(f"/bookings/{booked['id']}")["state"] == "confirmed"
    found = rows(admin_url, "select rule, details from app.alerts")
    assert [(row["rule"], row["details"]["booking"]) for row in found] == [
        ("bookings.calendar_collision", booked["id"])
    ]


def test_unchanged_is_left_alone_until_series_have_to_be_spread_anew(
    salon: Salon, worker: Runtime, host: ApiServer, admin_url: str
) -> None:
    add(salon, host)
    host.answers += [Answer(ics(9), headers={"ETag": '"a"'}), Answer(b"", 304), Answer(ics(9))]
    for _ in range(2):
        read(worker, salon)
    assert [request.headers.get("if-none-match") for request in host.received] == [None, '"a"']
    assert actions(admin_url).count("booking_calendar.read") == 1
    rows(admin_url, "update app.booking_calendars set spread_at = now() - interval '13 hours'")
    read(worker, salon)
    assert host.received[-1].headers.get("if-none-match") is None
    assert actions(admin_url).count("booking_calendar.read") == 2


def test_one_changed_or_removed_while_it_is_read_is_not_overwritten(
    salon: Salon, worker: Runtime, host: ApiServer
) -> None:
    made = add(salon, host)
    scope, calendar_id = salon.owner.scope, UUID(made["id"])
    with worker.database.unit_of_work(scope) as session:
        claimed = calendar_reading.claim(session, calendar_id)
        assert calendar_reading.claim(session, calendar_id) is None
    assert claimed is not None
    salon.owner.send(
        "PUT", f"{CALENDARS}/{calendar_id}", {"name": "B", "address": host.url, "when_stale": "offer"}, version=1
    )
    old = Reading("", b"", [Period(at(9), at(10))])
    with worker.database.unit_of_work(scope) as session:
        calendar_reading.record(session, calendar_id, old, version=claimed.version)
    assert salon.free()[NINE] == 2
    assert salon.owner.send("DELETE", f"{CALENDARS}/{calendar_id}").status_code == 204
    with worker.database.unit_of_work(scope) as session:
        calendar_reading.record(session, calendar_id, old, version=2)
        calendar_reading.fail(session, replace(claimed, version=2), SlotTaken("x"))
    assert salon.free()[NINE] == 2


def test_a_hold_is_before_a_reading_or_after_it(salon: Salon, worker: Runtime, host: ApiServer, admin_url: str) -> None:
    """A hold that waits for a reading finds the slot taken; it cannot look past it."""
    calendar_id = UUID(add(salon, host)["id"])
    slot = Slot(salon.chair, at(9), at(10))

    def hold() -> bool:
        try:
            with worker.database.unit_of_work(salon.owner.scope) as session:
                bookings.hold_slot(session, slot, call_id=None, caller_id=None)
        except SlotTaken:
            return False
        return True

    with ThreadPoolExecutor(1) as pool, worker.database.unit_of_work(salon.owner.scope) as session:
        calendar_reading.record(session, calendar_id, Reading("", b"", [Period(at(9), at(10))]))
        held = pool.submit(hold)
        until(lambda: len(rows(admin_url, WAITING)) == 1)
        session.commit()
        assert held.result(10) is False


def test_reading_soon_changing_and_taking_away(
    salon: Salon, worker: Runtime, host: ApiServer, stranger: ApiClient
) -> None:
    made = add(salon, host)
    path = f"{CALENDARS}/{made['id']}"
    host.answers += [Answer(ics(9)), Answer(ics(10))]
    read_calendars(worker)
    assert salon.owner.send("POST", f"{path}/read").status_code == 202
    read_calendars(worker)
    assert (salon.free()[NINE], salon.free()[TEN]) == (2, 0)
    assert stranger.send("GET", path).status_code == 404
    assert salon.owner.send("PUT", path, {"name": "B", "when_stale": "offer"}, version=9).status_code == 412
    changed = salon.owner.send("PUT", path, {"name": "B", "when_stale": "offer"}, version=1).get_json()
    assert (changed["name"], changed["host"], changed["busy"]) == ("B", "127.0.0.1", 1)
    assert salon.owner.send("DELETE", path).status_code == 204
    assert salon.free()[TEN] == 2
