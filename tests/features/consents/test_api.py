"""`/api/v1/callers/<id>/consents`."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from callwaiting.factory import Runtime
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.errors import ConsentRevoked
from tests.api_client import ApiClient, actions
from tests.factories.payments import make_caller


@pytest.fixture
def caller(owner: ApiClient, worker: Runtime) -> UUID:
    return make_caller(worker, owner.scope)


def test_what_the_team_records_holds(owner: ApiClient, worker: Runtime, caller: UUID, admin_url: str) -> None:
    path = f"/callers/{caller}/consents"
    made = owner.post(path, {"state": "revoked", "evidence": "Said so at the counter."})
    with worker.database.unit_of_work(owner.scope) as session, pytest.raises(ConsentRevoked):
        consents.require_consent(session, caller)
    owner.post(path, {"state": "granted", "evidence": "Changed her mind."})
    with worker.database.unit_of_work(owner.scope) as session:
        consents.require_consent(session, caller)

    assert (made["state"], made["origin"], made["evidence"]) == ("revoked", "operator", "Said so at the counter.")
    assert [entry["state"] for entry in owner.get(path)["items"]] == ["granted", "revoked"]
    assert actions(admin_url)[-2:] == ["consent.revoked", "consent.granted"]


def test_the_ledger_in_pages(owner: ApiClient, worker: Runtime, caller: UUID) -> None:
    with worker.database.unit_of_work(owner.scope) as session:
        for number in range(5):
            consents.record_declaration(session, caller, "revoked", origin="sms", evidence=f"STOP {number}")
        consents.record_declaration(session, caller, "granted", origin="voice")
    found = owner.pages(f"/callers/{caller}/consents", 2)

    assert [[entry["evidence"] for entry in page] for page in found] == [
        ["", "STOP 4"],
        ["STOP 3", "STOP 2"],
        ["STOP 1", "STOP 0"],
    ]


@pytest.mark.parametrize(
    "body",
    [
        {"state": "granted"},
        {"state": "granted", "evidence": "  "},
        {"state": "asked", "evidence": "x"},
        {"state": "granted", "evidence": "x" * 501},
        {"state": "granted", "evidence": "x", "origin": "sms"},
    ],
)
def test_no_declaration_without_evidence(owner: ApiClient, caller: UUID, body: dict[str, str]) -> None:
    assert owner.send("POST", f"/callers/{caller}/consents", body).status_code == 422
    assert owner.get(f"/callers/{caller}/consents")["items"] == []


def test_the_same_key_records_once(owner: ApiClient, caller: UUID) -> None:
    for _ in range(2):
        owner.send(
            "POST", f"/callers/{caller}/consents", {"state": "revoked", "evidence": "Call."}, key="once-and-only"
        )

    assert len(owner.get(f"/callers/{caller}/consents")["items"]) == 1


def test_viewers_see_no_ledger(owner: ApiClient, caller: UUID) -> None:
    assert replace(owner, role="viewer").send("GET", f"/callers/{caller}/consents").status_code == 403
