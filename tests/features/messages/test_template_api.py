"""`/api/v1/message-templates` and `/api/v1/message-settings`."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.messages import service
from callwaiting.features.messages.models import Message
from callwaiting.features.messages.templates import TEMPLATES
from tests.api_client import ApiClient, actions
from tests.factories.payments import make_caller, make_line

MISSED = "/message-templates/missed_call"
OWN = "{business} here – we will ring you back. Reply STOP to opt out."


def put(client: ApiClient, path: str, version: int, body: object) -> tuple[int, dict[str, object]]:
    answer = client.send("PUT", path, body, version=version)
    return answer.status_code, answer.get_json()


def sent(worker: Runtime, scope: MerchantScope, key: str) -> tuple[str, int]:
    caller, line = make_caller(worker, scope), make_line(worker, scope, f"+1500555{key:0>4}")
    with worker.database.unit_of_work(scope) as session:
        message_id = service.plan_text(
            session, "missed_call", {}, caller_id=caller, phone_number_id=line, message_key=key
        )
        row = session.scalars(select(Message).where(Message.id == message_id)).one()
        return row.encoding, row.template_version


def test_a_wording_of_ones_own_holds_until_it_is_taken_back(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    built_in = owner.get(MISSED)
    assert (built_in["own"], built_in["version"], built_in["mandatory"]) == (False, 1, ["business"])
    assert sent(worker, owner.scope, "1") == ("gsm7", 1)

    status, changed = put(owner, MISSED, 1, {"body": OWN})
    assert (status, changed["own"], changed["version"], changed["body"]) == (200, True, 2, OWN)
    assert sent(worker, owner.scope, "2") == ("gsm7", 2)
    assert put(owner, MISSED, 1, {"body": OWN})[0] == 412
    assert put(owner, MISSED, 2, {"body": None})[1]["own"] is False
    assert [former["body"] for former in owner.get(f"{MISSED}/versions")["items"]] == [None, OWN]
    assert actions(admin_url).count("template.changed") == 2
    assert len(owner.get("/message-templates")["items"]) == len(TEMPLATES)


def test_a_wording_without_what_it_needs_is_refused_with_each_reason(owner: ApiClient) -> None:
    body = "{company} rings back. {business.__class__}"
    status, answer = put(owner, MISSED, 1, {"body": body})
    assert status == 422
    preview = owner.post(f"{MISSED}/preview", {"body": body}, status=200)
    assert [fault["message"] for fault in answer["fields"]] == preview["faults"]  # type: ignore[attr-defined]  # JSON
    assert len(preview["faults"]) == 4
    assert owner.get(MISSED)["version"] == 1


def test_a_preview_shows_the_text_and_what_it_costs(owner: ApiClient) -> None:
    shown = owner.post(f"{MISSED}/preview", {"body": OWN}, status=200)
    assert shown == {
        "text": "Luigi's Pizza here - we will ring you back. Reply STOP to opt out.",
        "encoding": "gsm7",
        "segments": 1,
        "faults": [],
    }
    assert owner.post(f"{MISSED}/preview", {"body": "東" + OWN}, status=200)["encoding"] == "ucs2"


def test_one_merchants_wording_is_not_anothers(owner: ApiClient, stranger: ApiClient) -> None:
    put(owner, MISSED, 1, {"body": OWN})
    assert stranger.get(MISSED)["own"] is False
    assert stranger.get(f"{MISSED}/versions")["items"] == []


@pytest.mark.parametrize("path", ["/message-templates/nothing", "/message-templates/__class__"])
def test_an_unknown_template_is_not_there(owner: ApiClient, path: str) -> None:
    assert owner.send("GET", path).status_code == 404
    assert put(owner, path, 1, {"body": OWN})[0] == 404


def test_settings_are_changed_by_managers(owner: ApiClient) -> None:
    assert owner.get("/message-settings") == {
        "keywords_confirmed_by": "callwaiting", "assistant_answers": True, "version": 1,
    }  # fmt: skip
    agent = replace(owner, role="agent")
    assert put(agent, "/message-settings", 1, {"keywords_confirmed_by": "twilio"})[0] == 403
    assert put(agent, MISSED, 1, {"body": OWN})[0] == 403
    assert put(owner, "/message-settings", 1, {"keywords_confirmed_by": "twilio"})[1]["version"] == 2
    assert put(owner, "/message-settings", 1, {"keywords_confirmed_by": "twilio"})[0] == 412
