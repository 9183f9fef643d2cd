"""`/api/v1/reconciliation`."""

from __future__ import annotations

from callwaiting.factory import Runtime
from callwaiting.features.reconciliation import findings
from callwaiting.features.reconciliation.findings import Difference
from tests.api_client import ApiClient

FOUND = [
    Difference("payment", "pi_1", "missing_here", theirs="$5.00", payment_id="pi_1"),
    Difference("payment", "pi_2", "amount_differs", "$5.00", "$4.00", "pi_2"),
    Difference("refund", "re_1", "missing_there", ours="$1.00", payment_id="pi_2"),
]


def note(worker: Runtime, client: ApiClient, found: list[Difference], checked: set[tuple[str, str]]) -> int:
    with worker.database.unit_of_work(client.scope) as session:
        return findings.note(session, "stripe", found, checked)


def test_newest_first_in_pages_by_state_and_provider(owner: ApiClient, stranger: ApiClient, worker: Runtime) -> None:
    assert note(worker, owner, FOUND, set()) == 3
    assert note(worker, owner, FOUND[:1], {("payment", "pi_2")}) == 0
    pages = owner.pages("/reconciliation", 2)

    assert [[item["object_id"] for item in page] for page in pages] == [["re_1", "pi_2"], ["pi_1"]]
    assert [item["object_id"] for item in owner.get("/reconciliation?state=resolved")["items"]] == ["pi_2"]
    assert owner.get("/reconciliation?provider=paypal")["items"] == []
    assert stranger.get("/reconciliation")["items"] == []
    shown = pages[1][0]
    assert (shown["kind"], shown["theirs"], shown["repaired"]) == ("missing_here", "$5.00", False)
    assert "checkout_id" not in shown
    assert owner.send("GET", "/reconciliation?state=closed").status_code == 422
    assert [alert["state"] for alert in owner.get("/alerts")["items"]] == ["open", "resolved", "open"]


def test_what_was_resolved_may_be_found_anew(owner: ApiClient, worker: Runtime) -> None:
    for _ in range(2):
        assert note(worker, owner, FOUND[:1], set()) == 1
        assert note(worker, owner, [], {("payment", "pi_1")}) == 0
    assert [item["state"] for item in owner.get("/reconciliation")["items"]] == ["resolved", "resolved"]


def test_what_was_not_looked_at_stays_open(owner: ApiClient, worker: Runtime) -> None:
    note(worker, owner, FOUND, set())
    note(worker, owner, [], {("payment", "pi_other")})
    assert {item["state"] for item in owner.get("/reconciliation")["items"]} == {"open"}
