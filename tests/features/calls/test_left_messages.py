"""Messages that callers leave, and what they say to a recording, through the real routes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from callwaiting.features.alerts.models import Alert
from callwaiting.features.calls import service as calls
from tests.api_client import ApiClient
from tests.factories.stored_events import rows
from tests.factories.telephone import CALLER, Telephone
from tests.features.calls.conftest import Pizzeria
from tests.features.calls.test_transfer import set_desk

SAID = "please tell Maria that I am running ten minutes late"


@pytest.fixture
def owner(pizzeria: Pizzeria) -> ApiClient:
    return ApiClient(pizzeria.app, pizzeria.scope)


def test_a_message_in_words(pizzeria: Pizzeria, owner: ApiClient, phone: Telephone, admin_url: str) -> None:
    phone.dial()
    phone.speak("can I leave a message")
    phone.speak("I cannot come today")
    phone.press("2")
    assert SAID in phone.speak(SAID)
    assert owner.get("/left-messages?state=left")["items"] == []
    assert "I have passed it on" in phone.speak("yes please")
    (left,) = owner.get("/left-messages?state=left")["items"]
    assert (left["text"], left["recording_sid"], left["caller_number"]) == (SAID, None, CALLER)
    assert owner.get(f"/left-messages/{left['id']}") == left
    assert "Maria" not in str(rows(admin_url, "select encode(body_sealed, 'escape') from app.left_messages"))
    assert alerts(pizzeria) == [("calls.message_left", "open")]
    done = owner.send("POST", f"/left-messages/{left['id']}/settle", version=1)
    assert done.get_json() == left | {"state": "done", "version": 2}
    assert alerts(pizzeria) == [("calls.message_left", "resolved")]
    assert owner.send("POST", f"/left-messages/{left['id']}/settle", version=1).status_code == 412
    assert replace(owner, role="viewer").send("GET", "/left-messages").status_code == 403


def test_hanging_up_before_the_yes_keeps_the_draft(pizzeria: Pizzeria, owner: ApiClient, phone: Telephone) -> None:
    phone.dial()
    phone.press("3")
    phone.speak(SAID)
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        calls.apply_status(session, phone.call_sid, "completed", 1, None)
    assert [(item["state"], item["text"]) for item in owner.get("/left-messages")["items"]] == [("draft", SAID)]
    assert [kind for kind, _, _ in pizzeria.texts()] == ["call_unfinished"]


def test_a_recording_is_kept_once(pizzeria: Pizzeria, owner: ApiClient, phone: Telephone) -> None:
    set_desk(pizzeria, voicemail=True)
    phone.dial()
    phone.press("3")
    phone.document = phone.fetch(phone.below(), Digits="1")
    assert b"<Record " in phone.document
    assert b"<Redirect " in phone.document
    phone.action = phone.document.decode().partition('action="')[2].partition('"')[0].replace("&amp;", "&")
    below = phone.below()
    heard = {"RecordingSid": "RE" + "1" * 32, "RecordingDuration": "14", "Digits": "hangup"}
    assert phone.fetch(below, **heard) == phone.fetch(below, **heard)
    (left,) = owner.get("/left-messages")["items"]
    assert (left["text"], left["recording_sid"], left["seconds"]) == (None, "RE" + "1" * 32, 14)
    assert [call.outcome for call in pizzeria.calls()] == ["message"]


@pytest.mark.parametrize(("answer", "kept"), [("yes", "granted"), ("no", "refused"), ("", "refused")])
def test_a_call_is_recorded_only_after_a_yes(pizzeria: Pizzeria, phone: Telephone, answer: str, kept: str) -> None:
    set_desk(pizzeria, record_calls=True)
    heard = phone.dial()
    assert heard.startswith("Hello, this is the automated assistant of Luigi's Pizza. May we record this call")
    assert b"<Start>" not in phone.document
    phone.speak(answer)
    assert (b"<Start><Recording /></Start>" in phone.document) is (kept == "granted")
    (call,) = pizzeria.calls()
    assert (call.recording_answer, call.recording_wording) == (kept, 1)
    assert call.recording_answered_at is not None


def test_without_being_told_to_nothing_is_recorded(pizzeria: Pizzeria, phone: Telephone) -> None:
    assert "record" not in phone.dial()
    assert pizzeria.calls()[0].recording_answer is None


def test_card_numbers_are_not_kept(pizzeria: Pizzeria, owner: ApiClient, phone: Telephone) -> None:
    phone.dial()
    phone.press("3")
    heard = phone.speak("charge it to 4242 4242 4242 4242 please")
    assert heard.startswith("Please never tell me the number of a card.")
    (call,) = owner.get("/calls")["items"]
    turns = owner.get(f"/calls/{call['id']}/turns")["items"]
    assert "4242 4242" not in str(turns)
    assert owner.get("/left-messages")["items"][0]["text"] == "charge it to [card number] please"


def test_an_emergency_is_told_at_once(pizzeria: Pizzeria, phone: Telephone) -> None:
    phone.dial()
    assert "hang up and dial 9 1 1 now" in phone.speak("help, there's a fire")
    assert alerts(pizzeria) == [("calls.emergency", "open")]


def alerts(pizzeria: Pizzeria) -> list[tuple[str, str]]:
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        return [(row.rule, row.state) for row in session.scalars(select(Alert))]
