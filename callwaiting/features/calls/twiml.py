"""Acts as TwiML (twilio.com/docs/voice/twiml). ElementTree escapes every text; what XML forbids is dropped."""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from callwaiting.features.calls.acts import Act, Ask, Say

LANGUAGE = "en-US"
MAX_SAY = 4000  # Twilio speaks 4,096 characters at most
MAX_HINTS = 900
NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def render(acts: Sequence[Act], *, action: str) -> bytes:
    """One document. A question becomes a Gather that hears keys and speech, with all that is said nested in it so
    that the caller can interrupt; silence is sent to `action` too. Without a question the call ends."""
    response = ElementTree.Element("Response")
    question = next((act for act in acts if isinstance(act, Ask)), None)
    parent = response if question is None else _gather(response, question, action)
    for act in acts:
        if isinstance(act, Say | Ask):
            _say(parent, act.text)
    if question is None:
        ElementTree.SubElement(response, "Hangup")
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


def _say(parent: ElementTree.Element, text: str) -> None:
    ElementTree.SubElement(parent, "Say", language=LANGUAGE).text = NOT_XML.sub("", text)[:MAX_SAY]


def _document(response: ElementTree.Element) -> bytes:
    body: bytes = ElementTree.tostring(response, encoding="utf-8")
    return DECLARATION + body.removeprefix(b"<?xml version='1.0' encoding='utf-8'?>\n")
