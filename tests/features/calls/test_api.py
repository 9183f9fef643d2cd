"""`/api/v1/calls`."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callwaiting.features.calls.models import Call
from tests.api_client import ApiClient, statements
from tests.factories.bookings import create_resource
from tests.factories.stored_events import rows
from tests.factories.telephone import CALLER, Telephone
from tests.features.calls.conftest import Pizzeria

CALLERS = [f"+1415555012{digit}" for digit in range(3)]


@pytest.fixture
def owner(pizzeria: Pizzeria) -> ApiClient:
    return ApiClient(pizzeria.app, pizzeria.scope)


def order(phone: Telephone) -> None:
    """A whole call that orders two margheritas."""
    phone.dial()
    phone.speak("two margheritas please")
    phone.speak("no, that's all")
    phone.speak("yes please")


def test_newest_first_in_pages(pizzeria: Pizzeria, owner: ApiClient, stranger: ApiClient) -> None:
    phones = [pizzeria.phone(caller=caller) for caller in CALLERS]
    for phone in phones:
        phone.dial()
    seen = [call for page in owner.pages("/calls", 2) for call in page]

    assert [call["call_sid"] for call in seen] == [phone.call_sid for phone in reversed(phones)]
    assert [call["caller_number"] for call in seen] == CALLERS[::-1]
    assert {(call["status"], call["outcome"]) for call in seen} == {("in-progress", "none")}
    assert stranger.get("/calls") == {"items": [], "next": None}


def test_by_outcome_and_by_the_business_s_own_day(pizzeria: Pizzeria, owner: ApiClient) -> None:
    phones = [pizzeria.phone(caller=caller) for caller in CALLERS]
    phones[0].dial()
    order(phones[1])
    phones[2].dial()
    late = datetime(2026, 3, 4, 4, 59, tzinfo=UTC)  # a minute before midnight in New York
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        for phone, started_at in zip(phones, (late, late, late + timedelta(minutes=1)), strict=True):
            session.query(Call).filter_by(call_sid=phone.call_sid).update({"started_at": started_at})

    def found(query: str) -> list[int]:
        sids = [phone.call_sid for phone in phones]
        return [sids.index(call["call_sid"]) for page in owner.pages(f"/calls?{query}", 1) for call in page]

    assert found("day=2026-03-03") == [1, 0]
    assert found("day=2026-03-04") == [2]
    assert found("day=2026-03-05") == []
    assert found("outcome=order") == [1]
    assert found("day=2026-03-03&outcome=none") == [0]


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "cursor=1", "offset=3", "outcome=paid", "day=1999-12-31", "day=2026-02-30"]
)
def test_a_list_that_cannot_be(owner: ApiClient, query: str) -> None:
    answer = owner.send("GET", f"/calls?{query}")

    assert answer.status_code == 422
    assert [item["field"] for item in answer.get_json()["fields"]] == [query.partition("=")[0]]


def test_one_call_and_what_was_said_in_it(pizzeria: Pizzeria, owner: ApiClient, phone: Telephone) -> None:
    order(phone)
    (listed,) = owner.get("/calls")["items"]
    call = owner.get(f"/calls/{listed['id']}")
    pages = owner.pages(f"/calls/{listed['id']}/turns", 3)
    turns = [turn for page in pages for turn in page]

    assert call == listed | {"turns": 4, "order_id": str(pizzeria.orders()[0].id), "booking_id": None}
    assert call["caller_number"] == CALLER
    assert [len(page) for page in pages] == [3, 1]
    assert [turn["number"] for turn in turns] == [0, 1, 2, 3]
    assert [turn["heard"] for turn in turns] == [None, "two margheritas please", "no, that's all", "yes please"]
    assert turns[0]["said"].startswith("Hello, this is the automated assistant of Luigi's Pizza.")
    assert "You have 2 Margherita pizza." in turns[1]["said"]
    assert "<" not in "".join(turn["said"] for turn in turns)


def test_a_call_that_booked(pizzeria: Pizzeria, owner: ApiClient, phone: Telephone, admin_url: str) -> None:
    create_resource(pizzeria.worker, pizzeria.scope)
    phone.dial()
    for key in ("2", "1", "1"):
        phone.press(key)
    (listed,) = owner.get("/calls?outcome=booking")["items"]

    booked = rows(admin_url, "select id::text from app.bookings where state = 'confirmed'")
    assert [{"id": owner.get(f"/calls/{listed['id']}")["booking_id"]}] == booked


def test_a_withheld_number(pizzeria: Pizzeria, owner: ApiClient) -> None:
    pizzeria.phone(caller="anonymous").dial()
    (call,) = owner.get("/calls")["items"]

    assert (call["caller_id"], call["caller_number"]) == (None, None)


def test_viewers_see_that_it_rang_but_not_who_nor_what_was_said(owner: ApiClient, phone: Telephone) -> None:
    phone.dial()
    viewer = replace(owner, role="viewer")
    (call,) = viewer.get("/calls")["items"]
    path = f"/calls/{call['id']}"

    assert call["caller_id"] is not None
    assert (call["caller_number"], viewer.get(path)["caller_number"]) == (None, None)
    assert viewer.send("GET", f"{path}/turns").status_code == 403
    assert replace(owner, role="agent").get(f"{path}/turns")["items"]


def test_a_page_costs_the_same_whatever_its_length(pizzeria: Pizzeria, owner: ApiClient) -> None:
    for caller in CALLERS:
        order(pizzeria.phone(caller=caller))
    call_id = owner.get("/calls")["items"][0]["id"]
    for path, most in (("/calls", 3), (f"/calls/{call_id}/turns", 3)):
        owner.get(path)  # the merchant's key is read once and kept
        counts = []
        for limit in (1, 3):
            with statements(owner.app) as sent:
                owner.get(f"{path}?limit={limit}")
            counts.append(len(sent))
        assert counts[0] == counts[1] <= most, path
