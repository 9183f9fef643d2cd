"""The signature doctor: judges a recorded request with the routes' own verifiers, and shows what they compared."""

from __future__ import annotations

import base64
import binascii
import codecs
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args

import orjson

from callwaiting.core.errors import BadRequest, CallwaitingError
from callwaiting.providers import paypal_signature, stripe_signature, twilio_signature
from callwaiting.providers.evidence import Evidence
from callwaiting.providers.ports import Mode, ProviderName, SignedRequest, SourceSecrets, VerifiedEvent

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_PROVIDERS: Mapping[str, ProviderName] = {name: name for name in get_args(ProviderName)}
FORM = "application/x-www-form-urlencoded"
_MODES: Mapping[str, Mode] = {mode: mode for mode in get_args(Mode)}


@dataclass(frozen=True, slots=True)
class GivenCertificates:
    """The certificates of the case itself: nothing is fetched."""

    chain: Sequence[Certificate]
    roots: Sequence[Certificate]

    def get(self, url: str, now: datetime) -> Sequence[Certificate]:
        del url, now
        return self.chain


@dataclass(frozen=True, slots=True)
class Case:
    """One recorded request and what its source would know."""

    provider: ProviderName
    request: SignedRequest
    source: SourceSecrets
    now: datetime
    certificates: GivenCertificates


def judge_json(line: bytes) -> dict[str, object]:
    """`judge` for one line of JSON Lines; a line that is no JSON gets the verdict BAD_REQUEST. A byte order mark before
    it, as some editors write at the start of a file, is passed over."""
    try:
        case = orjson.loads(line.removeprefix(codecs.BOM_UTF8))
    except orjson.JSONDecodeError as error:
        return _report(None, BadRequest(f"the line is not JSON: {error}"), None)
    return judge(case)


def judge(line: object) -> dict[str, object]:
    """The verdict on one case, and never an exception.

    Takes `{id, provider, method, url, headers, body_base64, now}` with `secrets` (Stripe), `auth_token` (Twilio) or
    `webhook_id` and `certificates` (PayPal: PEM texts, or `{chain, roots}` to trust further roots). `now` is in Unix
    seconds or RFC 3339. Without `mode` and `account` the request is taken to be of the source that it names itself;
    Twilio's without a Content-Type to have the one that its URL tells of.

    Returns `{id, verdict, dedupe_key, event_type, object_key, signed_text, detail, received, expected}`; the verdict is
    `accepted` or a public code. Of signatures only the first characters are shown, and secrets never.
    """
    case_id = line.get("id") if isinstance(line, dict) else None
    if not isinstance(case_id, str | int | float | None):
        return _report(None, BadRequest("id is neither a text nor a number"), None)
    try:
        case = read_case(line)
    except BadRequest as error:
        return _report(case_id, error, None)
    try:
        evidence = _explain(case)
    except CallwaitingError:
        evidence = None
    try:
        return _report(case_id, _verify(case), evidence)
    except CallwaitingError as error:
        return _report(case_id, error, evidence)


def read_case(line: object) -> Case:
    """Take a case apart; BadRequest names the field that is not as it must be."""
    if not isinstance(line, dict):
        raise BadRequest("a case is a JSON object")
    provider = _PROVIDERS.get(_text(line, "provider", ""))
    if provider is None:
        raise BadRequest(f"provider is none of {', '.join(_PROVIDERS)}")
    headers, url = _headers(line), _text(line, "url", "")
    if provider == "twilio" and "content-type" not in headers:  # records often leave it out; Twilio never does
        headers["content-type"] = "application/json" if "bodySHA256=" in url else FORM
    request = SignedRequest(_text(line, "method", "POST").upper(), url, headers, _body(line))
    return Case(provider, request, _source(line, provider, request), _now(line), _certificates(line))


def _verify(case: Case) -> VerifiedEvent:
    if case.provider == "stripe":
        return stripe_signature.verify(case.request, case.source, case.now)
    if case.provider == "twilio":
        return twilio_signature.verify(case.request, case.source, case.now)
    return paypal_signature.verify(case.request, case.source, case.now, case.certificates)


def _explain(case: Case) -> Evidence:
    if case.provider == "stripe":
        return stripe_signature.explain(case.request, case.source)
    if case.provider == "twilio":
        return twilio_signature.explain(case.request, case.source)
    return paypal_signature.explain(case.request, case.source)


def _report(case_id: object, outcome: VerifiedEvent | CallwaitingError, evidence: Evidence | None) -> dict[str, object]:
    event = outcome if isinstance(outcome, VerifiedEvent) else None
    error = outcome if isinstance(outcome, CallwaitingError) else None
    return {
        "id": case_id,
        "verdict": error.code.value if error else "accepted",
        "dedupe_key": event.dedupe_key if event else None,
        "event_type": event.event_type if event else None,
        "object_key": event.object_key if event else None,
        "signed_text": evidence.signed_text if evidence else None,
        "detail": error.detail if error else "",
        "received": list(evidence.received) if evidence else [],
        "expected": list(evidence.expected) if evidence else [],
    }


def _source(line: Mapping[str, object], provider: ProviderName, request: SignedRequest) -> SourceSecrets:
    """The source of the case; mode and account that are not given are those that the request names, so that every
    case goes through the same checks."""
    named_mode, named_account = _named_origin(provider, request)
    mode = _MODES.get(_text(line, "mode", named_mode))
    if mode is None:
        raise BadRequest("mode is neither live nor test")
    account = _text(line, "account", named_account)
    secrets = _texts(line, "secrets")
    token = _text(line, "auth_token", "")
    return SourceSecrets(mode, account, [*secrets, token] if token else secrets, _text(line, "webhook_id", ""))


def _named_origin(provider: ProviderName, request: SignedRequest) -> tuple[Mode, str]:
    try:
        if provider == "stripe":
            return stripe_signature.claimed_origin(request.raw)
        if provider == "twilio":
            return "live", twilio_signature.claimed_account(request)
    except CallwaitingError:
        return "live", ""
    sandbox = request.headers.get("paypal-cert-url", "").startswith("https://api.sandbox.")
    return "test" if sandbox else "live", ""


def _headers(line: Mapping[str, object]) -> dict[str, str]:
    """Header names in lower case. Repeated ones are joined by a comma, as a web server does."""
    headers = line.get("headers", {})
    if not isinstance(headers, dict):
        raise BadRequest("headers is not an object")
    joined: dict[str, str] = {}
    for name, value in headers.items():
        values = value if isinstance(value, list) else [value]
        if not isinstance(name, str) or not all(isinstance(item, str) for item in values):
            raise BadRequest("headers holds something else than texts")
        key = name.lower()
        joined[key] = ",".join([joined[key], *values] if key in joined else values)
    return joined


def _body(line: Mapping[str, object]) -> bytes:
    try:
        return base64.b64decode(_text(line, "body_base64", ""), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadRequest("body_base64 is not Base64") from error


def _now(line: Mapping[str, object]) -> datetime:
    now = line.get("now")
    try:
        if isinstance(now, int | float) and not isinstance(now, bool):
            return datetime.fromtimestamp(now, UTC)
        if isinstance(now, str):
            moment = datetime.fromisoformat(now)
            if moment.tzinfo:
                return moment.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise BadRequest("now is out of range or misspelled") from error
    raise BadRequest("now is neither Unix seconds nor RFC 3339")


def _certificates(line: Mapping[str, object]) -> GivenCertificates:
    given = line.get("certificates")
    if given is None:
        return GivenCertificates((), ())
    from callwaiting.providers import paypal_trust

    fields: Mapping[str, object] = given if isinstance(given, dict) else {"chain": given}
    roots = (*_pem(fields, "roots"), *paypal_trust.pinned_roots())
    return GivenCertificates(_pem(fields, "chain"), roots)


def _pem(fields: Mapping[str, object], name: str) -> Sequence[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return [item for text in _texts(fields, name) for item in load_pem_x509_certificates(text.encode())]
    except ValueError as error:
        raise BadRequest(f"{name} of certificates is not PEM") from error


def _text(fields: Mapping[str, object], name: str, default: str) -> str:
    value = fields.get(name)
    if value is None:
        return default
    if not isinstance(value, str):
        raise BadRequest(f"{name} is not a text")
    return value


def _texts(fields: Mapping[str, object], name: str) -> list[str]:
    """A list of texts; one text stands for a list of one."""
    value = fields.get(name)
    values = [] if value is None else value if isinstance(value, list) else [value]
    texts = [item for item in values if isinstance(item, str)]
    if len(texts) != len(values):
        raise BadRequest(f"{name} holds something else than texts")
    return texts
