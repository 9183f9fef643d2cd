"""Whatever arrives, a verifier accepts it or refuses it with a typed error; the doctor answers every line."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from callwaiting.providers import doctor, paypal_signature, stripe_signature, twilio_signature
from callwaiting.providers.ports import SignedRequest, SourceSecrets, VerificationFailed, VerifiedEvent
from tests.providers.certificates import CERT_URL, WEBHOOK_ID, FixedCertificates, headers, leaf, root

NOW = datetime.fromtimestamp(1_700_000_000, UTC)
SECRET = "whsec_a-secret-of-some-length"
SOURCE = SourceSecrets("test", "", [SECRET], WEBHOOK_ID)
LIVE = SourceSecrets("live", "", [SECRET], WEBHOOK_ID)
# Every code point, lone surrogates and NUL too.
anything = st.text(st.characters(exclude_categories=()), max_size=60)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
stripe_names = st.sampled_from(["id", "object", "type", "livemode", "account", "data", "created", "context"])
stripe_bodies = st.dictionaries(stripe_names, json_values, max_size=8).map(orjson.dumps)
few = settings(max_examples=80, database=None)


def outcome(verify: Callable[[], VerifiedEvent]) -> VerifiedEvent | VerificationFailed:
    """Any other exception goes through and fails the test."""
    try:
        return verify()
    except VerificationFailed as error:
        return error


@few
@given(header=anything, raw=st.binary(max_size=80) | stripe_bodies)
def test_stripe_unsigned(header: str, raw: bytes) -> None:
    request = SignedRequest("POST", "", {"stripe-signature": header}, raw)
    assert isinstance(outcome(lambda: stripe_signature.verify(request, SOURCE, NOW)), VerificationFailed)


@few
@given(raw=st.binary(max_size=80) | stripe_bodies, time=st.integers(0, 10**13), secret=anything)
def test_stripe_signed(raw: bytes, time: int, secret: str) -> None:
    key = secret.encode("utf-8", "surrogatepass")
    signature = hmac.digest(key, b"%d." % time + raw, "sha256").hex()
    request = SignedRequest("POST", "", {"stripe-signature": f"t={time},v1={signature}"}, raw)
    source = SourceSecrets("test", "", [secret])
    result = outcome(lambda: stripe_signature.verify(request, source, NOW))
    assert isinstance(result, VerifiedEvent | VerificationFailed)


@few
@given(
    method=st.sampled_from(["POST", "GET", "PUT", ""]),
    url=anything | anything.map(lambda text: f"https://h.test/{text}"),
    content_type=st.sampled_from(["application/x-www-form-urlencoded", "application/json", "text/plain", ""]),
    signature=anything,
    raw=st.binary(max_size=80),
)
def test_twilio_unsigned(method: str, url: str, content_type: str, signature: str, raw: bytes) -> None:
    request = SignedRequest(method, url, {"content-type": content_type, "x-twilio-signature": signature}, raw)
    assert isinstance(outcome(lambda: twilio_signature.verify(request, SOURCE, NOW)), VerificationFailed)


@few
@given(url=anything, raw=st.binary(max_size=80), as_json=st.booleans())
def test_twilio_signed(url: str, raw: bytes, as_json: bool) -> None:
    address = f"https://h.test/{url}".partition("#")[0]
    if as_json:
        address = f"https://h.test/?bodySHA256={hashlib.sha256(raw).hexdigest()}"
    content_type = "application/json" if as_json else "application/x-www-form-urlencoded"
    parameters = [] if as_json else twilio_signature._parse(raw)
    text = address.encode("utf-8", "surrogatepass") + twilio_signature._text_after_url(parameters)
    signature = base64.b64encode(hmac.digest(SECRET.encode(), text, "sha1")).decode()
    request = SignedRequest("POST", address, {"content-type": content_type, "x-twilio-signature": signature}, raw)
    result = outcome(lambda: twilio_signature.verify(request, SOURCE, NOW))
    assert isinstance(result, VerifiedEvent | VerificationFailed)


names = ["transmission-id", "transmission-time", "transmission-sig", "cert-url", "auth-algo"]


@few
@given(changed=st.dictionaries(st.sampled_from(names), anything, max_size=5), raw=st.binary(max_size=80))
def test_paypal(changed: Mapping[str, str], raw: bytes) -> None:
    given_headers = {**headers(raw), **{f"paypal-{name}": value for name, value in changed.items()}}
    request = SignedRequest("POST", "", given_headers, raw)
    certificates = FixedCertificates([leaf()], [root()])
    result = outcome(lambda: paypal_signature.verify(request, LIVE, NOW, certificates))
    assert isinstance(result, VerificationFailed)
    assert set(certificates.asked) <= {CERT_URL}


fields = st.sampled_from(
    ["method", "url", "headers", "body_base64", "secrets", "auth_token", "webhook_id", "certificates", "now", "mode"]
)
providers = st.sampled_from(["stripe", "twilio", "paypal"])


@few
@given(case=st.dictionaries(fields, json_values | anything, max_size=12), provider=providers | json_values)
def test_the_doctor_answers_every_case(case: dict[str, object], provider: object) -> None:
    report = doctor.judge({**case, "id": 1, "provider": provider})
    assert report["id"] == 1
    assert report["verdict"] != "accepted"


@few
@given(line=st.binary(max_size=80) | json_values.map(orjson.dumps))
def test_the_doctor_answers_every_line(line: bytes) -> None:
    assert doctor.judge_json(line)["verdict"] == "BAD_REQUEST"
