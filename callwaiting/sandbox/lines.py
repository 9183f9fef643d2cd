"""Lines of businesses, which the app rings: each forwards, is picked up, or rings in vain, as it is configured."""

from __future__ import annotations

import threading
import time
from email.utils import formatdate
from urllib.parse import urlencode

from callwaiting.sandbox import calls
from callwaiting.sandbox.config import Line
from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.store import Row, new_id
from callwaiting.sandbox.twilio_signing import API_VERSION

_RINGS_SECONDS = 0.2  # so that the app has its answer first, mostly


def place_call(here: Sandbox, sender: str, to: str, callback: str) -> Row:
    """Begin to ring a line; what becomes of it is told to the callback."""
    row: Row = {
        "sid": new_id("CA"),
        "account_sid": here.config.twilio.account_sid,
        "direction": "outbound-api",
        "from": sender,
        "to": to,
        "forwarded_from": None,
        "status": "queued",
        "created": time.time(),
        "ended": None,
        "duration": 0,
        "url": "",
        "twiml": "",
        "position": None,
    }
    here.store.put("calls", row["sid"], row)
    threading.Thread(target=_ring, args=(here, row, callback), daemon=True, name="line").start()
    return row


def _ring(here: Sandbox, row: Row, callback: str) -> None:
    time.sleep(_RINGS_SECONDS)
    line = here.config.twilio.lines.get(row["to"], Line())
    if line.picks_up:
        status = "completed"
    else:
        status = _forwarded(here, row, line.forwards_to) if line.forwards_to else "no-answer"
    now = time.time()
    ended: Row = {**row, "status": status, "ended": now, "duration": round(now - row["created"])}
    if here.store.get("calls", row["sid"]) is None:
        return  # reset meanwhile
    here.store.put("calls", row["sid"], ended)
    if callback:
        params = {
            "AccountSid": row["account_sid"],
            "ApiVersion": API_VERSION,
            "CallSid": row["sid"],
            "CallStatus": status,
            "CallbackSource": "call-progress-events",
            "Called": row["to"],
            "Caller": row["from"],
            "Direction": row["direction"],
            "From": row["from"],
            "SequenceNumber": "3",
            "Timestamp": formatdate(now),
            "To": row["to"],
        }
        here.deliverer.send("twilio", callback, row["sid"], f"call {status}", urlencode(params), {})


def _forwarded(here: Sandbox, row: Row, to: str) -> str:
    """The carrier rings the other number, with the number of whoever rings the line; who is refused there hears that
    it is busy."""
    try:
        face = calls.start_call(here, row["from"], to, row["to"])
    except calls.NotPossible:
        return "no-answer"
    if face["ended"]:
        return "busy" if face["status"] == "busy" else "completed"
    calls.hang_up(here, str(face["call_sid"]))
    return "completed"
