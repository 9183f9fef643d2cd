"""Requests to the app as Twilio makes them: signed, with a deadline, tried once more without a connection."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import httpx

from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.store import Row

API_VERSION = "2010-04-01"
FORM = "application/x-www-form-urlencoded"
# Twilio waits 15 s in all for TwiML and repeats once when it cannot connect (webhook connection overrides).
_DEADLINE = 15.0
_TRIES = 2


@dataclass(frozen=True)
class Exchange:
    """One signed request to the app and its answer. `status` is None when there was none; `ms` is wall-clock time."""

    url: str
    method: str
    status: int | None
    text: str
    ms: float
    error: str = ""

    def shown(self) -> dict[str, object]:
        return {"url": self.url, "method": self.method, "status": self.status, "ms": self.ms, "error": self.error}


def signature(auth_token: str, url: str, params: Mapping[str, str]) -> str:
    """X-Twilio-Signature: HMAC-SHA1 in Base64 over the URL and each field's name and value in the order of names
    (twilio.com/docs, Validating Signatures from Twilio). Empty values count too."""
    text = url + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def delivery_headers(sandbox: Sandbox, delivery: Row, body: bytes) -> dict[str, str]:
    """The headers of a status callback whose form is `body`."""
    params = dict(parse_qsl(body.decode(), keep_blank_values=True))
    return _headers(sandbox, delivery["url"], params, str(uuid.uuid5(uuid.NAMESPACE_URL, delivery["id"])))


def ask(sandbox: Sandbox, url: str, params: Mapping[str, str], *, method: str = "POST", what: str = "") -> Exchange:
    """Make one interactive request and wait for its TwiML. `what` names it in the list of deliveries.

    Never raises for what the app does: a refusal or silence is in the answer.
    """
    if method == "GET":
        parts = urlsplit(url)
        query = "&".join(part for part in (parts.query, urlencode(params)) if part)
        url, body, signed = urlunsplit(parts._replace(query=query, fragment="")), b"", {}
    else:
        body, signed = urlencode(params).encode(), dict(params)
    headers = _headers(sandbox, url, signed, str(uuid.uuid4()))
    started = time.perf_counter()
    status, text, error = None, "", ""
    for _ in range(_TRIES):
        try:
            answer = sandbox.client.request(method, url, content=body, headers=headers, timeout=_DEADLINE)
            status, text, error = answer.status_code, answer.text, ""
            break
        except (httpx.ConnectError, httpx.ConnectTimeout) as failure:
            error = type(failure).__name__
        except (httpx.HTTPError, httpx.InvalidURL) as failure:
            error = type(failure).__name__
            break
    ms = round((time.perf_counter() - started) * 1000, 1)
    sandbox.deliverer.note("twilio", url, params.get("CallSid") or params.get("MessageSid", ""), what, status, ms)
    return Exchange(url, method, status, text, ms, error)


def _headers(sandbox: Sandbox, url: str, params: Mapping[str, str], token: str) -> dict[str, str]:
    return {
        "Content-Type": FORM + "; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "I-Twilio-Idempotency-Token": token,
        "X-Twilio-Signature": signature(sandbox.config.twilio.auth_token, url, params),
    }
