"""Putting a caller through: only a key at the other end connects, nobody is rung in a circle, and nothing is lost."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from callwaiting.features.calls import service as calls
from callwaiting.features.reception import service as reception
from callwaiting.features.reception.service import Desk
from tests.api_client import ApiClient
from tests.factories.merchants import create_merchant
from tests.factories.telephone import CALLER, Telephone
from tests.factories.webhooks import make_source
from tests.features.calls.conftest import Pizzeria

OWNER = "+14155550166"
LINE = "+14155550111"


def set_desk(pizzeria: Pizzeria, **changes: object) -> Desk:
    values = {
        "address": "",
        "business_line": LINE,
        "transfer_to": OWNER,
        "transfer_when": "always",
        "voicemail": False,
        "record_calls": False,
        "language_model": False,
    }
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        return reception.change(session, reception.desk(session).version, **(values | changes))  # type: ignore[arg-type]  # each by its name


def ask_for_a_person(phone: Telephone) -> ElementTree.Element:
    phone.dial()
    phone.speak("two margheritas and a cola")
    phone.document = phone.fetch(phone.below(), SpeechResult="can I talk to somebody")
    dial = ElementTree.fromstring(phone.document).find("Dial")
    assert dial is not None
    phone.action = dial.attrib["action"]
    return dial


def whispered(phone: Telephone, dial: ElementTree.Element, digits: str | None) -> ElementTree.Element:
    """What the other end hears, and what follows the key."""
    number = dial.find("Number")
    assert number is not None
    below = number.attrib["url"].removeprefix(phone.source.public_url)
    heard = ElementTree.fromstring(phone.fetch(below, CallSid="CA" + "9" * 32, To=OWNER, ParentCallSid=phone.call_sid))
    if digits is None:
        return heard
    gather = heard.find("Gather")
    assert gather is not None
    below = gather.attrib["action"].removeprefix(phone.source.public_url)
    return ElementTree.fromstring(phone.fetch(below, CallSid="CA" + "9" * 32, To=OWNER, Digits=digits))


def test_whoever_presses_one_takes_the_call(pizzeria: Pizzeria, phone: Telephone) -> None:
    set_desk(pizzeria)
    dial = ask_for_a_person(phone)
    assert (dial.attrib["answerOnBridge"], [number.text for number in dial]) == ("true", [OWNER])
    asked = " ".join(say.text or "" for say in whispered(phone, dial, None).iter("Say"))
    assert asked == "A caller of Luigi's Pizza wants to speak to you. Press 1 to take this call."
    assert list(whispered(phone, dial, "1")) == []
    assert phone.post(phone.below(), DialCallStatus="completed", DialBridged="true") == "Goodbye."
    assert [call.outcome for call in pizzeria.calls()] == ["transfer"]
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        calls.apply_status(session, phone.call_sid, "completed", 1, None)
    assert pizzeria.texts() == []


@pytest.mark.parametrize("digits", [None, "2"])
def test_a_mailbox_takes_no_call(pizzeria: Pizzeria, phone: Telephone, digits: str | None) -> None:
    set_desk(pizzeria)
    dial = ask_for_a_person(phone)
    assert whispered(phone, dial, digits).findall("Hangup")
    heard = phone.post(phone.below(), DialCallStatus="completed", DialBridged="true")
    assert "nobody could take your call" in heard
    assert "Anything else?" in heard
    assert "The total is $30.31." in phone.speak("that's all")
    assert "Dial" not in phone.fetch(phone.below(), SpeechResult="a person please").decode()


@pytest.mark.parametrize("status", ["no-answer", "completed", ""])
def test_accepted_but_never_bridged_is_not_connected(pizzeria: Pizzeria, phone: Telephone, status: str) -> None:
    set_desk(pizzeria)
    whispered(phone, ask_for_a_person(phone), "1")
    assert "nobody could take your call" in phone.post(phone.below(), DialCallStatus=status, DialBridged="false")


@pytest.mark.parametrize(
    ("who", "forwarded"), [(OWNER, LINE), (CALLER, OWNER)], ids=["the owner's own call", "forwarded by the owner"]
)
def test_a_number_of_this_very_call_is_never_rung(pizzeria: Pizzeria, who: str, forwarded: str) -> None:
    set_desk(pizzeria)
    phone = pizzeria.phone(caller=who, extra={"ForwardedFrom": forwarded})
    phone.dial()
    assert "I have told the team" in phone.speak("I want to speak to a human")


def test_ringing_that_comes_back_to_us_is_not_answered(pizzeria: Pizzeria, phone: Telephone) -> None:
    set_desk(pizzeria)
    ask_for_a_person(phone)
    looped = pizzeria.phone()
    answer = ElementTree.fromstring(looped.fetch("/voice"))
    reject = answer.find("Reject")
    assert reject is not None
    assert reject.attrib["reason"] == "busy"
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        calls.apply_status(session, looped.call_sid, "busy", 1, None)
    assert pizzeria.texts() == []


def test_during_opening_hours_only(pizzeria: Pizzeria) -> None:
    set_desk(pizzeria, transfer_when="open")
    phone = pizzeria.phone()
    phone.dial()
    assert "I have told the team" in phone.speak("a person please")  # there are no hours
    night_and_day = [{"weekday": day, "opens": "00:00", "closes": "00:00"} for day in range(1, 8)]
    owner = ApiClient(pizzeria.app, pizzeria.scope)
    assert owner.send("PUT", "/merchant/hours", {"periods": night_and_day}, version=1).status_code == 200
    assert ask_for_a_person(pizzeria.phone()).attrib["timeout"] == "20"


def test_a_desk_that_changes_meanwhile_rings_nobody(pizzeria: Pizzeria, phone: Telephone) -> None:
    set_desk(pizzeria)
    phone.dial()
    set_desk(pizzeria, transfer_to=None, transfer_when="never")
    assert "nobody could take your call" in phone.speak("a person please")


def test_a_stranger_connects_nothing(pizzeria: Pizzeria, phone: Telephone) -> None:
    set_desk(pizzeria)
    dial = ask_for_a_person(phone)
    other = make_source(pizzeria.worker, "twilio", scope=create_merchant(pizzeria.worker, "Mario's"))
    foreign = Telephone(pizzeria.app.test_client(), other)
    number = dial.find("Number")
    assert number is not None
    below = number.attrib["url"].removeprefix(phone.source.public_url).replace("/whisper?", "/whisper/taken?")
    assert ElementTree.fromstring(foreign.fetch(below, Digits="1")).findall("Hangup")
    assert "nobody could" in phone.post(phone.below(), DialCallStatus="completed", DialBridged="true")
    for broken in ("/voice/whisper", "/voice/whisper?m=x&c=y", below.partition("&c=")[0] + "&c=" + "0" * 32):
        assert ElementTree.fromstring(phone.fetch(broken, Digits="1")).findall("Hangup")
