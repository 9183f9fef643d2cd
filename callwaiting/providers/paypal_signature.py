"""Is this request PayPal's? Rules: developer.paypal.com/api/rest/webhooks/rest, judged offline by certificate.

The request itself names the certificate's address, so the address is judged before anything is fetched, and the
certificate must lead to a pinned root. The official SDK fetches from any host and takes SHA-1 and MD5 too.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

import orjson

from callwaiting.providers.evidence import SHOWN_SIGNATURE, Evidence, require_header, require_identifier
from callwaiting.providers.ports import (
    Mode,
    PayloadInvalid,
    SignedRequest,
    SourceSecrets,
    TimestampExpired,
    VerificationFailed,
    VerifiedEvent,
)

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

ALGORITHM = "SHA256withRSA"
# PayPal repeats a delivery for three days, and does not say whether it signs anew each time.
PAST = timedelta(days=3)
FUTURE = timedelta(minutes=5)
# PayPal's simulator signs with this literal id and the live certificate: any account can get such a signature.
PLACEHOLDER_WEBHOOK_ID = "WEBHOOK_ID"
CERTIFICATE_NAMES: dict[Mode, str] = {
    "live": "messageverificationcerts.paypal.com",
    "test": "messageverificationcerts.sandbox.paypal.com",
}
# No user, port, query, fragment or other path: the whole address is matched.
_CERTIFICATE_URLS: dict[Mode, re.Pattern[str]] = {
    "live": re.compile(r"https://api\.paypal\.com(/v1/notifications/certs/CERT-[A-Za-z0-9-]{1,128})", re.ASCII),
    "test": re.compile(
        r"https://api\.sandbox\.paypal\.com(/v1/notifications/certs/CERT-[A-Za-z0-9-]{1,128})", re.ASCII
    ),
}
_TRANSMISSION_ID = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


class Certificates(Protocol):
    """Where certificates come from, and which roots are trusted."""

    @property
    def roots(self) -> Sequence[Certificate]: ...

    def get(self, url: str, now: datetime) -> Sequence[Certificate]:
        """The chain at an address that was already judged, leaf first. Raises VerificationFailed when there is none,
        ServiceUnavailable when that cannot be known now."""


@dataclass(frozen=True, slots=True)
class Transmission:
    """PayPal's headers, each of its shape. `time_text` is the time as it was signed."""

    id: str
    time_text: str
    time: datetime
    signature: bytes
    certificate_url: str


def verify(request: SignedRequest, source: SourceSecrets, now: datetime, certificates: Certificates) -> VerifiedEvent:
    """The event, if PayPal signed it for the source's webhook between three days ago and five minutes ahead.

    Raises VerificationFailed, TimestampExpired or PayloadInvalid; ServiceUnavailable when the certificate cannot be
    had, so that PayPal sends the event again.
    """
    from callwaiting.providers.paypal_trust import require_signature, require_trusted_key

    transmission = read_transmission(request, source.mode)
    text = signed_text(transmission, request.raw, source)
    chain = certificates.get(transmission.certificate_url, now)
    key = require_trusted_key(chain, certificates.roots, CERTIFICATE_NAMES[source.mode], now)
    require_signature(key, transmission.signature, text)
    if now - transmission.time > PAST:
        raise TimestampExpired("transmitted more than three days ago")
    if transmission.time - now > FUTURE:
        raise TimestampExpired("transmitted more than five minutes in the future")
    return read_event(request.raw)


def read_transmission(request: SignedRequest, mode: Mode) -> Transmission:
    """Take PayPal's five headers; VerificationFailed when one is missing or not as it must be."""
    if require_header(request, "paypal-auth-algo") != ALGORITHM:
        raise VerificationFailed(f"the algorithm is not {ALGORITHM}")
    transmission_id = require_header(request, "paypal-transmission-id")
    if not _TRANSMISSION_ID.fullmatch(transmission_id):
        raise VerificationFailed("the transmission id does not have its shape")
    time_text = require_header(request, "paypal-transmission-time")
    time = _rfc3339(time_text)
    if time is None:
        raise VerificationFailed("the transmission time is not RFC 3339")
    url = require_header(request, "paypal-cert-url")
    certificate_path(url, mode)
    try:
        signature = base64.b64decode(require_header(request, "paypal-transmission-sig"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise VerificationFailed("the signature is not Base64") from error
    return Transmission(transmission_id, time_text, time, signature, url)


def certificate_path(url: str, mode: Mode) -> str:
    """The path of a certificate address that may be fetched for this mode; VerificationFailed for any other."""
    match = _CERTIFICATE_URLS[mode].fullmatch(url)
    if match is None:
        raise VerificationFailed(f"the certificate address is not one of PayPal's for {mode} mode")
    return match[1]


def require_webhook_id(webhook_id: str) -> str:
    """The id, unless it is empty or the documentation's placeholder; then VerificationFailed. Check it at start-up
    and at registration too."""
    if not webhook_id.strip() or webhook_id.strip().upper() == PLACEHOLDER_WEBHOOK_ID:
        raise VerificationFailed("the webhook id is missing or the placeholder")
    return webhook_id


def signed_text(transmission: Transmission, raw: bytes, source: SourceSecrets) -> str:
    """What PayPal signs: `id|time|webhook id|CRC-32 of the raw body`, the last unsigned and decimal."""
    webhook_id = require_webhook_id(source.webhook_id)
    return f"{transmission.id}|{transmission.time_text}|{webhook_id}|{zlib.crc32(raw)}"


def read_event(raw: bytes) -> VerifiedEvent:
    """Read a body that is known to be PayPal's; PayloadInvalid when it is no event. A disputed resource is known by
    `dispute_id`. An impossible `create_time`, as the simulator sends, is left out."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise PayloadInvalid("the body is not UTF-8 JSON") from error
    if not isinstance(body, dict):
        raise PayloadInvalid("the body is not a JSON object")
    event_id = require_identifier(body.get("id"), "id")
    event_type = require_identifier(body.get("event_type"), "event_type")
    resource = body.get("resource")
    fields: Mapping[str, object] = resource if isinstance(resource, dict) else {}
    subject = fields.get("id", fields.get("dispute_id"))
    created = body.get("create_time")
    return VerifiedEvent(
        provider="paypal",
        dedupe_key=require_identifier(f"{event_id}|{event_type}", "id and event_type"),
        provider_event_id=event_id,
        event_type=event_type,
        object_key=event_id if subject is None else require_identifier(subject, "the resource's id"),
        occurred_at=_rfc3339(created) if isinstance(created, str) else None,
    )


def explain(request: SignedRequest, source: SourceSecrets) -> Evidence:
    """What `verify` checks, for the doctor. Nobody but PayPal can compute an expected signature."""
    transmission = read_transmission(request, source.mode)
    return Evidence(
        signed_text=signed_text(transmission, request.raw, source),
        received=(request.headers["paypal-transmission-sig"][:SHOWN_SIGNATURE],),
        expected=(),
    )


def _rfc3339(text: str) -> datetime | None:
    if not _RFC3339.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
