"""Reads TwiML: what the caller hears, and what the call waits for."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree import ElementTree

WAITING = frozenset({"Gather", "Record", "Dial"})
KNOWN = WAITING | {"Start", "Say", "Play", "Pause", "Redirect", "Hangup", "Reject"}


class BadTwiml(ValueError):
    """The document is not TwiML (Twilio's error 12100) or holds an unknown verb (12200)."""


@dataclass(frozen=True)
class Verb:
    tag: str
    text: str
    attributes: dict[str, str]
    prompts: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()  # what a Start begins
    numbers: tuple[tuple[str, str], ...] = ()  # of a Dial, each with the URL of its whisper

    def method(self) -> str:
        return self.attributes.get("method", "POST").upper()


def voice_verbs(document: str) -> list[Verb]:
    """The verbs of a voice answer in order. Raises BadTwiml."""
    verbs = [_verb(element) for element in _response(document)]
    for verb in verbs:
        if verb.tag not in KNOWN:
            raise BadTwiml(f"12200 unknown verb {verb.tag}")
    return verbs


def message_replies(document: str) -> list[str]:
    """The texts that an answer to an incoming SMS sends back. Raises BadTwiml."""
    texts = []
    for element in _response(document):
        if element.tag == "Message":
            body = element.find("Body")
            texts.append("".join((element if body is None else body).itertext()).strip())
    return texts


def heard(verb: Verb) -> list[str]:
    """What a verb lets the caller hear."""
    if verb.tag == "Say":
        return [verb.text]
    if verb.tag == "Play":
        return [f"[{verb.text}]"]
    if verb.tag == "Dial":
        return [f"[dials {verb.text}]"]
    return list(verb.prompts)


def gather_face(verb: Verb) -> dict[str, object]:
    """What the call waits for, as shown to whoever plays the caller."""
    attributes = verb.attributes
    return {
        "verb": verb.tag,
        "action": attributes.get("action", ""),
        "method": verb.method(),
        "input": attributes.get("input", "dtmf").split(),
        "num_digits": int(attributes["numDigits"]) if attributes.get("numDigits", "").isdigit() else None,
        "finish_on_key": attributes.get("finishOnKey", "#"),
        "timeout": attributes.get("timeout", "5"),
        "action_on_empty_result": attributes.get("actionOnEmptyResult", "false").lower() == "true",
        "hints": attributes.get("hints", ""),
        "prompt": " ".join(verb.prompts),
    }


def _response(document: str) -> ElementTree.Element:
    try:
        root = ElementTree.fromstring(document)  # noqa: S314 - the document comes from the app under test
    except ElementTree.ParseError as error:
        raise BadTwiml(f"12100 not XML: {error}") from None
    if root.tag != "Response":
        raise BadTwiml(f"12100 the root is {root.tag}, not Response")
    return root


def _verb(element: ElementTree.Element) -> Verb:
    prompts = tuple(line for child in element for line in heard(_verb(child)))
    text = " ".join("".join(element.itertext()).split())
    numbers = tuple((found.text or "", found.attrib.get("url", "")) for found in element.iter("Number"))
    starts = tuple(child.tag for child in element) if element.tag == "Start" else ()
    return Verb(element.tag, text, dict(element.attrib), prompts, starts, numbers)
