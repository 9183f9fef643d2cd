"""Recordings: heard through us, only where the caller agreed, and removed where they lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from callwaiting.factory import Runtime
from callwaiting.features.calls import recordings
from callwaiting.features.calls import service as calls
from callwaiting.features.outbox import drain
from callwaiting.providers.registry import Providers, build_providers
from callwaiting.sandbox import calls as phone_calls
from callwaiting.sandbox import twilio_resources
from callwaiting.sandbox.app import sandbox_of
from callwaiting.sandbox.config import Config
from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.server import SandboxServer
from tasks.effects import PERFORMERS
from tests.api_client import ApiClient, actions
from tests.factories.phone_numbers import NUMBER
from tests.factories.stored_events import rows
from tests.factories.telephone import CALLER
from tests.factories.webhooks import TWILIO_ACCOUNT, TWILIO_TOKEN
from tests.features.calls.conftest import Pizzeria
from tests.features.calls.test_transfer import set_desk


@dataclass
class Line:
    """A pizzeria whose calls go through the stand-in, which keeps what is recorded."""

    pizzeria: Pizzeria
    sandbox: Sandbox
    providers: Providers
    owner: ApiClient
    admin_url: str

    def call(self, *turns: dict[str, Any], hang_up: bool = True) -> tuple[str, str]:
        """A call from its beginning to its end; our id of it and Twilio's."""
        face = phone_calls.start_call(self.sandbox, CALLER, NUMBER, "")
        sid = str(face["call_sid"])
        for said in turns:
            face = phone_calls.take_turn(self.sandbox, sid, said)
            assert not face["error"], face
        if hang_up:
            if not face["ended"]:
                phone_calls.hang_up(self.sandbox, sid)
            with self.pizzeria.worker.database.unit_of_work(self.pizzeria.scope) as session:
                calls.apply_status(session, sid, "completed", 1, None)
        return self.owner.get("/calls")["items"][0]["id"], sid

    def kept(self) -> list[Any]:
        return [row for row in self.sandbox.store.rows("recordings") if not row.get("removed")]

    def work(self) -> None:
        rows(self.admin_url, "update app.outbox set next_at = now() where state in ('planned', 'retry')")
        drain.drain(self.pizzeria.worker.database, self.providers, {recordings.EFFECT: PERFORMERS[recordings.EFFECT]})

    def smuggle(self, sid: str, source: str) -> None:
        """Something else that the telephone company keeps of the call."""
        recording = {"sid": "RE" + "e" * 32, "account_sid": TWILIO_ACCOUNT, "call_sid": sid, "created": 0.0}
        self.sandbox.store.put("recordings", "RE" + "e" * 32, {**recording, "duration": 3, "url": "", "source": source})


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    made = SandboxServer(Config(), 0)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def line(pizzeria: Pizzeria, worker: Runtime, admin_url: str, server: SandboxServer) -> Iterator[Line]:
    app, sandbox, url = pizzeria.app, sandbox_of(server.app), pizzeria.source.public_url
    account = {
        "account_sid": TWILIO_ACCOUNT,
        "auth_token": TWILIO_TOKEN,
        "numbers": {NUMBER: {"voice_url": f"{url}/voice"}},
    }
    sandbox.configure({"twilio": account, "public_base_url": server.url})
    settings = worker.settings.model_copy(
        update={
            "twilio_api_base": f"{server.url}/twilio",
            "twilio_account_sid": TWILIO_ACCOUNT,
            "twilio_auth_token": type(worker.settings.twilio_auth_token)(TWILIO_TOKEN),
        }
    )
    providers, usual, client = build_providers(settings), app.extensions["providers"], sandbox.client
    app.extensions["providers"] = providers
    try:
        with httpx.Client(transport=httpx.WSGITransport(app=app)) as sandbox.client:
            yield Line(pizzeria, sandbox, providers, ApiClient(app, pizzeria.scope), admin_url)
    finally:
        app.extensions["providers"], sandbox.client = usual, client
        sandbox.behaviours.replace({})
        sandbox.store.clear()


YES, NO = {"speech": "yes"}, {"speech": "no"}
AFTER_THE_TONE = ({"digits": "3"}, {"digits": "1"}, {"seconds": 2})


def test_a_call_whose_caller_agreed(line: Line, stranger: ApiClient) -> None:
    set_desk(line.pizzeria, record_calls=True)
    call_id, _ = line.call(YES)
    answer = line.owner.send("GET", f"/calls/{call_id}/recording")

    assert (answer.status_code, answer.content_type) == (200, "audio/x-wav")
    assert answer.get_data() == twilio_resources.sound(line.kept()[0])
    assert answer.headers["Cache-Control"] == "no-store"
    assert "twilio" not in str(answer.headers).lower()
    assert actions(line.admin_url).count("call.recording_heard") == 1
    assert replace(line.owner, role="viewer").send("GET", f"/calls/{call_id}/recording").status_code == 403
    assert stranger.send("GET", f"/calls/{call_id}/recording").status_code == 404
    assert actions(line.admin_url).count("call.recording_heard") == 1


def test_a_call_whose_caller_did_not(line: Line) -> None:
    """Even if the telephone company has one, for whatever reason."""
    set_desk(line.pizzeria, record_calls=True)
    call_id, sid = line.call(NO)
    assert line.kept() == []
    line.smuggle(sid, "StartCallRecordingTwiML")

    assert line.owner.send("GET", f"/calls/{call_id}/recording").status_code == 404
    assert line.owner.send("DELETE", f"/calls/{call_id}/recording").status_code == 404


def test_a_message_after_the_tone(line: Line) -> None:
    """And nothing else of its call."""
    set_desk(line.pizzeria, voicemail=True)
    call_id, sid = line.call(*AFTER_THE_TONE)
    (message,) = line.kept()
    line.smuggle(sid, "StartCallRecordingTwiML")
    assert line.owner.send("GET", f"/calls/{call_id}/recording").get_data() == twilio_resources.sound(message)

    line.sandbox.store.put("recordings", message["sid"], {**message, "removed": True})
    line.smuggle(sid, "RecordVerb")
    assert line.owner.send("GET", f"/calls/{call_id}/recording").status_code == 404


def test_removed_at_once_here_and_soon_there(line: Line) -> None:
    set_desk(line.pizzeria, record_calls=True, voicemail=True)
    call_id, _ = line.call(YES, *AFTER_THE_TONE)
    assert len(line.kept()) == 2
    path = f"/calls/{call_id}/recording"
    assert [line.owner.send("DELETE", path).status_code for _ in range(2)] == [204, 204]
    gone = line.owner.send("GET", path)
    assert (gone.status_code, gone.get_json()["message"]) == (404, "The recording of this call has been removed.")
    assert len(line.kept()) == 2

    line.sandbox.behaviours.replace({"api": {"twilio": {"fail_times": 3}}})  # of three attempts within one
    line.work()
    assert len(line.kept()) == 2
    line.work()
    assert line.kept() == []
    assert [name for name in actions(line.admin_url) if name.startswith("call.recording_")][-2:] == [
        "call.recording_removed",
        "call.recording_gone",
    ]
    assert len(rows(line.admin_url, "select id from app.outbox where kind = %s", recordings.EFFECT)) == 1


def test_a_call_that_goes_on_keeps_its_recording(line: Line) -> None:
    set_desk(line.pizzeria, record_calls=True)
    call_id, _ = line.call(YES, hang_up=False)

    assert line.owner.send("DELETE", f"/calls/{call_id}/recording").status_code == 409
    assert line.owner.send("GET", f"/calls/{call_id}/recording").status_code == 404  # it is still made


def test_the_company_does_not_answer(line: Line) -> None:
    set_desk(line.pizzeria, record_calls=True)
    call_id, _ = line.call(YES)
    line.sandbox.behaviours.replace({"api": {"twilio": {"fail_times": 1}}})

    assert line.owner.send("GET", f"/calls/{call_id}/recording").status_code == 503
    assert "call.recording_heard" not in actions(line.admin_url)


def test_where_nothing_is_recorded_nobody_is_asked(line: Line) -> None:
    call_id, _ = line.call({"digits": "1"})
    line.sandbox.behaviours.replace({"api": {"twilio": {"fail_times": 1}}})

    assert line.owner.send("GET", f"/calls/{call_id}/recording").status_code == 404
