"""A telephone: calls the application through its real routes, with the signatures that Twilio makes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import uuid4
from xml.etree import ElementTree

from flask.testing import FlaskClient

from callwaiting.features.webhooks.source_admin import RegisteredSource
from tests.factories.phone_numbers import NUMBER
from tests.factories.webhooks import twilio_delivery

CALLER = "+14155550123"
AMOUNT = re.compile(r"\$(\d+\.\d\d)")


@dataclass
class Telephone:
    """One call. `document` is the last TwiML, `action` where the answer goes; None once the call is over."""

    client: FlaskClient
    source: RegisteredSource
    caller: str = CALLER
    called: str = NUMBER
    call_sid: str = field(default_factory=lambda: f"CA{uuid4().hex}")
    extra: dict[str, str] = field(default_factory=dict)
    document: bytes = b""
    action: str | None = None
    gather: dict[str, str] = field(default_factory=dict)

    def dial(self) -> str:
        """Start the call; returns what is heard."""
        return self.post("/voice")

    def press(self, digits: str) -> str:
        return self.post(self.below(), Digits=digits)

    def speak(self, speech: str) -> str:
        return self.post(self.below(), SpeechResult=speech, Confidence="0.9")

    def silence(self) -> str:
        return self.post(self.below(), SpeechResult="", Confidence="0.0")

    def post(self, below: str, **params: str) -> str:
        """One signed request below the source's URL; the answer becomes the state of the call."""
        self.document = self.fetch(below, **params)
        return self._listen()

    def fetch(self, below: str, **params: str) -> bytes:
        """The bytes that the application answers, leaving the call as it is."""
        known = {"CallSid": self.call_sid, "From": self.caller, "To": self.called, "CallStatus": "in-progress"}
        delivery = twilio_delivery(self.source, {**known, **self.extra, **params}, below=below)
        answer = self.client.post(delivery.path, data=delivery.body, headers=delivery.headers)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        assert answer.content_type == "text/xml; charset=utf-8"
        return answer.get_data()

    @property
    def over(self) -> bool:
        return self.action is None

    def below(self) -> str:
        """Where the next answer goes, below the source's URL."""
        assert self.action is not None, "the call is over"
        url = urlsplit(self.action)
        path = url.path.removeprefix(urlsplit(self.source.public_url).path)
        return f"{path}?{url.query}"

    def _listen(self) -> str:
        root = ElementTree.fromstring(self.document)
        assert root.tag == "Response"
        gather = root.find("Gather")
        self.gather = dict(gather.attrib) if gather is not None else {}
        redirect = root.find("Redirect")
        if gather is not None:
            self.action = gather.attrib["action"]
        elif redirect is not None:
            self.action = redirect.text
        else:
            assert root.find("Hangup") is not None
            self.action = None
        return " ".join(say.text or "" for say in root.iter("Say"))


def amounts(heard: str) -> list[int]:
    """The dollar amounts in a text, in cents."""
    return [int(amount.replace(".", "")) for amount in AMOUNT.findall(heard)]
