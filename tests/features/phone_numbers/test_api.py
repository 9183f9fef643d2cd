"""`/api/v1/phone-numbers`."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.api_client import ApiClient, actions, statements

NUMBER = "+12125550101"


def test_add_list_and_relabel(owner: ApiClient, stranger: ApiClient, admin_url: str) -> None:
    made = owner.post("/phone-numbers", {"number": NUMBER, "label": " Main line "})
    path = f"/phone-numbers/{made['id']}"
    renamed = owner.send("PUT", path, {"label": "Kitchen"}, version=1)

    assert (made["number"], made["label"], made["version"]) == (NUMBER, "Main line", 1)
    assert renamed.get_json() == made | {"label": "Kitchen", "version": 2} == owner.get(path)
    assert owner.get("/phone-numbers") == {"items": [renamed.get_json()], "next": None}
    assert stranger.get("/phone-numbers")["items"] == []
    assert owner.send("PUT", path, {"label": "Late"}, version=1).status_code == 412
    assert actions(admin_url)[-2:] == ["phone_number.added", "phone_number.relabelled"]


@pytest.mark.parametrize("number", ["12125550101", "+1212", "tel:+12125550101", "+1212555010100000", ""])
def test_what_cannot_be_dialled(owner: ApiClient, number: str) -> None:
    answer = owner.send("POST", "/phone-numbers", {"number": number})

    assert answer.status_code == 422
    assert answer.get_json()["fields"][0]["field"] == "number"


def test_a_number_leads_to_one_merchant(owner: ApiClient, stranger: ApiClient) -> None:
    stranger.post("/phone-numbers", {"number": NUMBER})
    taken = owner.send("POST", "/phone-numbers", {"number": NUMBER})

    assert (taken.status_code, taken.get_json()["code"]) == (409, "CONFLICT")
    assert "Mario" not in taken.get_data(as_text=True)
    assert owner.get("/phone-numbers")["items"] == []


def test_the_same_key_adds_once(owner: ApiClient) -> None:
    first, second = (owner.send("POST", "/phone-numbers", {"number": NUMBER}, key="the-same-key") for _ in range(2))

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert second.headers["Idempotent-Replayed"] == "true"


def test_pages_by_one_statement(owner: ApiClient) -> None:
    numbers = [f"+1212555010{digit}" for digit in range(5)]
    for number in numbers:
        owner.post("/phone-numbers", {"number": number})
    found = owner.pages("/phone-numbers", 2)
    with statements(owner.app) as few:
        owner.get("/phone-numbers?limit=1")
    with statements(owner.app) as many:
        owner.get("/phone-numbers?limit=5")

    assert [[item["number"] for item in page] for page in found] == [numbers[:2], numbers[2:4], numbers[4:]]
    assert len(many) == len(few) <= 2


def test_agents_read_and_managers_write(owner: ApiClient) -> None:
    agent = replace(owner, role="agent")

    assert agent.get("/phone-numbers")["items"] == []
    assert agent.send("POST", "/phone-numbers", {"number": NUMBER}).status_code == 403
