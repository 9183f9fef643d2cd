"""Stripe's events: kept for the events list, and delivered to the endpoints that match, with their signature."""

from __future__ import annotations

import hashlib
import hmac
import json
import time

from flask import has_request_context, request

from callwaiting.sandbox.config import StripeEndpoint
from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.store import Row, new_id


def signature_headers(delivery: Row, body: bytes) -> dict[str, str]:
    """`Stripe-Signature` of this attempt: HMAC-SHA256 over `<now>.<body>`, keyed by the whole endpoint secret
    (docs.stripe.com/webhooks, verify manually)."""
    moment = str(int(time.time()))
    digest = hmac.new(delivery["signing"]["secret"].encode(), moment.encode() + b"." + body, hashlib.sha256)
    return {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": f"t={moment},v1={digest.hexdigest()}",
    }


def emit(here: Sandbox, kind: str, account: str, subject: Row) -> None:
    """Make one event of the account about a snapshot of `subject`, keep it and send it."""
    endpoints = [endpoint for endpoint in here.config.stripe.webhooks if _matches(endpoint, account)]
    key = request.headers.get("Idempotency-Key") if has_request_context() else None
    event: dict[str, object] = {
        "id": new_id("evt_", 24),
        "object": "event",
        "api_version": here.config.stripe.api_version,
        "created": int(time.time()),
        "data": {"object": dict(subject)},
        "livemode": False,
        "pending_webhooks": len(endpoints),
        "request": {"id": new_id("req_", 14) if key else None, "idempotency_key": key},
        "type": kind,
    }
    event_id = str(event["id"])
    with here.store.transaction():
        here.store.put("stripe.events", event_id, {"account": account, "object": event})
        # Only a Connect webhook names the account; the list of events is an account's own and leaves it out.
        body = json.dumps(event | {"account": account} if account else event, indent=2)
        for endpoint in endpoints:
            here.deliverer.send("stripe", endpoint.url, event_id, kind, body, {"secret": endpoint.secret})


def _matches(endpoint: StripeEndpoint, account: str) -> bool:
    return endpoint.account == account or (endpoint.account == "*" and account != "")
