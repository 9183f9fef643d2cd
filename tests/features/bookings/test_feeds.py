"""Feeds: a secret address, what it says and what not, and that it can be taken back."""

from __future__ import annotations

from typing import Any

import pytest
from icalendar import Calendar
from werkzeug.test import TestResponse

from callwaiting.factory import Runtime
from tests.api_client import ApiClient, actions
from tests.factories.bookings import create_resource
from tests.factories.payments import CALLER_NUMBER, make_caller, make_line
from tests.factories.stored_events import rows
from tests.features.bookings.test_api import TEN, Salon, at

FEEDS = "/booking-feeds"


@pytest.fixture
def salon(owner: ApiClient, worker: Runtime) -> Salon:
    chair = create_resource(worker, owner.scope)
    return Salon(owner, chair, make_caller(worker, owner.scope), make_line(worker, owner.scope))


def add(salon: Salon, **changes: object) -> Any:
    made = salon.owner.send("POST", FEEDS, {"name": "Phone", **changes})
    assert made.status_code == 201, made.text
    return made.get_json()


def subscribe(salon: Salon, url: str, **headers: str) -> TestResponse:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    path = url.removeprefix("http://callwaiting.test")
    return salon.owner.app.test_client().get(path, headers=named)


def test_bookings_with_stable_uids_and_rising_sequences(salon: Salon) -> None:
    booked, feed = salon.book(), add(salon)
    first = subscribe(salon, feed["url"])
    salon.owner.send("PATCH", f"/bookings/{booked['id']}", {"start": TEN}, version=1)
    second = subscribe(salon, feed["url"])
    salon.owner.send("POST", f"/bookings/{booked['id']}/cancel", version=2)
    third = subscribe(salon, feed["url"])

    assert first.content_type == "text/calendar; charset=utf-8"
    entries = [Calendar.from_ical(answer.text).walk("VEVENT") for answer in (first, second, third)]
    assert [len(found) for found in entries] == [1, 1, 1]
    assert {str(found[0]["UID"]) for found in entries} == {f"{booked['id']}@callwaiting"}
    assert [found[0].decoded("SEQUENCE") for found in entries] == [1, 2, 3]
    assert [found[0].decoded("DTSTART") for found in entries] == [at(9), at(10), at(10)]
    assert [str(found[0]["STATUS"]) for found in entries] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]


def test_an_unchanged_feed_is_not_sent_again(salon: Salon) -> None:
    salon.book()
    feed = add(salon)
    first = subscribe(salon, feed["url"])
    again = subscribe(salon, feed["url"], If_None_Match=first.headers["ETag"])
    salon.book(TEN)
    changed = subscribe(salon, feed["url"], If_None_Match=first.headers["ETag"])
    assert (again.status_code, again.data, changed.status_code) == (304, b"", 200)
    assert first.headers["Cache-Control"] == "private, no-cache"


def test_it_says_what_a_calendar_needs_and_a_number_only_where_it_may(salon: Salon) -> None:
    salon.book()
    plain, with_numbers = add(salon), add(salon, numbers=True)
    assert CALLER_NUMBER not in subscribe(salon, plain["url"]).text
    assert CALLER_NUMBER in subscribe(salon, with_numbers["url"]).text


def test_of_one_resource(salon: Salon, worker: Runtime) -> None:
    salon.book()
    other = create_resource(worker, salon.owner.scope, name="Room")
    feed = add(salon, resource_id=str(other))
    assert Calendar.from_ical(subscribe(salon, feed["url"]).text).walk("VEVENT") == []
    unknown = salon.owner.send("POST", FEEDS, {"name": "x", "resource_id": str(salon.caller)})
    assert unknown.status_code == 422


def test_an_address_is_shown_once_kept_as_a_hash_and_ends(salon: Salon, admin_url: str) -> None:
    feed = add(salon)
    token = feed["url"].rpartition("/")[2].removesuffix(".ics")
    (row,) = rows(admin_url, "select * from app.booking_feeds")
    assert token not in str(row)
    assert len(token) == 43
    shown = salon.owner.get(f"{FEEDS}/{feed['id']}")
    assert "url" not in shown
    rotated = salon.owner.send("POST", f"{FEEDS}/{feed['id']}/rotate", version=1).get_json()
    assert [subscribe(salon, url).status_code for url in (feed["url"], rotated["url"])] == [404, 200]
    assert salon.owner.send("DELETE", f"{FEEDS}/{feed['id']}", version=1).status_code == 412
    assert salon.owner.send("DELETE", f"{FEEDS}/{feed['id']}", version=2).status_code == 204
    assert subscribe(salon, rotated["url"]).status_code == 404
    assert {"booking_feed.added", "booking_feed.rotated", "booking_feed.removed"} <= set(actions(admin_url))


def test_strangers_and_guesses_see_nothing(salon: Salon, stranger: ApiClient) -> None:
    feed = add(salon)
    assert stranger.send("DELETE", f"{FEEDS}/{feed['id']}", version=1).status_code == 404
    assert stranger.get(FEEDS)["items"] == []
    for token in ("x", "A" * 43, "A" * 44):
        assert subscribe(salon, f"/b/feeds/{token}.ics").status_code == 404


def test_there_is_a_limit(salon: Salon) -> None:
    for _ in range(20):
        add(salon)
    assert salon.owner.send("POST", FEEDS, {"name": "x"}).status_code == 409
