"""The phones of callers and of the account: their messages, and texts that people send."""

from __future__ import annotations

import time

from callwaiting.sandbox import twilio_resources as resources
from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.store import Row
from callwaiting.sandbox.twilio_api import add_message
from callwaiting.sandbox.twilio_signing import API_VERSION, ask
from callwaiting.sandbox.twiml import BadTwiml, message_replies


def phones(here: Sandbox) -> dict[str, list[dict[str, object]]]:
    """Every number with its messages in both directions, oldest first."""
    found: dict[str, list[dict[str, object]]] = {number: [] for number in here.config.twilio.numbers}
    for row in here.store.rows("messages"):
        found.setdefault(row["from"], []).append(_seen(row, "sent"))
        found.setdefault(row["to"], []).append(_seen(row, "received"))
    return found


def phone(here: Sandbox, number: str) -> list[dict[str, object]]:
    """One number's messages, oldest first; none if it is unknown."""
    return phones(here).get(number, [])


def send_text(here: Sandbox, sender: str, to: str, body: str) -> dict[str, object]:
    """A person texts one of the account's numbers; the answer's `<Message>` comes back to the person.

    Raises LookupError when the number has no SMS URL.
    """
    number = here.config.twilio.numbers.get(to)
    if number is None or not number.sms_url:
        raise LookupError(f"{to} has no sms_url")
    row = add_message(here, "inbound", sender, to, body)
    exchange = ask(here, number.sms_url, _params(row), what="sms")
    replies: list[str] = []
    error = exchange.error
    if exchange.status is not None and 200 <= exchange.status < 300:
        try:
            replies = message_replies(exchange.text) if exchange.text.strip() else []
        except BadTwiml as bad:
            error = str(bad)
    for reply in replies:
        add_message(here, "outbound-reply", to, sender, reply)
    return {
        "message_sid": row["sid"],
        "replies": replies,
        "status": exchange.status,
        "elapsed_ms": exchange.ms,
        "twiml": exchange.text,
        "error": error,
    }


def unreached_text(here: Sandbox, sender: str, to: str, body: str) -> dict[str, object]:
    """A text whose app could not be reached: only the list of messages tells of it."""
    row = add_message(here, "inbound", sender, to, body)
    return {"message_sid": row["sid"], "replies": [], "status": None, "elapsed_ms": 0.0, "twiml": "", "error": ""}


def _params(row: Row) -> dict[str, str]:
    """The fields of an incoming message (twilio.com/docs/messaging/guides/webhook-request)."""
    params = {
        "AccountSid": row["account_sid"],
        "ApiVersion": API_VERSION,
        "Body": row["body"],
        "From": row["from"],
        "MessageSid": row["sid"],
        "NumMedia": "0",
        "NumSegments": str(resources.segments(row["body"])),
        "SmsMessageSid": row["sid"],
        "SmsSid": row["sid"],
        "SmsStatus": "received",
        "To": row["to"],
    }
    for who in ("From", "To"):
        params |= {f"{who}City": "", f"{who}State": "", f"{who}Zip": "", f"{who}Country": "US"}
    return params


def _seen(row: Row, how: str) -> dict[str, object]:
    return {
        "sid": row["sid"],
        "how": how,
        "with": row["to"] if how == "sent" else row["from"],
        "from": row["from"],
        "to": row["to"],
        "body": row["body"],
        "at": row["created"],
        "status": resources.message_status(row, time.time()),
        "error_code": row["error_code"],
    }
