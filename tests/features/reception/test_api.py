"""`/api/v1/reception`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.api_client import ApiClient, actions

DESK = {
    "address": "12 Mulberry Street",
    "business_line": "+12125550111",
    "transfer_to": "+12125550166",
    "transfer_when": "open",
    "voicemail": True,
    "record_calls": False,
    "language_model": False,
}
ANSWER: dict[str, object] = {"topic": "Parking", "asked": ["where can I park"], "answer": "Behind the house."}


def test_a_desk_nobody_has_changed_rings_and_records_nobody(owner: ApiClient) -> None:
    assert owner.get("/reception") == {
        "address": "",
        "business_line": None,
        "transfer_to": None,
        "transfer_when": "never",
        "voicemail": False,
        "record_calls": False,
        "language_model": False,
        "version": 1,
    }


def test_change_it_as_a_whole(owner: ApiClient, stranger: ApiClient, admin_url: str) -> None:
    changed = owner.send("PUT", "/reception", DESK, version=1)

    assert changed.get_json() == DESK | {"version": 2} == owner.get("/reception")
    assert owner.send("PUT", "/reception", DESK, version=1).status_code == 412
    assert owner.send("PUT", "/reception", DESK, version=2).get_json()["version"] == 3
    assert stranger.get("/reception")["version"] == 1
    assert replace(owner, role="agent").send("PUT", "/reception", DESK, version=3).status_code == 403
    assert actions(admin_url).count("reception.changed") == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"transfer_to": DESK["business_line"]}, "transfer_to"),
        ({"transfer_to": "+12125550107"}, "transfer_to"),
        ({"transfer_to": None}, "transfer_to"),
        ({"transfer_to": "+1212"}, "transfer_to"),
        ({"transfer_when": "sometimes"}, "transfer_when"),
        ({"address": "a\nb"}, "address"),
    ],
)
def test_what_cannot_be(owner: ApiClient, change: dict[str, object], field: str) -> None:
    owner.post("/phone-numbers", {"number": "+12125550107"})
    answer = owner.send("PUT", "/reception", DESK | change, version=1)

    assert answer.status_code == 422
    assert [item["field"] for item in answer.get_json()["fields"]] == [field]


def test_standing_answers(owner: ApiClient, stranger: ApiClient, admin_url: str) -> None:
    made = owner.post("/reception/answers", ANSWER)
    path = f"/reception/answers/{made['id']}"
    changed = owner.send("PUT", path, ANSWER | {"answer": "In the street."}, version=1)

    assert changed.get_json() == owner.get(path)
    assert (changed.get_json()["answer"], changed.get_json()["version"]) == ("In the street.", 2)
    assert [item["topic"] for item in owner.get("/reception/answers")["items"]] == ["Parking"]
    assert stranger.get("/reception/answers")["items"] == []
    assert owner.send("DELETE", path, version=1).status_code == 412
    assert owner.send("DELETE", path, version=2).status_code == 204
    assert owner.send("GET", path).status_code == 404
    assert actions(admin_url)[-1] == "reception.answer_removed"
