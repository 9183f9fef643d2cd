"""Telephone calls to the app: each turn is one signed request, and the TwiML decides how it goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from email.utils import formatdate
from urllib.parse import urlencode, urljoin

from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.dialling import ring
from callwaiting.sandbox.store import Row, new_id
from callwaiting.sandbox.twilio_signing import API_VERSION, Exchange, ask
from callwaiting.sandbox.twiml import BadTwiml, Verb, gather_face, heard, voice_verbs

_MAX_HOPS = 20
_APOLOGY = "We are sorry, an application error has occurred. Goodbye."


class NoSuchCall(LookupError):
    """There is no call with this sid."""


class NotPossible(ValueError):
    """The number is not set up for this, or the call is over."""


@dataclass
class _Story:
    """What happened in one turn."""

    heard: list[str] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    error: str = ""


def start_call(here: Sandbox, caller: str, to: str, forwarded_from: str) -> dict[str, object]:
    """Ring one of the account's numbers. Raises NotPossible when it has no voice URL."""
    number = here.config.twilio.numbers.get(to)
    if number is None or not number.voice_url:
        raise NotPossible(f"{to} has no voice_url")
    row = _new(here, caller, to, forwarded_from)
    return _continue(here, row, _Story(), fetch=(number.voice_url, "POST", {}))


def unreached_call(here: Sandbox, caller: str, to: str, forwarded_from: str) -> dict[str, object]:
    """A call whose app could not be reached and that heard of nothing: it failed, and only the list tells of it."""
    row = _new(here, caller, to, forwarded_from)
    row = {**row, "status": "failed", "ended": time.time()}
    here.store.put("calls", row["sid"], row)
    return _face(row, _Story())


def take_turn(here: Sandbox, sid: str, said: Row) -> dict[str, object]:
    """Let the caller press `digits`, say `speech`, or stay silent ({}); a Record verb takes `seconds`, a Dial verb
    `dial_status` (no-answer if not said), or `answered` with the `digits` that the other side presses. Raises
    NoSuchCall, NotPossible."""
    row = _running(here, sid)
    verb = voice_verbs(row["twiml"])[row["position"]]
    story = _Story()
    if verb.tag == "Dial":
        told, story.exchanges = ring(here, row, verb, said)
        params = told if "action" in verb.attributes else None
    else:
        params = _turn_params(here, row, verb, said)
    if params is None:
        return _continue(here, row, story, position=row["position"] + 1)
    url = urljoin(row["url"], verb.attributes.get("action", ""))
    return _continue(here, row, story, fetch=(url, verb.method(), params))


def hang_up(here: Sandbox, sid: str) -> dict[str, object]:
    """The caller ends the call. Raises NoSuchCall, NotPossible."""
    row = _end(here, _running(here, sid), "completed")
    return _face(row, _Story())


def shown(here: Sandbox) -> list[dict[str, object]]:
    """Every call, oldest first."""
    return [_face(row, _Story()) for row in here.store.rows("calls")]


def _new(here: Sandbox, caller: str, to: str, forwarded_from: str) -> Row:
    row: Row = {
        "sid": new_id("CA"),
        "account_sid": here.config.twilio.account_sid,
        "from": caller,
        "to": to,
        "forwarded_from": forwarded_from or None,
        "status": "ringing",
        "created": time.time(),
        "ended": None,
        "duration": 0,
        "url": "",
        "twiml": "",
        "position": None,
    }
    here.store.put("calls", row["sid"], row)
    return row


def _running(here: Sandbox, sid: str) -> Row:
    row = here.store.get("calls", sid)
    if row is None:
        raise NoSuchCall(sid)
    if row["ended"] is not None:
        raise NotPossible(f"the call is over: {row['status']}")
    return row


def _continue(
    here: Sandbox, row: Row, story: _Story, *, fetch: tuple[str, str, dict[str, str]] | None = None, position: int = 0
) -> dict[str, object]:
    """Fetch documents and walk through their verbs until the call waits for the caller or ends."""
    for _ in range(_MAX_HOPS):
        if fetch is not None:
            url, method, extra = fetch
            exchange = ask(here, url, {**_params(row), **extra}, method=method, what="voice")
            story.exchanges.append(exchange)
            row = {**row, "url": url, "twiml": exchange.text, "status": "in-progress"}
            position, fetch = 0, None
            if exchange.status is None or not 200 <= exchange.status < 300:
                return _fail(here, row, story, f"11200 the app answered {exchange.status or exchange.error}")
        try:
            verbs = voice_verbs(row["twiml"])
        except BadTwiml as error:
            return _fail(here, row, story, str(error))
        for index, verb in enumerate(verbs[position:], position):
            story.heard += heard(verb)
            if "Recording" in verb.starts:
                row = {**row, "recorded": True}
            if verb.tag in {"Gather", "Record", "Dial"}:
                row = {**row, "position": index}
                here.store.put("calls", row["sid"], row)
                return _face(row, story, gather=gather_face(verb))
            if verb.tag == "Redirect":
                fetch = (urljoin(row["url"], verb.text), verb.method(), {})
                break
            if verb.tag in {"Hangup", "Reject"}:
                busy = verb.tag == "Reject" and verb.attributes.get("reason") == "busy"
                return _face(_end(here, row, "busy" if busy else "completed"), story)
        if fetch is None:
            return _face(_end(here, row, "completed"), story)
    return _fail(here, row, story, f"more than {_MAX_HOPS} redirects")


def _turn_params(here: Sandbox, row: Row, verb: Verb, said: Row) -> dict[str, str] | None:
    """What the action URL gets; None when it is not called and the call goes on after the verb."""
    if verb.tag == "Record":
        return _record(here, row, verb, int(said["seconds"])) if "seconds" in said else None
    wants = gather_face(verb)
    inputs, count = wants["input"], wants["num_digits"]
    digits, speech = str(said.get("digits", "")), str(said.get("speech", ""))
    if digits and isinstance(inputs, list) and "dtmf" in inputs:
        if finish := str(wants["finish_on_key"]):
            digits = digits.split(finish)[0]
        return {"Digits": digits[:count] if isinstance(count, int) else digits}
    if speech and isinstance(inputs, list) and "speech" in inputs:
        return {"SpeechResult": speech, "Confidence": str(said.get("confidence", "0.9"))}
    if not wants["action_on_empty_result"]:
        return None
    return {"Digits": ""} if inputs == ["dtmf"] else {"SpeechResult": "", "Confidence": "0.0"}


def _record(here: Sandbox, row: Row, verb: Verb, seconds: int) -> dict[str, str]:
    recording = _keep_recording(here, row, "RecordVerb", seconds)
    sid, url = recording["sid"], recording["url"]
    facts = {"RecordingSid": sid, "RecordingUrl": url, "RecordingDuration": str(seconds)}
    if callback := verb.attributes.get("recordingStatusCallback"):
        params = {**_params(row), **facts, "RecordingStatus": "completed", "RecordingChannels": "1"}
        target = urljoin(row["url"], callback)
        here.deliverer.send("twilio", target, sid, "recording completed", urlencode(params), {})
    return facts


def _keep_recording(here: Sandbox, row: Row, source: str, seconds: int) -> Row:
    sid = new_id("RE")
    url = f"{here.config.public_base_url}/twilio/{API_VERSION}/Accounts/{row['account_sid']}/Recordings/{sid}"
    recording: Row = {
        "sid": sid,
        "account_sid": row["account_sid"],
        "call_sid": row["sid"],
        "created": time.time(),
        "duration": seconds,
        "url": url,
        "source": source,
    }
    here.store.put("recordings", sid, recording)
    return recording


def _fail(here: Sandbox, row: Row, story: _Story, error: str) -> dict[str, object]:
    story.heard.append(_APOLOGY)
    story.error = error
    return _face(_end(here, row, "failed"), story)


def _end(here: Sandbox, row: Row, status: str) -> Row:
    """End the call and tell the number's status URL."""
    now = time.time()
    row = {**row, "status": status, "ended": now, "duration": max(1, round(now - row["created"])), "position": None}
    here.store.put("calls", row["sid"], row)
    if row.get("recorded"):
        _keep_recording(here, row, "StartCallRecordingTwiML", row["duration"])
    number = here.config.twilio.numbers.get(row["to"])
    if number is not None and number.status_url:
        params = {
            **_params(row),
            "CallDuration": str(row["duration"]),
            "Duration": str(-(-row["duration"] // 60)),
            "CallbackSource": "call-progress-events",
            "SequenceNumber": "0",
            "Timestamp": formatdate(now),
        }
        here.deliverer.send("twilio", number.status_url, row["sid"], f"call {status}", urlencode(params), {})
    return row


def _params(row: Row) -> dict[str, str]:
    """The fields of every voice request (twilio.com/docs/voice/twiml). The caller's place is mostly unknown, and
    Twilio then sends the fields empty."""
    known = {
        "AccountSid": row["account_sid"],
        "ApiVersion": API_VERSION,
        "CallSid": row["sid"],
        "CallStatus": row["status"],
        "CallToken": "",
        "Called": row["to"],
        "Caller": row["from"],
        "Direction": "inbound",
        "From": row["from"],
        "StirVerstat": "TN-Validation-Passed-A",
        "To": row["to"],
    }
    if row["forwarded_from"]:
        known["ForwardedFrom"] = row["forwarded_from"]
    for who in ("Caller", "Called", "From", "To"):
        known |= {f"{who}City": "", f"{who}State": "", f"{who}Zip": "", f"{who}Country": "US"}
    return known


def _face(row: Row, story: _Story, gather: dict[str, object] | None = None) -> dict[str, object]:
    if gather is None and row["position"] is not None:
        gather = gather_face(voice_verbs(row["twiml"])[row["position"]])
    return {
        "call_sid": row["sid"],
        "from": row["from"],
        "to": row["to"],
        "forwarded_from": row["forwarded_from"],
        "status": row["status"],
        "ended": row["ended"] is not None,
        "duration": row["duration"],
        "twiml": row["twiml"],
        "spoken": " ".join(story.heard),
        "gather": gather,
        "elapsed_ms": round(sum(exchange.ms for exchange in story.exchanges), 1),
        "requests": [exchange.shown() for exchange in story.exchanges],
        "error": story.error,
    }
