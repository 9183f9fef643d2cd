"""Is this request Twilio's? Rules: twilio.com/docs/usage/security and the request validators of the official SDKs.

The signature covers no time, so a captured request holds for ever: the replay guard is the dedupe key, which
`twilio_events` makes of signed parameters only.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterator
from datetime import datetime
from urllib.parse import unquote_to_bytes

from callwaiting.providers.evidence import (
    SHOWN_SIGNATURE,
    Evidence,
    hide_secrets,
    live_secrets,
    require_header,
    utf8,
)
from callwaiting.providers.ports import (
    PayloadInvalid,
    SignedRequest,
    SourceSecrets,
    VerificationFailed,
    VerifiedEvent,
)
from callwaiting.providers.twilio_events import json_account, read_form, read_json, require_account, single_values

HEADER = "x-twilio-signature"
# Names the algorithm when a shared key signs instead of the auth token (twilio-python 9.13, request_validator.py).
SETTINGS_HEADER = "x-twilio-webhooks-signature-settings"
ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
MAX_PARAMETERS = 1000
DEFAULT_PORTS = {"https": "443", "http": "80"}
Parameters = list[tuple[bytes, bytes]]


def verify(request: SignedRequest, source: SourceSecrets, now: datetime) -> VerifiedEvent:
    """The event, if one of the source's auth tokens signed this request. `now` is unused: nothing signed tells a time.

    Raises VerificationFailed, or PayloadInvalid (another AccountSid, text that is not UTF-8, a misshapen identifier).
    """
    del now
    parameters = _check_signature(request, source)
    if _is_json(request):
        return read_json(request.raw, source)
    return read_form(_decode(parameters), _query(request.url), _text_after_url(parameters), source)


def verify_form(request: SignedRequest, source: SourceSecrets) -> list[tuple[str, str]]:
    """The signed parameters in the order they came, for the routes that answer with TwiML; blank values are kept.

    For a GET they are those of the query. Raises as `verify` does, and VerificationFailed for JSON.
    """
    if _is_json(request):
        raise VerificationFailed("a form was expected, not JSON")
    parameters = _decode(_check_signature(request, source))
    require_account(single_values(parameters).get("AccountSid", ""), source)
    return parameters


def explain(request: SignedRequest, source: SourceSecrets) -> Evidence:
    """What `verify` compares, for the doctor. Raises VerificationFailed on a request that cannot be read."""
    received = require_header(request, HEADER)
    text = _text_after_url(_body_parameters(request))
    urls = list(signed_urls(request.url))
    algorithm = _algorithm(request)
    return Evidence(
        signed_text=hide_secrets(
            _hide_password(urls[0]) + text.decode("utf-8", "replace"),
            source.secrets,
        ),
        received=(received[:SHOWN_SIGNATURE],),
        expected=tuple(
            _sign(key, utf8(url) + text, algorithm)[:SHOWN_SIGNATURE].decode()
            for key in live_secrets(source.secrets)
            for url in urls
        ),
    )


def claimed_account(request: SignedRequest) -> str:
    """The AccountSid that the request names, unverified; empty when it names none. Raises VerificationFailed or
    PayloadInvalid."""
    if _is_json(request):
        return json_account(request.raw)
    parameters = _query_parameters(request.url) if request.method == "GET" else _body_parameters(request)
    return single_values(_decode(parameters)).get("AccountSid", "")


def signed_urls(url: str) -> Iterator[str]:
    """The spellings of the URL that Twilio may have signed, at most six: with and without a port, since it is
    inconsistent (official validators try both), and with apostrophes in the query bare and escaped (twilio-node
    pull request 1061). A fragment configures Twilio's connection and never leaves it."""
    url = url.partition("#")[0]
    scheme, separator, rest = url.partition("://")
    if not separator:
        raise VerificationFailed("the URL is not absolute")
    end = min(position for position in (rest.find("/"), rest.find("?"), len(rest)) if position >= 0)
    user, at, host_port = rest[:end].rpartition("@")
    host, colon, port = host_port.rpartition(":")
    if not colon or not port.isdecimal():
        host, port = host_port, ""
    default = DEFAULT_PORTS.get(scheme.lower(), "")
    hosts = [host_port, host, f"{host}:{port or default}"]
    path, mark, query = rest[end:].partition("?")
    queries = [query, query.replace("'", "%27"), query.replace("%27", "'")]
    for query in dict.fromkeys(queries):
        for spelled_host in dict.fromkeys(hosts):
            yield f"{scheme}://{user}{at}{spelled_host}{path}{mark}{query}"


def _check_signature(request: SignedRequest, source: SourceSecrets) -> Parameters:
    """The parameters, bytes as they came, once the signature over them (or over the body's hash) is known to hold."""
    received = require_header(request, HEADER).encode("ascii", "replace")
    parameters = _body_parameters(request)
    algorithm = _algorithm(request)
    text = _text_after_url(parameters)
    keys = live_secrets(source.secrets)
    for url in signed_urls(request.url):
        signed = utf8(url) + text
        if any(hmac.compare_digest(_sign(key, signed, algorithm), received) for key in keys):
            break
    else:
        raise VerificationFailed("the signature does not match the URL and parameters under any auth token")
    return _query_parameters(request.url) if request.method == "GET" else parameters


def _sign(key: bytes, signed: bytes, algorithm: str) -> bytes:
    return base64.b64encode(hmac.digest(key, signed, algorithm))


def _algorithm(request: SignedRequest) -> str:
    """SHA-1 unless the settings header names SHA-256. The header is unsigned, yet neither algorithm's signature can
    be turned into the other's."""
    if SETTINGS_HEADER not in request.headers:
        return ALGORITHMS["HMAC_SHA1"]
    for item in require_header(request, SETTINGS_HEADER).split(","):
        name, _, value = item.strip().partition("=")
        if name == "algorithm":
            if value.upper() not in ALGORITHMS:
                raise VerificationFailed("the signature algorithm is unknown")
            return ALGORITHMS[value.upper()]
    return ALGORITHMS["HMAC_SHA1"]


def _text_after_url(parameters: Parameters) -> bytes:
    """Each distinct key in byte order, before each of its distinct values, also in order (twilio-python 613)."""
    return b"".join(key + value for key, value in sorted(set(parameters)))


def _body_parameters(request: SignedRequest) -> Parameters:
    """The signed parameters of the body. None for GET, which must not have a body, and for JSON, whose body must
    match the hash in the signed URL: without a hash nothing at all would vouch for it."""
    hashes = [value for key, value in _query_parameters(request.url) if key == b"bodySHA256"]
    if request.method == "GET":
        if request.raw or hashes:
            raise VerificationFailed("a GET request carries neither a body nor a body hash")
        return []
    if request.method != "POST":
        raise VerificationFailed("only GET and POST are signed")
    if _is_json(request):
        if len(hashes) != 1:
            raise VerificationFailed("JSON needs exactly one bodySHA256 in the URL")
        if not hmac.compare_digest(hashlib.sha256(request.raw).hexdigest().encode(), hashes[0]):
            raise VerificationFailed("bodySHA256 is not the hash of the body")
        return []
    if _content_type(request) != "application/x-www-form-urlencoded":
        raise VerificationFailed("the content type is neither a form nor JSON")
    return _parse(request.raw)


def _content_type(request: SignedRequest) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _is_json(request: SignedRequest) -> bool:
    return request.method == "POST" and _content_type(request) == "application/json"


def _query_parameters(url: str) -> Parameters:
    return _parse(_query(url))


def _query(url: str) -> bytes:
    return utf8(url.partition("#")[0].partition("?")[2])


def _parse(encoded: bytes) -> Parameters:
    """Form encoding taken apart into bytes. Blank values stay and nothing is trimmed: both are signed."""
    if encoded.count(b"&") >= MAX_PARAMETERS:
        raise VerificationFailed(f"there are more than {MAX_PARAMETERS} parameters")
    pairs = (item.replace(b"+", b" ").partition(b"=") for item in encoded.split(b"&") if item)
    return [(unquote_to_bytes(key), unquote_to_bytes(value)) for key, _, value in pairs]


def _decode(parameters: Parameters) -> list[tuple[str, str]]:
    try:
        return [(key.decode(), value.decode()) for key, value in parameters]
    except UnicodeDecodeError as error:
        raise PayloadInvalid("a parameter is not UTF-8") from error


def _hide_password(url: str) -> str:
    return re.sub(r"^([^/?#]*://[^/?#:@]*):[^/?#]*@", r"\1:***@", url)
