"""Files of rows: whose they are, that none is missing or there twice, and who may take them out."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event

from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import SessionOver
from callwaiting.factory import Runtime
from callwaiting.features.exports import service
from tests.api_client import ApiClient, actions
from tests.factories.bookings import create_resource
from tests.factories.payments import make_accounts, make_caller, make_payable, make_payment
from tests.factories.people import member_token
from tests.factories.stored_events import rows
from tests.features.kpis.test_api import EVE, FIRST, LAST, NEXT, put_booking, put_call
from tests.servers import execute

RANGE = "since=2026-03-08&until=2026-03-08"
KINDS = sorted(service.EXPORTS)


def lines(owner: ApiClient, name: str, query: str) -> list[dict[str, Any]]:
    answer = owner.send("GET", f"/exports/{name}?{query}&format=jsonl")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.content_type == "application/x-ndjson"
    return [json.loads(line) for line in answer.data.splitlines()]


def table(owner: ApiClient, name: str, query: str) -> list[dict[str, str]]:
    answer = owner.send("GET", f"/exports/{name}?{query}&format=csv")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def a_world(worker: Runtime, owner: ApiClient) -> None:
    """A row of every kind."""
    make_accounts(worker, owner.scope)
    payable = make_payable(worker, owner.scope)
    make_payment(worker, payable)


def test_days_are_those_of_the_merchant(owner: ApiClient, stranger: ApiClient, admin_url: str) -> None:
    for at in (EVE, FIRST, LAST, NEXT):
        put_call(admin_url, owner, at)
    put_call(admin_url, stranger, FIRST)
    found = lines(owner, "calls", RANGE)

    assert [row["started_at"] for row in found] == ["2026-03-08T00:00:00-05:00", "2026-03-08T23:59:59-04:00"]
    assert [row["started_at"] for row in table(owner, "calls", RANGE)] == [row["started_at"] for row in found]
    assert len(lines(stranger, "calls", RANGE)) == 1


@pytest.mark.parametrize("name", KINDS)
def test_of_a_merchant_without_rows_the_columns_are_there(owner: ApiClient, name: str) -> None:
    answer = owner.send("GET", f"/exports/{name}?{RANGE}")

    assert answer.data.decode("utf-8-sig").split() == [",".join(service.EXPORTS[name].columns)]
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}-2026-03-08-2026-03-08.csv"'
    assert lines(owner, name, RANGE) == []


def test_orders_and_money(owner: ApiClient, stranger: ApiClient, worker: Runtime, admin_url: str) -> None:
    a_world(worker, owner)
    now = rows(admin_url, "select (now() at time zone 'America/New_York')::date::text as day")[0]["day"]
    query = f"since={now}&until={now}"
    (order,) = lines(owner, "orders", query)
    shown = owner.get(f"/orders/{order['id']}")

    assert order["caller"] == lines(owner, "callers", query)[0]["number"]
    assert int(order["total"].replace(".", "")) == shown["total"]["amount"]
    assert order["lines"].count(" x ") == len(shown["lines"])
    journal = lines(owner, "payments", query)
    kept = rows(admin_url, "select sum(amount_minor) as sum, count(*) from app.ledger_transfers")[0]
    assert len(journal) == kept["count"] > 0
    assert sum(int(row["amount"].replace(".", "")) for row in journal) == kept["sum"]
    for name in KINDS:
        assert lines(stranger, name, query) == []


def test_texts_are_opened_and_no_cell_is_a_formula(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    caller = make_caller(worker, owner.scope)
    number = owner.post("/phone-numbers", {"number": "+12125550107"})["id"]
    body = '=HYPERLINK("http://evil.example")'
    owner.post("/messages", {"caller_id": str(caller), "phone_number_id": number, "body": body})
    now = rows(admin_url, "select (now() at time zone 'America/New_York')::date::text as day")[0]["day"]
    query = f"since={now}&until={now}"
    (text,) = lines(owner, "messages", query)
    (cells,) = table(owner, "messages", query)

    assert text["body"].startswith(body)
    assert cells["body"] == "'" + text["body"]
    assert cells["caller"] == "'" + text["caller"]


def test_every_page_is_there_once(owner: ApiClient, admin_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "PAGE", 3)
    for count in (1, 3, 4, 7):
        while len(rows(admin_url, "select id from app.calls")) < count:
            put_call(admin_url, owner, FIRST)
        found = [row["id"] for row in lines(owner, "calls", RANGE)]
        assert len(found) == len(set(found)) == count


def test_no_transaction_is_held_between_pages(
    app: Flask, owner: ApiClient, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    for _ in range(5):
        put_call(admin_url, owner, FIRST)
    engine, open_now, most = app.extensions["database"].engine(DatabaseRole.WEB), [0], [0]

    def begin(_: object) -> None:
        open_now[0] += 1

    def end(_: object) -> None:
        open_now[0] -= 1

    listeners = {"begin": begin, "commit": end, "rollback": end}
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        answer = app.test_client().get(f"/api/v1/exports/calls?{RANGE}", headers=owner.token, buffered=False)
        for part in answer.iter_encoded():
            assert open_now[0] <= 0, part
            most[0] += 1
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)
    assert most[0] >= 3


def test_a_sign_out_ends_the_file(
    app: Flask, owner: ApiClient, admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "PAGE", 2)
    for _ in range(5):
        put_call(admin_url, owner, FIRST)
    answer = app.test_client().get(f"/api/v1/exports/calls?{RANGE}", headers=owner.token, buffered=False)
    parts: Iterator[bytes] = iter(answer.iter_encoded())
    next(parts)
    rows(admin_url, "update app.sessions set ended_at = now()")

    with pytest.raises(SessionOver):
        list(parts)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("calls?since=2026-03-08&until=2026-03-07", 422),
        ("calls?since=2025-03-08&until=2026-03-09", 422),
        ("calls?since=2026-03-08", 422),
        ("calls?since=2026-03-08&until=2026-03-08&format=xml", 422),
        ("users?since=2026-03-08&until=2026-03-08", 404),
    ],
)
def test_what_cannot_be_asked_for(owner: ApiClient, admin_url: str, path: str, status: int) -> None:
    before = actions(admin_url)
    assert owner.send("GET", f"/exports/{path}").status_code == status
    assert actions(admin_url) == before


def test_who_takes_rows_out_is_a_manager_has_just_signed_in_and_is_on_record(
    app: Flask, owner: ApiClient, admin_url: str
) -> None:
    def ask(token: str) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return app.test_client().get(f"/api/v1/exports/callers?{RANGE}", headers=headers)

    old = member_token(app.extensions["database"], owner.scope, "owner", age=timedelta(minutes=6))
    assert ask(old).get_json()["code"] == "AUTH_STEP_UP_REQUIRED"
    assert replace(owner, role="agent").send("GET", f"/exports/callers?{RANGE}").status_code == 403
    assert "export.made" not in actions(admin_url)
    assert replace(owner, role="admin").send("GET", f"/exports/callers?{RANGE}").status_code == 200
    assert actions(admin_url).count("export.made") == 1


def test_bookings_by_when_they_begin(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    put_booking(admin_url, owner, create_resource(worker, owner.scope), FIRST, 1, "confirmed")
    execute(admin_url, "update app.bookings set price_minor = 4000, deposit_minor = 1050")

    assert lines(owner, "bookings", RANGE) == []
    (found,) = lines(owner, "bookings", "since=2026-04-01&until=2026-04-01")
    assert (found["begins_at"], found["state"]) == ("2026-04-01T10:00:00-04:00", "confirmed")
    assert (found["currency"], found["deposit"]) == ("USD", "10.50")
