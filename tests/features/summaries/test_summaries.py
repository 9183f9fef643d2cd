"""The daily summary: its figures, whom it reaches, and that no day is told twice."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest

from callwaiting.core import clock
from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.alerts.service import raise_alert
from callwaiting.features.keys import service as keys
from callwaiting.features.mails.service import place_of
from callwaiting.features.summaries import telling
from tasks.summaries import tell_summaries
from tests.api_client import ApiClient
from tests.factories.bookings import create_resource
from tests.factories.payments import make_caller
from tests.factories.stored_events import rows
from tests.features.kpis.test_api import put_booking, put_call, put_order, put_payment, put_text

DAY = date(2026, 3, 9)  # a Monday; New York is four hours behind UTC
NOON = "2026-03-09T16:00:00Z"
MORNING = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)  # seven o'clock
SETTINGS, MINE = "/summaries/settings", "/summaries/mine"


def busy_day(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    caller, chair = make_caller(worker, owner.scope), create_resource(worker, owner.scope, units=4)
    put_call(admin_url, owner, NOON, state_version=3, outcome="order")
    put_call(admin_url, owner, NOON)
    put_order(admin_url, owner, caller, NOON, 1)
    rows(admin_url, "update app.orders set state = 'paid', paid_at = %s", NOON)
    put_booking(admin_url, owner, chair, NOON, 1, "confirmed")
    later = "[2026-03-10T14:00:00Z,2026-03-10T15:00:00Z)"
    rows(admin_url, "update app.bookings set period = %s, occupied = %s", later, later)
    put_payment(admin_url, owner, NOON, 5000, state="part_refunded", refunded_minor=1200)
    put_payment(admin_url, owner, NOON, 700, state="parked", entered_as="parked")
    put_text(admin_url, owner, caller, NOON, "out", NOON)
    rows(admin_url, "update app.messages set status = 'undelivered'")
    with worker.database.unit_of_work(owner.scope) as session:
        raise_alert(session, "a.rule", subject="x", severity="high", summary="Look.")


def told(worker: Runtime, at: datetime) -> None:
    with clock.frozen(at):
        tell_summaries(worker)


def mails(worker: Runtime, admin_url: str) -> list[dict[str, Any]]:
    found = rows(admin_url, "select id, content_sealed from app.mails where kind = 'summaries.daily' order by id")
    with worker.database.unit_of_work(SystemScope("read the tests' mails")) as session:
        return [
            orjson.loads(keys.unseal_for_platform(session, place_of(row["id"]), bytes(row["content_sealed"])))
            for row in found
        ]


def summaries(admin_url: str) -> list[tuple[str, str, int]]:
    found = rows(admin_url, "select day::text, outcome, recipients from app.daily_summaries order by day")
    return [(row["day"], row["outcome"], row["recipients"]) for row in found]


def test_a_day_is_told_with_the_figures_of_the_api(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    busy_day(owner, worker, admin_url)
    told(worker, MORNING)
    ((mail),) = mails(worker, admin_url)
    figures = owner.get(f"/kpis?since={DAY}&until={DAY}")["total"]
    preview = owner.get(f"/summaries/preview?day={DAY}")

    assert mail["subject"] == preview["subject"] == "Luigi's Pizza, Monday: 2 calls, $38.00"
    assert mail["text"].splitlines()[2:16] == [
        "this was Monday, March 9, at Luigi's Pizza:",
        "",
        "* 2 missed calls, 1 of them led to an order or a booking",
        "* 1 order paid",
        "* 1 booking made",
        "* $38.00 earned ($50.00 less $12.00 given back)",
        "* 1 booking today",
        "",
        "Waiting for you:",
        "",
        "* 1 open alert",
        "* 1 payment that fits no order",
        "* 1 text that did not arrive",
        "",
    ]
    same = {"missed_calls": "missed_calls", "recovered_calls": "recovered_calls", "bookings_made": "bookings"}
    same |= {name: name for name in ("captured", "refunded", "lost", "revenue")}
    assert {name: preview[name] for name in same} == {name: figures[kpi] for name, kpi in same.items()}
    assert figures["missed_calls"] == 2
    assert preview["attention"] == {
        "open_alerts": 1, "parked_payments": 1, "left_messages": 0, "undelivered_texts": 1,
    }  # fmt: skip
    assert owner.get("/summaries")["items"][0] | {"created_at": ""} == {
        "day": str(DAY), "outcome": "mailed", "recipients": 1, "created_at": "",
    }  # fmt: skip


def test_a_day_is_told_once_and_not_before_its_hour(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    busy_day(owner, worker, admin_url)
    told(worker, MORNING.replace(hour=10, minute=59))
    assert mails(worker, admin_url) == []
    for at in (MORNING, MORNING, MORNING.replace(hour=23)):
        told(worker, at)

    assert summaries(admin_url)[-1] == (str(DAY), "mailed", 1)
    assert len(mails(worker, admin_url)) == 1


def test_of_two_workers_at_once_one_tells(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    busy_day(owner, worker, admin_url)
    outcomes: list[str] = []
    start = threading.Barrier(4)

    def tell() -> None:
        start.wait()
        with clock.frozen(MORNING), worker.database.unit_of_work(owner.scope) as session:
            outcomes.append(telling.tell(session, DAY))

    threads = [threading.Thread(target=tell) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["mailed", "told", "told", "told"]
    assert len(mails(worker, admin_url)) == 1


def test_a_worker_that_dies_tells_later(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    busy_day(owner, worker, admin_url)
    with suppress(KeyError), clock.frozen(MORNING), worker.database.unit_of_work(owner.scope) as session:
        assert telling.tell(session, DAY) == "mailed"
        raise KeyError
    assert (summaries(admin_url), mails(worker, admin_url)) == ([], [])
    told(worker, MORNING)

    assert len(mails(worker, admin_url)) == 1


def test_of_a_day_on_which_nothing_happened_only_who_wants_to_is_told(
    owner: ApiClient, worker: Runtime, admin_url: str
) -> None:
    told(worker, MORNING)
    assert summaries(admin_url) == [(str(DAY), "empty", 0)]
    owner.send("PUT", MINE, {"mail": True, "when_empty": True}, version=1)
    told(worker, MORNING.replace(day=11))

    assert summaries(admin_url)[-1] == ("2026-03-10", "mailed", 1)
    assert len(mails(worker, admin_url)) == 1


def test_members_choose(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    busy_day(owner, worker, admin_url)
    viewer = replace(owner, role="viewer")
    assert (owner.get(MINE)["mail"], viewer.get(MINE)["mail"]) == (True, False)
    assert viewer.send("PUT", MINE, {"mail": True}, version=1).get_json() == {
        "mail": True, "when_empty": False, "version": 2,
    }  # fmt: skip
    assert viewer.send("PUT", MINE, {"mail": False}, version=1).status_code == 412
    assert owner.send("PUT", MINE, {"mail": False}, version=1).status_code == 200
    told(worker, MORNING)
    ((mail),) = mails(worker, admin_url)
    people = {item["email"]: item["role"] for item in owner.get("/members")["items"]}

    assert people[mail["recipient"]] == "viewer"


def test_who_has_left_is_not_told(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    busy_day(owner, worker, admin_url)
    rows(admin_url, "update app.users set status = 'disabled'")
    told(worker, MORNING)

    assert (summaries(admin_url), mails(worker, admin_url)) == ([(str(DAY), "nobody", 0)], [])


def test_the_business_says_when(owner: ApiClient, stranger: ApiClient, worker: Runtime, admin_url: str) -> None:
    busy_day(owner, worker, admin_url)
    assert owner.get(SETTINGS) == {"enabled": True, "hour": 7, "version": 1}
    late = owner.send("PUT", SETTINGS, {"enabled": True, "hour": 20}, version=1)
    assert (late.get_json(), late.headers["ETag"]) == ({"enabled": True, "hour": 20, "version": 2}, '"v2"')
    told(worker, MORNING.replace(hour=23))  # seven in the evening
    assert mails(worker, admin_url) == []
    owner.send("PUT", SETTINGS, {"enabled": False, "hour": 7}, version=2)
    told(worker, MORNING.replace(hour=23))
    assert mails(worker, admin_url) == []
    assert stranger.get(SETTINGS)["version"] == 1
    owner.send("PUT", SETTINGS, {"enabled": True, "hour": 7}, version=3)
    told(worker, MORNING.replace(hour=23))

    assert len(mails(worker, admin_url)) == 1
    assert replace(owner, role="agent").send("PUT", SETTINGS, {"enabled": False, "hour": 7}).status_code == 403


@pytest.mark.parametrize(
    ("hour", "quarters", "day"),
    [
        (2, [(2026, 3, 8, 6, 45), (2026, 3, 8, 7, 0)], "2026-03-07"),  # there is no two o'clock: at three
        (1, [(2026, 11, 1, 4, 45), (2026, 11, 1, 5, 0)], "2026-10-31"),  # there are two: at the first
    ],
)
def test_when_the_clocks_change(
    owner: ApiClient,
    worker: Runtime,
    admin_url: str,
    hour: int,
    quarters: list[tuple[int, int, int, int, int]],
    day: str,
) -> None:
    owner.send("PUT", SETTINGS, {"enabled": True, "hour": hour}, version=1)
    before, at = (datetime(*found, tzinfo=UTC) for found in quarters)
    told(worker, before)
    assert all(found[0] < day for found in summaries(admin_url))
    for again in (at, at.replace(minute=30), at.replace(hour=at.hour + 1)):
        told(worker, again)

    assert [found[0] for found in summaries(admin_url)].count(day) == 1
    assert summaries(admin_url)[-1][0] == day


def test_one_merchant_that_fails_does_not_keep_the_others(
    owner: ApiClient, stranger: ApiClient, worker: Runtime, admin_url: str
) -> None:
    busy_day(owner, worker, admin_url)
    rows(admin_url, "update app.users set email_sealed = 'x' where id in (select user_id from app.memberships"
         " where merchant_id = %s)", str(stranger.scope.merchant_id))  # fmt: skip
    told(worker, MORNING)

    assert len(mails(worker, admin_url)) == 1
    system = SystemScope("what is left")
    with clock.frozen(MORNING), worker.database.unit_of_work(system, DatabaseRole.SERVICE) as session:
        assert [found.merchant_id for found in telling.due(session)] == [stranger.scope.merchant_id]
