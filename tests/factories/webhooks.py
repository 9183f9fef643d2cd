"""Webhook sources and requests signed as the providers sign them."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from base64 import b64encode
from dataclasses import dataclass, field
from urllib.parse import urlencode

from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import Scope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.webhooks.source_admin import RegisteredSource, create_source
from callwaiting.providers.ports import Mode, ProviderName

STRIPE_SECRET = "whsec_of_the_tests_0123456789"
TWILIO_TOKEN = "auth-token-of-the-tests-0123"
TWILIO_ACCOUNT = "AC" + "1" * 32
PLATFORM = SystemScope("webhook sources of the tests")


@dataclass(frozen=True)
class Delivery:
    """One request of a provider: `path` with its query, and the bytes it signed."""

    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def make_source(
    worker: Runtime,
    provider: ProviderName = "stripe",
    *,
    scope: Scope = PLATFORM,
    mode: Mode = "test",
    account: str | None = None,
    webhook_id: str = "",
    secret: str | None = None,
) -> RegisteredSource:
    """A registered source with a secret, unless `secret` is empty."""
    secrets = {"stripe": STRIPE_SECRET, "twilio": TWILIO_TOKEN, "paypal": ""}
    with worker.database.unit_of_work(scope) as session:
        return create_source(
            session,
            provider=provider,
            mode=mode,
            account=(TWILIO_ACCOUNT if provider == "twilio" else "") if account is None else account,
            webhook_id=webhook_id,
            secret=secrets[provider] if secret is None else secret,
        )


def path_of(source: RegisteredSource) -> str:
    return f"/webhooks/{source.provider}/{source.public_id}"


def stripe_body(event_id: str = "", **changes: object) -> bytes:
    """A snapshot event; `changes` are its top-level fields."""
    event: dict[str, object] = {
        "id": event_id or f"evt_{new_id().hex}",
        "object": "event",
        "type": "checkout.session.completed",
        "created": 1_700_000_000,
        "livemode": False,
        "data": {"object": {"id": "cs_test_1", "object": "checkout.session"}},
    }
    return json.dumps(event | changes).encode()


def stripe_delivery(
    source: RegisteredSource, body: bytes | None = None, *, secret: str = STRIPE_SECRET, age_s: int = 0
) -> Delivery:
    body = stripe_body() if body is None else body
    moment = str(int(time.time()) - age_s)
    signature = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={moment},v1={signature}"}
    return Delivery(path_of(source), body, headers)


def twilio_delivery(
    source: RegisteredSource, params: dict[str, str], *, below: str = "", token: str = TWILIO_TOKEN
) -> Delivery:
    """A form as Twilio posts it to the source's URL, or to an address below it."""
    params = {"AccountSid": TWILIO_ACCOUNT, **params}
    text = source.public_url + below + "".join(name + params[name] for name in sorted(params))
    signature = b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
    return Delivery(path_of(source) + below, urlencode(params).encode(), headers)
