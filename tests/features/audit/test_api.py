"""`/api/v1/audit`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from psycopg2.extensions import connection as Connection

from callwaiting.factory import Runtime
from callwaiting.features.audit import routes
from callwaiting.features.audit import service as audit
from tests.api_client import ApiClient, statements
from tests.features.audit.test_chain import chain, superuser, tamper

__all__ = ["superuser"]  # a fixture


def note(worker: Runtime, owner: ApiClient, action: str, subject: str = "", actor: str = "system") -> None:
    with worker.database.unit_of_work(replace(owner.scope, actor=actor)) as session:
        audit.record(session, action, subject=subject, details={"number": 7})


@pytest.fixture
def trail(worker: Runtime, owner: ApiClient, stranger: ApiClient) -> None:
    """Three links of the owner's, and others' in between."""
    chain(worker)
    note(worker, owner, "order.placed", "order:1", "caller")
    note(worker, stranger, "order.placed", "order:2", "caller")
    note(worker, owner, "order.paid", "order:1", "webhook:stripe")
    note(worker, owner, "booking.held", "booking:1", "caller")
    chain(worker)


@pytest.mark.usefixtures("trail")
def test_own_entries_newest_first_by_what_one_looks_for(owner: ApiClient, stranger: ApiClient) -> None:
    with statements(owner.app) as sent:
        listed = owner.get("/audit/entries?limit=3")["items"]
    pages = owner.pages("/audit/entries", 2)

    assert [entry["action"] for entry in listed] == ["booking.held", "order.paid", "order.placed"]
    assert [entry for page in pages for entry in page][:3] == listed
    assert listed[1]["details"] == {"number": 7}
    assert (listed[1]["actor"], listed[1]["subject"], listed[1]["outcome"]) == ("webhook:stripe", "order:1", "ok")
    assert len(sent) <= 2
    for query, found in {
        "actor=caller": ["booking.held", "order.placed"],
        "action=order.paid": ["order.paid"],
        "action=order.": ["order.paid", "order.placed"],
        "subject=order:1": ["order.paid", "order.placed"],
        "subject=order:2": [],
        "actor=caller&action=order.&subject=order:1": ["order.placed"],
        f"since={listed[1]['at']}": ["booking.held", "order.paid"],
        f"until={listed[1]['at']}&subject=order:1": ["order.placed"],
    }.items():
        shown = owner.get(f"/audit/entries?{query.replace('+', '%2B')}")["items"]
        assert [entry["action"] for entry in shown] == found, query
    assert stranger.get("/audit/entries?subject=order:1")["items"] == []
    for wrong in ("merchant=1", "since=1700000000", "until=0.5", "since=0001-01-01T00:00:00Z"):
        assert owner.send("GET", f"/audit/entries?{wrong}").status_code == 422, wrong
    assert replace(owner, role="agent").send("GET", "/audit/entries").status_code == 403


@pytest.mark.usefixtures("trail")
def test_the_own_part_of_the_chain_is_proved_and_goes_on_behind_a_head(
    owner: ApiClient, worker: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = owner.get("/audit/proof")
    note(worker, owner, "order.paid", "order:3")
    chain(worker)
    further = owner.get(f"/audit/proof?after={whole['head']}")
    monkeypatch.setattr(routes, "LINKS_AT_ONCE", 2)
    parts = [owner.get("/audit/proof")]
    while not parts[-1]["complete"]:
        parts.append(owner.get(f"/audit/proof?after={parts[-1]['head']}"))

    assert (whole["ok"], whole["complete"], whole["fault"]) == (True, True, None)
    assert (further["ok"], further["links"]) == (True, 1)
    assert [part["links"] for part in parts[:-1]] == [2] * (len(parts) - 1)
    assert sum(part["links"] for part in parts) == whole["links"] + 1
    assert parts[-1]["head"] == further["head"]
    assert replace(owner, role="viewer").send("GET", "/audit/proof").status_code == 403
    for bad in ("1", "0:" + "a" * 64, "1:xyz"):
        assert owner.send("GET", f"/audit/proof?after={bad}").status_code == 422


@pytest.mark.usefixtures("trail")
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("update audit.log set record = replace(convert_from(record,'UTF8'),'order:1','order:9')::bytea"
         " where convert_from(record,'UTF8') like '%order.paid%'", "altered"),
        ("delete from audit.log where convert_from(record,'UTF8') like '%order.paid%'", "merchant's previous"),
    ],
)  # fmt: skip
def test_the_first_link_that_does_not_hold_is_named(
    owner: ApiClient, stranger: ApiClient, superuser: Connection, change: str, word: str
) -> None:
    entries = {entry["action"]: entry["seq"] for entry in owner.get("/audit/entries")["items"]}
    tamper(superuser, change)
    proof = owner.get("/audit/proof")

    assert (proof["ok"], word in proof["fault"]) == (False, True)
    assert proof["first_bad_seq"] == entries["order.paid" if word == "altered" else "booking.held"]
    assert stranger.get("/audit/proof")["ok"]


@pytest.mark.usefixtures("trail")
def test_an_end_that_was_cut_off_is_missed(owner: ApiClient, superuser: Connection) -> None:
    head = owner.get("/audit/proof")["head"]
    tamper(superuser, "delete from audit.log where convert_from(record,'UTF8') like '%booking.held%'")

    assert owner.get("/audit/proof")["ok"]
    assert not owner.get(f"/audit/proof?after={head}")["ok"]
