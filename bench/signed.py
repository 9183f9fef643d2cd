"""Signed Stripe requests as bytes, each a unique event, ready to be sent."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import time
from collections.abc import Iterator
from pathlib import Path

import orjson

from bench.load import write_prepared
from bench.stack import ACCOUNT, SECRET

_numbers = itertools.count()


def event(event_id: str, *, event_type: str = "invoice.updated", reference: str = "") -> bytes:
    """The body of a Stripe event of about 1.2 kB."""
    body = {
        "id": event_id,
        "object": "event",
        "account": ACCOUNT,
        "api_version": "2026-10-28.endive",
        "created": int(time.time()),
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": "req_" + event_id, "idempotency_key": None},
        "type": event_type,
        "data": {
            "object": {
                "id": "in_" + event_id,
                "object": "invoice",
                "amount_due": 1250,
                "currency": "usd",
                "client_reference_id": reference,
                "metadata": {"filler": "x" * 700},
            }
        },
    }
    return orjson.dumps(body)


def request(path: str, port: int, body: bytes, *, secret: str = SECRET) -> bytes:
    """A whole HTTP/1.1 request with a fresh signature (scheme: docs.stripe.com/webhooks/signature)."""
    stamp = str(int(time.time()))
    signature = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
        f"Stripe-Signature: t={stamp},v1={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def unique_requests(path: str, port: int, count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield request(path, port, event(f"evt_{time.time_ns():x}{next(_numbers):x}"))


def prepare(file: Path, path: str, port: int, count: int) -> Path:
    """Write `count` requests; they are good for the five minutes that Stripe's signatures are."""
    write_prepared(file, unique_requests(path, port, count))
    return file
