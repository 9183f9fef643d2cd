"""A registered webhook endpoint as the verifying side knows it, and how a request to one is read and checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, cast
from uuid import UUID

from flask import current_app, request

from callwaiting.core import clock
from callwaiting.core.crypto import DataKey
from callwaiting.core.errors import BadRequest, CallwaitingError, NotFound
from callwaiting.core.http.limits import WEBHOOK_BYTES, UnsupportedMediaType, declared_length
from callwaiting.providers import paypal_signature, stripe_signature, twilio_signature
from callwaiting.providers.ports import Mode, ProviderName, SignedRequest, SourceSecrets, VerifiedEvent

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from callwaiting.features.webhooks.receiver import Receiver
    from callwaiting.providers.paypal_signature import Certificates

PREFIX = "/webhooks"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
CONTENT_TYPES: Mapping[ProviderName, frozenset[str]] = {
    "stripe": frozenset({JSON}),
    "paypal": frozenset({JSON}),
    "twilio": frozenset({FORM, JSON}),
}
# WSGI name and wire name of the headers that a verifier reads; no other header is looked at.
_SIGNING_HEADERS: Mapping[ProviderName, tuple[str, ...]] = {
    "stripe": ("stripe-signature",),
    "twilio": ("x-twilio-signature", "x-twilio-webhooks-signature-settings"),
    "paypal": (
        "paypal-auth-algo",
        "paypal-transmission-id",
        "paypal-transmission-time",
        "paypal-transmission-sig",
        "paypal-cert-url",
    ),
}
_KEPT_HEADERS = ("user-agent", "i-twilio-idempotency-token")
HEADERS: Mapping[ProviderName, tuple[tuple[str, str], ...]] = {
    provider: (
        ("CONTENT_TYPE", "content-type"),
        *(("HTTP_" + name.upper().replace("-", "_"), name) for name in names + _KEPT_HEADERS),
    )
    for provider, names in _SIGNING_HEADERS.items()
}


class UnknownSource(NotFound):
    """No such endpoint, a paused one, or one without a secret: the three look alike from outside."""

    reason = "webhooks.unknown_source"


@dataclass(frozen=True, slots=True)
class Secret:
    value: str
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Source:
    """One endpoint of one provider account and mode. `sealing_key` seals what it receives, `lookup_key` hashes the
    numbers that lead to a merchant; both are the platform's."""

    id: UUID
    public_id: str
    merchant_id: UUID | None
    provider: ProviderName
    mode: Mode
    account: str
    webhook_id: str
    public_url: str
    secrets: tuple[Secret, ...] = field(repr=False)
    sealing_key: DataKey = field(repr=False)
    lookup_key: DataKey = field(repr=False)

    @cached_property
    def id_text(self) -> str:
        return str(self.id)

    def credentials(self, now: datetime) -> SourceSecrets:
        """What a signature is judged by at `now`. Raises UnknownSource when nothing is configured."""
        return self._lasting or self._live(now)

    @cached_property
    def _lasting(self) -> SourceSecrets | None:
        """The same at every time, unless a secret is on its way out."""
        return None if any(secret.expires_at for secret in self.secrets) else self._live(clock.now())

    def _live(self, now: datetime) -> SourceSecrets:
        live = [secret.value for secret in self.secrets if secret.expires_at is None or now < secret.expires_at]
        if not (self.webhook_id if self.provider == "paypal" else live):
            raise UnknownSource(f"{self.provider} source {self.id} has no secret", reason="webhooks.no_secret")
        return SourceSecrets(self.mode, self.account, live, self.webhook_id)


@dataclass(frozen=True, slots=True)
class VerifiedForm:
    """The parameters of a Twilio request whose signature holds; of a repeated name, the first value."""

    source: Source
    params: Mapping[str, str]


def read_request(environ: WSGIEnvironment, source: Source) -> SignedRequest:
    """The request as it came over the wire, at most 512 KiB, its URL built from the source's configured one.

    Raises LengthRequired, PayloadTooLarge, UnsupportedMediaType, or BadRequest for a body that ends too early.
    """
    length = declared_length(environ.get("CONTENT_LENGTH"), environ.get("HTTP_TRANSFER_ENCODING"), WEBHOOK_BYTES)
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower() not in CONTENT_TYPES[source.provider]:
        raise UnsupportedMediaType
    try:
        raw: bytes = environ["wsgi.input"].read(length) if length else b""
    except OSError as error:
        raise BadRequest("the client went away", reason="http.body_incomplete") from error
    if len(raw) != length:
        raise BadRequest("the body is shorter than declared", reason="http.body_incomplete")
    return _signed(environ, source, raw)


def _signed(environ: WSGIEnvironment, source: Source, raw: bytes) -> SignedRequest:
    below = environ["PATH_INFO"][len(PREFIX) + len(source.provider) + len(source.public_id) + 2 :]
    query = environ.get("QUERY_STRING")
    return SignedRequest(
        method=environ["REQUEST_METHOD"],
        url=f"{source.public_url}{below}?{query}" if query else source.public_url + below,
        headers={wire: environ[name] for name, wire in HEADERS[source.provider] if name in environ},
        raw=raw,
    )


def verify(source: Source, signed: SignedRequest, certificates: Certificates) -> VerifiedEvent:
    """The event. Raises VerificationFailed and its kin, UnknownSource, or ServiceUnavailable when PayPal's
    certificate cannot be had now."""
    now = clock.now()
    if source.provider == "stripe":
        return stripe_signature.verify(signed, source.credentials(now), now)
    if source.provider == "twilio":
        return twilio_signature.verify(signed, source.credentials(now), now)
    return paypal_signature.verify(signed, source.credentials(now), now, certificates)


def signed_request(source: Source) -> SignedRequest:
    """The present Flask request as it was signed. Raises what `read_request` does."""
    return read_request(request.environ, source)


def verified_form(public_id: str) -> VerifiedForm:
    """Check the present Flask request as Twilio's, for a route that answers with TwiML.

    Raises UnknownSource, the errors of `read_request`, VerificationFailed, PayloadInvalid, or ServiceUnavailable when
    the source cannot be looked up. What is refused is counted under its source.
    """
    receiver = cast("Receiver", current_app.extensions["webhooks"])
    source = receiver.sources.get("twilio", public_id)
    try:
        pairs = twilio_signature.verify_form(signed_request(source), source.credentials(clock.now()))
    except CallwaitingError as error:
        receiver.rejections.count(source, error)
        raise
    params: dict[str, str] = {}
    for name, value in pairs:
        params.setdefault(name, value)
    return VerifiedForm(source, params)
