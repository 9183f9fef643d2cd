"""The evidence about one person, by route and by command."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock
from uuid import UUID

from click.testing import CliRunner

from callwaiting.cli import group
from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.audit import chain
from callwaiting.features.messages import incoming, service
from callwaiting.features.messages.incoming import IncomingText
from tests.api_client import ApiClient
from tests.factories.payments import CALLER_NUMBER, make_caller, make_line


def a_story(worker: Runtime, owner: ApiClient) -> UUID:
    """A person agrees at the desk, is texted, and stops it by a text of their own; somebody else just stops."""
    line, caller = make_line(worker, owner.scope), make_caller(worker, owner.scope)
    agreed = {"state": "granted", "evidence": "Ticked on the form of 4 May.", "origin": "web", "wording": "Texts? [ ]"}
    owner.post(f"/callers/{caller}/consents", agreed)
    with worker.database.unit_of_work(owner.scope) as session:
        service.plan_text(session, "receipt", {"amount": "$5.00", "order": "7", "link": "x"}, caller_id=caller,
                          phone_number_id=line, message_key="r:1")  # fmt: skip
        incoming.receive(session, line, IncomingText("SM" + "1" * 32, CALLER_NUMBER, "no more texts please"))
        incoming.receive(session, line, IncomingText("SM" + "2" * 32, "+14155550166", "STOP"))
    with worker.database.unit_of_work(SystemScope("chain"), DatabaseRole.AUDIT) as session:
        chain.chain_batch(session)
    return caller


def check(found: dict[str, Any], caller: UUID) -> None:
    said = [(entry["state"], entry["origin"], entry["evidence"], entry["wording"]) for entry in found["declarations"]]
    assert said == [
        ("granted", "web", "Ticked on the form of 4 May.", "Texts? [ ]"),
        ("revoked", "sms", "no more texts please", ""),
    ]
    assert (found["number"], found["may_be_texted"]) == (CALLER_NUMBER, False)
    assert [text["kind"] for text in found["texts"]] == ["receipt", "incoming"]
    assert found["declarations"][1]["source"] == f"message:{found['texts'][1]['id']}"
    records = [json.loads(link["record"]) for link in found["audit"]]
    assert {record["action"] for record in records} >= {"consent.granted", "consent.revoked", "message.received"}
    own = {f"caller:{caller}", *(f"message:{text['id']}" for text in found["texts"])}
    assert {record["subject"] for record in records} <= own
    for link in found["audit"]:  # as the description of the file says, by whoever gets it
        hashed = bytes.fromhex(link["prev_hash"]) + link["seq"].to_bytes(8, "big")
        hashed += UUID(found["merchant_id"]).bytes + link["record"].encode()
        assert (hashlib.sha256(hashed).hexdigest(), link["holds"]) == (link["hash"], True)


def test_the_file_about_a_person_proves_itself(
    owner: ApiClient, stranger: ApiClient, worker: Runtime, environment: dict[str, str], tmp_path: Path
) -> None:
    caller = a_story(worker, owner)
    check(owner.get(f"/callers/{caller}/consents/evidence"), caller)
    assert stranger.send("GET", f"/callers/{caller}/consents/evidence").status_code == 404
    assert replace(owner, role="agent").send("GET", f"/callers/{caller}/consents/evidence").status_code == 403

    file = tmp_path / "evidence.json"
    words = ["consents", "evidence", "--merchant", str(owner.scope.merchant_id), "--phone"]
    with mock.patch.dict(os.environ, environment):
        made = CliRunner().invoke(group, [*words, CALLER_NUMBER, "--output", str(file)])
        unknown = CliRunner().invoke(group, [*words, "+14155550199"])
        nonsense = CliRunner().invoke(group, [*words, "nobody"])
    assert (made.exit_code, made.stdout) == (0, "")
    check(json.loads(file.read_text()), caller)
    assert [(answer.exit_code, "Traceback" in answer.output) for answer in (unknown, nonsense)] == [(1, False)] * 2
