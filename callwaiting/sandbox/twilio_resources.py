"""Twilio's resources as its REST API shows them, made from the sandbox's rows."""

from __future__ import annotations

import io
import wave
from datetime import UTC, datetime
from email.utils import format_datetime

from callwaiting.sandbox.store import Row
from callwaiting.sandbox.twilio_signing import API_VERSION

# Seconds after its creation at which a message is sent, and at which its fate is known.
SENT_AFTER = 0.05
SETTLED_AFTER = 0.15

_GSM7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM7_ESCAPED = frozenset("^{}\\[~]|€\f")


def message_status(row: Row, now: float) -> str:
    """An outgoing message is queued, then sent, then what its recipient's network says."""
    if row["direction"] == "inbound":
        return "received"
    age = now - row["created"]
    if age < SENT_AFTER:
        return "queued"
    return "sent" if age < SETTLED_AFTER else str(row["fate"])


def message(row: Row, now: float) -> dict[str, object]:
    status = message_status(row, now)
    known = status == row["fate"]
    uri = f"/{API_VERSION}/Accounts/{row['account_sid']}/Messages/{row['sid']}"
    return {
        "account_sid": row["account_sid"],
        "api_version": API_VERSION,
        "body": row["body"],
        "date_created": _date(row["created"]),
        "date_sent": None if status == "queued" else _date(row["created"] + SENT_AFTER),
        "date_updated": _date(min(now, row["created"] + SETTLED_AFTER)),
        "direction": row["direction"],
        "error_code": row["error_code"] if known else None,
        "error_message": None,
        "from": row["from"],
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": str(segments(row["body"])),
        "price": None,
        "price_unit": "USD",
        "sid": row["sid"],
        "status": status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": row["to"],
        "uri": f"{uri}.json",
    }


def call(row: Row) -> dict[str, object]:
    uri = f"/{API_VERSION}/Accounts/{row['account_sid']}/Calls/{row['sid']}"
    return {
        "account_sid": row["account_sid"],
        "annotation": None,
        "answered_by": None,
        "api_version": API_VERSION,
        "caller_name": None,
        "date_created": _date(row["created"]),
        "date_updated": _date(row["ended"] or row["created"]),
        "direction": row.get("direction", "inbound"),
        "duration": None if row["ended"] is None else str(row["duration"]),
        "end_time": None if row["ended"] is None else _date(row["ended"]),
        "forwarded_from": row["forwarded_from"],
        "from": row["from"],
        "from_formatted": row["from"],
        "group_sid": None,
        "parent_call_sid": None,
        "phone_number_sid": None,
        "price": None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": row["sid"],
        "start_time": _date(row["created"]),
        "status": row["status"],
        "subresource_uris": {"recordings": f"{uri}/Recordings.json"},
        "to": row["to"],
        "to_formatted": row["to"],
        "trunk_sid": None,
        "uri": f"{uri}.json",
    }


def recording(row: Row) -> dict[str, object]:
    uri = f"/{API_VERSION}/Accounts/{row['account_sid']}/Recordings/{row['sid']}"
    return {
        "account_sid": row["account_sid"],
        "api_version": API_VERSION,
        "call_sid": row["call_sid"],
        "channels": 1,
        "conference_sid": None,
        "date_created": _date(row["created"]),
        "date_updated": _date(row["created"]),
        "duration": str(row["duration"]),
        "encryption_details": None,
        "error_code": None,
        "media_url": row["url"],
        "price": None,
        "price_unit": "USD",
        "sid": row["sid"],
        "source": row.get("source", "RecordVerb"),
        "start_time": _date(row["created"]),
        "status": "completed",
        "subresource_uris": {},
        "uri": f"{uri}.json",
    }


def sound(row: Row) -> bytes:
    """What is heard of a recording: a tone of its length, three seconds at most, as a WAV file."""
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(1)
        written.setframerate(8000)
        written.writeframes(bytes(range(96, 160)) * (125 * min(int(row["duration"]), 3)))
    return file.getvalue()


def segments(body: str) -> int:
    """How many SMS a text takes: 160 GSM-7 units (153 each if several) or 70 UTF-16 units (67), GSM 03.38."""
    if all(char in _GSM7 or char in _GSM7_ESCAPED for char in body):
        units, single, several = len(body) + sum(char in _GSM7_ESCAPED for char in body), 160, 153
    else:
        units, single, several = len(body.encode("utf-16-le")) // 2, 70, 67
    return 1 if units <= single else -(-units // several)


def _date(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(seconds), UTC))
