"""Acts as TwiML (twilio.com/docs/voice/twiml). ElementTree escapes every text; what XML forbids is dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from callwaiting.features.calls.acts import Act, Ask, PutThrough, Quote, RecordCall, Say, TakeMessage

LANGUAGE = "en-US"
MAX_SAY = 4000  # Twilio speaks 4,096 characters at most
MAX_HINTS = 900
MAX_MESSAGE_S = 120
RING_S = 20  # four rings: a mailbox of the other side comes later
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


@dataclass(frozen=True, slots=True)
class Links:
    """Where the caller's next answer goes; and, to put a caller through, whom to ring (E.164) and the document that
    asks there whether the call is taken."""

    action: str
    ring: str | None = None
    whisper: str | None = None


def render(acts: Sequence[Act], links: Links) -> bytes:
    """One document. A question becomes a Gather that hears keys and speech, with all that is said nested in it so
    that the caller can interrupt; silence is sent on too. Without anything to wait for the call ends."""
    response = ElementTree.Element("Response")
    if any(isinstance(act, RecordCall) for act in acts):
        ElementTree.SubElement(ElementTree.SubElement(response, "Start"), "Recording")
    question = next((act for act in acts if isinstance(act, Ask)), None)
    parent = response if question is None else _gather(response, question, links.action)
    waits = question is not None
    for act in acts:
        match act:
            case Say(text, language):
                _say(parent, text, language)
            case Ask(text) | Quote(text):
                _say(parent, text)
            case TakeMessage(text):
                _say(parent, text)
                _record(response, links.action)
                waits = True
            case PutThrough(text):
                _say(parent, text)
                _dial(response, links)
                waits = True
    if not waits:
        ElementTree.SubElement(response, "Hangup")
    return _document(response)


def whisper(text: str, taken: str) -> bytes:
    """Ask whoever was rung; without a key nobody is connected, so no machine can take the call."""
    response = ElementTree.Element("Response")
    attributes = {"input": "dtmf", "numDigits": "1", "timeout": "8", "action": taken, "method": "POST"}
    _say(ElementTree.SubElement(response, "Gather", attributes), text)
    ElementTree.SubElement(response, "Hangup")
    return _document(response)


def connect() -> bytes:
    """The end of the whisper: both are connected."""
    return _document(ElementTree.Element("Response"))


def hang_up() -> bytes:
    """End this leg."""
    response = ElementTree.Element("Response")
    ElementTree.SubElement(response, "Hangup")
    return _document(response)


def busy() -> bytes:
    """Do not answer at all."""
    response = ElementTree.Element("Response")
    ElementTree.SubElement(response, "Reject", reason="busy")
    return _document(response)


def redirect(url: str) -> bytes:
    """Go on with the document at `url`."""
    response = ElementTree.Element("Response")
    ElementTree.SubElement(response, "Redirect", method="POST").text = url
    return _document(response)


def farewell(text: str) -> bytes:
    """Say something and hang up; needs nothing but its text."""
    response = ElementTree.Element("Response")
    _say(response, text)
    ElementTree.SubElement(response, "Hangup")
    return _document(response)


def spoken(document: bytes) -> str:
    """What the caller hears of one of our own documents."""
    root = ElementTree.fromstring(document)  # noqa: S314 - ours, and opened from its seal
    return " ".join(say.text or "" for say in root.iter("Say"))


def _gather(response: ElementTree.Element, question: Ask, action: str) -> ElementTree.Element:
    attributes = {
        "input": "dtmf speech",
        "action": action,
        "method": "POST",
        "actionOnEmptyResult": "true",
        "bargeIn": "true",
        "language": LANGUAGE,
        # `auto` is refused by some speech models (Twilio's errors 13327 and 13338), so a number of seconds.
        "speechTimeout": "1" if question.keys == "one" else "2",
        "timeout": "5",
    }
    if question.keys == "one":
        attributes["numDigits"] = "1"
    if question.hints:
        attributes["hints"] = _hints(question.hints)
    return ElementTree.SubElement(response, "Gather", attributes)


def _record(response: ElementTree.Element, action: str) -> None:
    """Without a sound Twilio does not ask the action but goes on, to the same place."""
    attributes = {
        "action": action,
        "method": "POST",
        "maxLength": str(MAX_MESSAGE_S),
        "timeout": "5",
        "finishOnKey": "#",
        "playBeep": "true",
    }
    ElementTree.SubElement(response, "Record", attributes)
    ElementTree.SubElement(response, "Redirect", method="POST").text = action


def _dial(response: ElementTree.Element, links: Links) -> None:
    """The caller hears the ringing until somebody has taken the call (answerOnBridge)."""
    attributes = {"action": links.action, "method": "POST", "timeout": str(RING_S), "answerOnBridge": "true"}
    dial = ElementTree.SubElement(response, "Dial", attributes)
    ElementTree.SubElement(dial, "Number", url=links.whisper or "", method="POST").text = links.ring


def _hints(words: Sequence[str]) -> str:
    """A comma-separated list, cut between two words before it grows too long."""
    kept, length = [], 0
    for word in words:
        plain = NOT_XML.sub("", word).replace(",", " ")
        length += len(plain) + 1
        if length > MAX_HINTS:
            break
        kept.append(plain)
    return ",".join(kept)


def _say(parent: ElementTree.Element, text: str, language: str = "") -> None:
    ElementTree.SubElement(parent, "Say", language=language or LANGUAGE).text = NOT_XML.sub("", text)[:MAX_SAY]


def _document(response: ElementTree.Element) -> bytes:
    body: bytes = ElementTree.tostring(response, encoding="utf-8")
    return DECLARATION + body.removeprefix(b"<?xml version='1.0' encoding='utf-8'?>\n")
