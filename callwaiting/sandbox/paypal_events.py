"""PayPal's webhook events: kept for the list of events, and sent to every registered webhook."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.store import Row, new_id

_RESOURCE_TYPES = {"CHECKOUT": "checkout-order", "PAYMENT": "capture", "CUSTOMER": "dispute"}


def signature_headers(here: Sandbox, delivery: Row, body: bytes) -> dict[str, str]:
    return here.authority.headers(delivery["signing"]["webhook_id"], body, delivery["event_id"])


def emit(here: Sandbox, kind: str, resource: Row, summary: str) -> None:
    """Make one event about a snapshot of `resource`, keep it and send it."""
    event_id = f"WH-{new_id('', 17)}-{new_id('', 17)}".upper()
    here.store.put(
        "paypal.events",
        event_id,
        {
            "id": event_id,
            "event_version": "1.0",
            "create_time": now_text(milliseconds=True),
            "resource_type": "refund" if "REFUND" in kind else _RESOURCE_TYPES[kind.split(".")[0]],
            "resource_version": "2.0",
            "event_type": kind,
            "summary": summary,
            "resource": dict(resource),
            "links": links(here, event_id),
        },
    )
    resend(here, event_id)


def resend(here: Sandbox, event_id: str) -> Row | None:
    """Send a kept event (again) to every webhook; None if it is unknown."""
    event = here.store.get("paypal.events", event_id)
    if event is not None:
        for endpoint in here.config.paypal.webhooks:
            signing = {"webhook_id": endpoint.webhook_id}
            body = json.dumps(event, separators=(",", ":"))
            here.deliverer.send("paypal", endpoint.url, event_id, event["event_type"], body, signing)
    return event


def links(here: Sandbox, event_id: str) -> list[dict[str, str]]:
    url = f"{here.config.public_base_url}/paypal/v1/notifications/webhooks-events/{event_id}"
    return [
        {"href": url, "rel": "self", "method": "GET"},
        {"href": f"{url}/resend", "rel": "resend", "method": "POST"},
    ]


def now_text(*, milliseconds: bool = False) -> str:
    """The present moment in RFC 3339, in UTC."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds" if milliseconds else "seconds")
    return moment.replace("+00:00", "Z")
