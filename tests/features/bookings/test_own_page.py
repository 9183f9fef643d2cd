"""`/b/<token>`: what was booked, moved and cancelled by its caller; and reminders."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar
from werkzeug.test import TestResponse

from callwaiting.core import clock
from callwaiting.factory import Runtime
from callwaiting.features.bookings import links, reminders
from callwaiting.features.bookings.reminding import late_until, reminder_at
from tasks.bookings import remind_of_bookings
from tests.api_client import ApiClient, actions
from tests.factories.bookings import create_resource
from tests.factories.payments import make_caller, make_line
from tests.factories.stored_events import rows
from tests.features.bookings.test_api import DAY, ELEVEN, NEXT_DAY, TEN, Salon, at, shown, texts

ORIGIN = {"Origin": "http://callwaiting.test"}
NEW_YORK = ZoneInfo("America/New_York")


@pytest.fixture
def salon(owner: ApiClient, worker: Runtime) -> Salon:
    chair = create_resource(worker, owner.scope)
    return Salon(owner, chair, make_caller(worker, owner.scope), make_line(worker, owner.scope))


@pytest.fixture
def booking(salon: Salon) -> dict[str, str]:
    made: dict[str, str] = salon.book()
    return made


@pytest.fixture
def path(salon: Salon, worker: Runtime, booking: dict[str, str]) -> str:
    """Where the caller sees it."""
    with worker.database.unit_of_work(salon.owner.scope) as session:
        first, again = (links.link_to(session, UUID(booking["id"])) for _ in range(2))
    assert first == again
    return first.removeprefix("http://callwaiting.test")


def post(salon: Salon, path: str, *, headers: dict[str, str] = ORIGIN, **form: object) -> TestResponse:
    return salon.owner.app.test_client().post(path, data=form, headers=headers)


def get(salon: Salon, path: str) -> TestResponse:
    return salon.owner.app.test_client().get(path)


def state(salon: Salon, booking: dict[str, str]) -> str:
    found: str = salon.owner.get(f"/bookings/{booking['id']}")["state"]
    return found


def test_a_caller_moves_and_cancels(salon: Salon, booking: dict[str, str], path: str, admin_url: str) -> None:
    page = get(salon, path)
    assert page.status_code == 200
    assert "Cancel the booking" in page.text
    assert f'value="{at(10).isoformat()}"' in page.text
    assert page.headers["Cache-Control"] == "no-store"
    assert "form-action 'self';" in page.headers["Content-Security-Policy"]
    assert post(salon, path, act="come").status_code == 303
    assert "you will come" in get(salon, path).text
    moved = post(salon, path, act="move", start=at(10).isoformat(), version=1)
    assert (moved.status_code, moved.headers["Location"]) == (303, path)
    assert salon.owner.get(f"/bookings/{booking['id']}")["start"] == TEN
    assert post(salon, path, act="cancel", version=1).status_code == 412
    assert post(salon, path, act="cancel", version=2).status_code == 303
    assert "is cancelled" in get(salon, path).text
    assert post(salon, path, act="cancel", version=3).status_code == 409
    assert [kind for kind, _ in texts(admin_url)] == [
        "booking_confirmation",
        "booking_moved",
        "booking_cancelled_by_caller",
    ]
    assert {"booking.acknowledged", "booking.moved", "booking.cancelled"} <= set(actions(admin_url))


def test_opening_it_or_a_form_elsewhere_changes_nothing(salon: Salon, booking: dict[str, str], path: str) -> None:
    refused = [
        post(salon, path, headers=headers, act="cancel", version=1).status_code
        for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "null"})
    ]

    assert refused == [403] * 3
    assert post(salon, path, act="explode", version=1).status_code == 400
    assert post(salon, path, act="move", start="soon", version=1).status_code == 400
    assert post(salon, path, act="move", start=at(8).isoformat(), version=1).status_code == 409
    assert [get(salon, f"/b/{token}").status_code for token in ("x", "A" * 22, path[3:-1])] == [404] * 3
    assert state(salon, booking) == "confirmed"


def test_within_the_notice_it_is_too_late(salon: Salon, booking: dict[str, str], path: str) -> None:
    with clock.frozen(at(9) - timedelta(minutes=119)):
        assert "too late to change" in get(salon, path).text
        refused = post(salon, path, act="cancel", version=1)
    with clock.frozen(at(10) + timedelta(days=1)):
        assert get(salon, path).status_code == 410

    assert (refused.status_code, "It is too late" in refused.text) == (409, True)
    assert state(salon, booking) == "confirmed"


def test_the_entry_for_a_calendar(salon: Salon, booking: dict[str, str], path: str) -> None:
    first, _, second = (
        get(salon, f"{path}/booking.ics"),
        post(salon, path, act="move", start=at(11).isoformat(), version=1),
        get(salon, f"{path}/booking.ics"),
    )
    before, after = (Calendar.from_ical(answer.text).walk("VEVENT")[0] for answer in (first, second))

    assert first.content_type == "text/calendar; charset=utf-8"
    assert str(before["UID"]) == str(after["UID"]) == f"{booking['id']}@callwaiting"
    assert (before.decoded("SEQUENCE"), after.decoded("SEQUENCE")) == (1, 2)
    assert (before.decoded("DTSTART"), after.decoded("DTSTART")) == (at(9), at(11))


def test_a_caller_is_reminded_once_and_of_the_right_time(
    salon: Salon, booking: dict[str, str], worker: Runtime, admin_url: str
) -> None:
    salon.owner.send("PATCH", f"/bookings/{booking['id']}", {"start": shown(at(9, NEXT_DAY))}, version=1)
    for moment in (at(12, DAY - timedelta(1)), at(9), at(10)):  # that of the first time, the second's, once more
        with clock.frozen(moment):
            remind_of_bookings(worker)

    assert [kind for kind, _ in texts(admin_url)] == ["booking_confirmation", "booking_moved", "booking_reminder"]
    salon.owner.send("POST", f"/bookings/{booking['id']}/cancel", version=2)
    assert rows(admin_url, "select remind_at from app.bookings") == [{"remind_at": None}]


def test_a_reminder_that_is_late_waits_for_the_morning(
    salon: Salon, booking: dict[str, str], worker: Runtime, admin_url: str
) -> None:
    def remind(moment: datetime) -> str:
        with clock.frozen(moment), worker.database.unit_of_work(salon.owner.scope) as session:
            return reminders.remind(session, UUID(booking["id"]))

    rows(admin_url, "update app.bookings set period = tstzrange(%s, %s), occupied = tstzrange(%s, %s)",
         *[ELEVEN, shown(at(12))] * 2)  # fmt: skip
    assert [remind(at(2)), remind(at(7)), remind(at(8)), remind(at(8))] == ["later", "kept", "reminded", "kept"]


@pytest.mark.parametrize(
    ("start", "lead", "expected"),
    [
        ((3, 15, 0), 24, (2, 15, 0)),
        ((3, 7, 30), 24, (1, 20, 0)),  # half past seven in the morning is night: the evening before
        ((3, 23, 0), 24, (2, 20, 0)),
        ((3, 15, 0), 0, None),
        ((1, 15, 0), 2, None),  # told at noon
        ((1, 18, 0), 2, (1, 16, 0)),
    ],
)
def test_when_a_reminder_goes_out(
    start: tuple[int, int, int], lead: int, expected: tuple[int, int, int] | None
) -> None:
    def moment(day: int, hour: int, minute: int) -> datetime:
        return datetime(2026, 3, day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)

    found = reminder_at(moment(*start), told_at=moment(1, 12, 0), lead=timedelta(hours=lead), zone=NEW_YORK)
    assert found == (moment(*expected) if expected else None)


def test_at_night_it_may_be_too_late_to_remind() -> None:
    night = datetime(2026, 3, 3, 22, tzinfo=NEW_YORK)
    assert late_until(night, night + timedelta(hours=10), NEW_YORK) is None
    assert late_until(night, night + timedelta(hours=11), NEW_YORK) == datetime(2026, 3, 4, 8, tzinfo=NEW_YORK)
