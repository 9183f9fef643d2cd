"""Ringing somebody else for a caller (`<Dial>`): the other side hears the whisper first, and may press a key."""

from __future__ import annotations

from urllib.parse import urljoin

from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.store import Row, new_id
from callwaiting.sandbox.twilio_signing import Exchange, ask
from callwaiting.sandbox.twiml import Verb, voice_verbs


def ring(here: Sandbox, row: Row, verb: Verb, said: Row) -> tuple[dict[str, str], list[Exchange]]:
    """What the action URL of the Dial gets, and the requests on the way. `said` may hold `answered` with the `digits`
    that are pressed after the whisper; otherwise nobody answers, or `dial_status` says what became of it.

    Both are connected when the whisper's documents come to their end without hanging up.
    """
    child = new_id("CA")
    facts = {"DialCallSid": child, "DialCallDuration": "0", "DialBridged": "false"}
    if not said.get("answered"):
        return facts | {"DialCallStatus": str(said.get("dial_status", "no-answer"))}, []
    number, url = verb.numbers[0] if verb.numbers else (verb.text, "")
    exchanges = [] if not url else _whisper(here, row, urljoin(row["url"], url), number, child, said)
    bridged = not exchanges or not any(found.tag in {"Gather", "Hangup"} for found in voice_verbs(exchanges[-1].text))
    told = {"DialCallStatus": "completed", "DialBridged": "true" if bridged else "false"}
    return facts | told, exchanges


def _whisper(here: Sandbox, row: Row, url: str, number: str, child: str, said: Row) -> list[Exchange]:
    params = {
        "AccountSid": row["account_sid"],
        "CallSid": child,
        "ParentCallSid": row["sid"],
        "CallStatus": "in-progress",
        "Direction": "outbound-dial",
        "From": row["from"],
        "To": number,
    }
    exchanges = [ask(here, url, params, what="whisper")]
    gather = next((found for found in voice_verbs(exchanges[0].text) if found.tag == "Gather"), None)
    if gather is not None and (digits := str(said.get("digits", ""))):
        action = urljoin(url, gather.attributes.get("action", ""))
        exchanges.append(ask(here, action, {**params, "Digits": digits}, what="whisper"))
    return exchanges
