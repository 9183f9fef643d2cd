"""Is this request Stripe's? Rules: docs.stripe.com/webhooks and `WebhookSignature` of the official SDK, made stricter.

The SDK accepts any time in the future and any number of candidates; this verifier does neither. It makes no SDK object:
on the way to an acknowledgement every microsecond counts.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

import orjson

from callwaiting.providers.evidence import (
    SHOWN_SIGNATURE,
    Evidence,
    hide_secrets,
    live_secrets,
    require_header,
    require_identifier,
)
from callwaiting.providers.ports import (
    ANY_CONNECTED_ACCOUNT,
    Mode,
    PayloadInvalid,
    SignedRequest,
    SourceSecrets,
    TimestampExpired,
    VerificationFailed,
    VerifiedEvent,
)

HEADER = "stripe-signature"
TOLERANCE_S = 300
MAX_CANDIDATES = 10
# No sign, no blank, no leading zero: the text that was signed has just one spelling.
_UNIX_TIME = re.compile(r"[1-9][0-9]{0,11}", re.ASCII)


class StripeSignature(NamedTuple):
    """The header taken apart: Unix time of the attempt and every `v1` candidate. Other schemes are dropped."""

    time: int
    candidates: tuple[bytes, ...]


def verify(request: SignedRequest, source: SourceSecrets, now: datetime) -> VerifiedEvent:
    """The event, if one of the source's secrets signed these bytes within 300 s of `now`, either way.

    Raises VerificationFailed, TimestampExpired or PayloadInvalid (not UTF-8 JSON, another account, another mode).
    The time is judged after the signature, so that only a genuine request is ever called expired.
    """
    signature = parse_header(require_header(request, HEADER))
    _require_match(signature, request.raw, source)
    age = now.timestamp() - signature.time
    if age > TOLERANCE_S:
        raise TimestampExpired(f"signed {age:.0f} s ago, {TOLERANCE_S} s are allowed")
    if age < -TOLERANCE_S:
        raise TimestampExpired(f"signed {-age:.0f} s in the future, {TOLERANCE_S} s are allowed")
    return read_event(request.raw, source)


def _require_match(signature: StripeSignature, raw: bytes, source: SourceSecrets) -> None:
    text = signed_text(signature, raw)
    for key in live_secrets(source.secrets):
        mac = _keyed(key).copy()  # prepared once a secret; and unlike `hmac.digest`, it keeps the interpreter's lock
        mac.update(text)
        digest = mac.hexdigest().encode()
        for candidate in signature.candidates:
            if hmac.compare_digest(digest, candidate):
                return
    raise VerificationFailed("no v1 signature matches the signed text under any secret")


@lru_cache(maxsize=64)
def _keyed(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


def parse_header(header: str) -> StripeSignature:
    """Take `t=…,v1=…,v0=…` apart. As in the SDK, blanks count and whatever follows a second `=` is dropped; unlike
    there, a second `t` and more than ten candidates are refused with VerificationFailed."""
    times: list[str] = []
    candidates: list[bytes] = []
    for item in header.split(","):
        scheme, _, rest = item.partition("=")
        if scheme == "t":
            times.append(rest.partition("=")[0])
        elif scheme == "v1":
            candidates.append(rest.partition("=")[0].encode("ascii", "replace"))
    if len(times) != 1 or not _UNIX_TIME.fullmatch(times[0]):
        raise VerificationFailed("the header needs exactly one t, a Unix time")
    if not 1 <= len(candidates) <= MAX_CANDIDATES:
        raise VerificationFailed(f"the header holds {len(candidates)} v1 signatures, 1 to {MAX_CANDIDATES} are allowed")
    return StripeSignature(int(times[0]), tuple(candidates))


def signed_text(signature: StripeSignature, raw: bytes) -> bytes:
    """The bytes that Stripe signs: the time, a full stop, the raw body."""
    return b"%d.%b" % (signature.time, raw)


def read_event(raw: bytes, source: SourceSecrets) -> VerifiedEvent:
    """Read a body that is known to be Stripe's and match it to the source; else PayloadInvalid.

    A thin event that was made beside a snapshot event names it in `snapshot_event`; the pair shares one dedupe key
    (docs.stripe.com/webhooks/migrate-snapshot-to-thin-events).
    """
    body = _load(raw)
    mode, account = _origin(body)
    if mode != source.mode:
        raise PayloadInvalid(f"the event is of {mode} mode, the source of {source.mode} mode")
    if not account if source.account == ANY_CONNECTED_ACCOUNT else account != source.account:
        raise PayloadInvalid("the event is of another account than the source")
    event_id = require_identifier(body.get("id"), "id")
    thin = body.get("object") == "v2.core.event"
    subject = body.get("related_object") if thin else _mapping(body.get("data")).get("object")
    subject_id = _mapping(subject).get("id")
    twin = body.get("snapshot_event") if thin else None
    return VerifiedEvent(
        provider="stripe",
        dedupe_key=require_identifier(twin, "snapshot_event") if twin is not None else event_id,
        provider_event_id=event_id,
        event_type=require_identifier(body.get("type"), "type"),
        # Balance events and some thin ones have a subject without an id: they stand by themselves.
        object_key=event_id if subject_id is None else require_identifier(subject_id, "the object's id"),
        occurred_at=_created(body.get("created")),
        account=account,
    )


def claimed_origin(raw: bytes) -> tuple[Mode, str]:
    """Mode and account that the body names, unverified. Raises PayloadInvalid."""
    return _origin(_load(raw))


def explain(request: SignedRequest, source: SourceSecrets) -> Evidence:
    """What `verify` compares, for the doctor. Raises VerificationFailed on a header that cannot be read."""
    signature = parse_header(require_header(request, HEADER))
    text = signed_text(signature, request.raw)
    return Evidence(
        signed_text=hide_secrets(text.decode("utf-8", "replace"), source.secrets),
        received=tuple(candidate[:SHOWN_SIGNATURE].decode() for candidate in signature.candidates),
        expected=tuple(
            hmac.digest(key, text, "sha256").hex()[:SHOWN_SIGNATURE] for key in live_secrets(source.secrets)
        ),
    )


def _load(raw: bytes) -> Mapping[str, object]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise PayloadInvalid("the body is not UTF-8 JSON") from error
    if not isinstance(body, dict):
        raise PayloadInvalid("the body is not a JSON object")
    return body


def _origin(body: Mapping[str, object]) -> tuple[Mode, str]:
    """A snapshot event carries `account` when it comes by Connect; a thin one carries `context`, whose last part is
    the account (docs.stripe.com/context)."""
    thin = body.get("object") == "v2.core.event"
    account = body.get("context" if thin else "account")
    if account is not None:
        account = require_identifier(account, "account").rpartition("/")[2]
    livemode = body.get("livemode")
    if not isinstance(livemode, bool):
        raise PayloadInvalid("livemode is missing")
    return "live" if livemode else "test", account or ""


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _created(value: object) -> datetime | None:
    """Seconds since 1970 in a snapshot event, RFC 3339 in a thin one; None when it is neither."""
    try:
        if isinstance(value, int):
            return datetime.fromtimestamp(value, UTC)
        if isinstance(value, str):
            created = datetime.fromisoformat(value)
            return created.astimezone(UTC) if created.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None
    return None
