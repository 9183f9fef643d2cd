"""`/api/v1/merchant` and its hours."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.api_client import ApiClient, actions

PROFILE = {
    "name": "Luigi's",
    "timezone": "Europe/Berlin",
    "region": "DE",
}


def period(weekday: int, opens: str, closes: str) -> dict[str, Any]:
    return {"weekday": weekday, "opens": opens, "closes": closes}


def test_profile_is_changed_as_a_whole(owner: ApiClient, stranger: ApiClient, admin_url: str) -> None:
    before = owner.get("/merchant")
    answer = owner.send("PUT", "/merchant", PROFILE, version=1)

    assert (before["name"], before["timezone"], before["currency"]) == ("Luigi's Pizza", "America/New_York", "USD")
    assert answer.headers["ETag"] == '"v2"'
    assert answer.get_json() == before | PROFILE | {"version": 2} == owner.get("/merchant")
    assert stranger.get("/merchant")["name"] == "Mario's"
    assert actions(admin_url)[-1] == "merchant.changed"


def test_a_version_that_was_not_seen_changes_nothing(owner: ApiClient) -> None:
    owner.send("PUT", "/merchant", PROFILE, version=1)
    for path, body in (("/merchant", PROFILE | {"name": "Late"}), ("/merchant/hours", {"periods": []})):
        assert owner.send("PUT", path, body, version=1).status_code == 412
        assert owner.send("PUT", path, body).status_code == 428
    assert owner.get("/merchant")["name"] == "Luigi's"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": "../../etc/passwd"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"region": "XX"}, "region"),
        ({"region": "de"}, "region"),
        ({"name": " "}, "name"),
        ({"name": "x" * 61}, "name"),
        ({"name": "bad\u0007"}, "name"),
        ({"tax_inclusive": True}, "tax_inclusive"),  # taxes are tax rates
        ({"currency": "EUR"}, "currency"),
    ],
)
def test_what_a_profile_cannot_be(owner: ApiClient, change: dict[str, object], field: str) -> None:
    answer = owner.send("PUT", "/merchant", PROFILE | change, version=1)

    assert answer.status_code == 422
    assert [item["field"] for item in answer.get_json()["fields"]] == [field]


def test_hours_are_replaced_as_a_whole(owner: ApiClient, stranger: ApiClient, admin_url: str) -> None:
    friday, monday = period(5, "18:00", "02:00"), period(1, "11:30", "22:00")
    stranger.send("PUT", "/merchant/hours", {"periods": [period(3, "00:00", "00:00")]}, version=1)
    first = owner.send("PUT", "/merchant/hours", {"periods": [friday, monday]}, version=1).get_json()
    shown = owner.get("/merchant/hours")
    second = owner.send("PUT", "/merchant/hours", {"periods": [monday]}, version=2).get_json()

    assert first == shown == {"version": 2, "periods": [monday, friday]}
    assert second == {"version": 3, "periods": [monday]} == owner.get("/merchant/hours")
    assert owner.send("PUT", "/merchant/hours", {"periods": []}, version=3).get_json()["periods"] == []
    assert len(stranger.get("/merchant/hours")["periods"]) == 1
    assert actions(admin_url)[-1] == "merchant.hours_changed"


@pytest.mark.parametrize(
    ("periods", "wrong"),
    [
        ([period(1, "09:00", "12:00"), period(1, "12:00", "18:00")], []),
        ([period(1, "09:00", "12:01"), period(1, "12:00", "18:00")], ["periods.0"]),
        ([period(1, "12:00", "18:00"), period(1, "09:00", "12:01")], ["periods.1"]),
        ([period(1, "09:00", "12:00"), period(1, "09:00", "12:00")], ["periods.0"]),
        ([period(5, "18:00", "02:00"), period(6, "01:00", "05:00")], ["periods.0"]),
        ([period(7, "18:00", "02:00"), period(1, "02:00", "05:00")], []),
        ([period(7, "18:00", "02:00"), period(1, "01:00", "05:00")], ["periods.0"]),
        ([period(day, "00:00", "00:00") for day in range(1, 8)], []),
        ([period(8, "09:00", "12:00")], ["periods.0.weekday"]),
        ([period(1, "24:00", "12:00")], ["periods.0.opens"]),
        ([period(1, "09:00", "9:30")], ["periods.0.closes"]),
        ([period(1, "09:00:30", "10:00")], ["periods.0.opens"]),
    ],
)  # fmt: skip
def test_periods_do_not_overlap(owner: ApiClient, periods: list[dict[str, Any]], wrong: list[str]) -> None:
    answer = owner.send("PUT", "/merchant/hours", {"periods": periods}, version=1)

    assert [item["field"] for item in answer.get_json().get("fields", [])] == wrong
    assert answer.status_code == (422 if wrong else 200)


def test_agents_read_and_managers_write(owner: ApiClient) -> None:
    agent = replace(owner, role="agent")

    assert agent.get("/merchant/hours")["periods"] == []
    assert agent.send("PUT", "/merchant", PROFILE, version=1).status_code == 403
    assert replace(owner, role="admin").send("PUT", "/merchant", PROFILE, version=1).status_code == 200
