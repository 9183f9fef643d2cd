"""PayPal's verifier against a real delivery that PayPal's SDKs publish, and against what an attacker may send."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from callwaiting.providers import paypal_trust
from callwaiting.providers.paypal_signature import certificate_path, read_event, require_webhook_id, verify
from callwaiting.providers.ports import (
    Mode,
    PayloadInvalid,
    SignedRequest,
    SourceSecrets,
    TimestampExpired,
    VerificationFailed,
    VerifiedEvent,
)
from tests.providers.certificates import (
    LIVE_NAME,
    NOW,
    WEBHOOK_ID,
    FixedCertificates,
    certificate,
    headers,
    leaf,
    root,
    rsa_key,
)

SOURCE = SourceSecrets("live", webhook_id=WEBHOOK_ID)
EVENT = {
    "id": "WH-1",
    "create_time": "2026-01-02T03:04:00Z",
    "event_type": "PAYMENT.CAPTURE.COMPLETED",
    "resource": {"id": "CAP-1"},
}
BODY = orjson.dumps(EVENT)
# PayPal-Python-SDK and PayPal-Ruby-SDK publish the delivery, PayPal-node-SDK the certificate of that address.
REAL = orjson.loads((Path(__file__).parents[1] / "payloads" / "paypal_delivery.json").read_bytes())


def check(
    raw: bytes = BODY,
    given: dict[str, str] | None = None,
    *,
    chain: list[x509.Certificate] | None = None,
    roots: list[x509.Certificate] | None = None,
    now: datetime = NOW,
    source: SourceSecrets = SOURCE,
) -> VerifiedEvent:
    certificates = FixedCertificates([leaf()] if chain is None else chain, [root()] if roots is None else roots)
    request = SignedRequest("POST", "https://example.test/webhooks/paypal/x", given or headers(raw), raw)
    return verify(request, source, now, certificates)


def real(*, now: datetime, raw: bytes | None = None, webhook_id: str = "") -> VerifiedEvent:
    body = base64.b64decode(REAL["body_base64"]) if raw is None else raw
    request = SignedRequest("POST", "", {name.lower(): value for name, value in REAL["headers"].items()}, body)
    source = SourceSecrets("test", webhook_id=webhook_id or REAL["webhook_id"])
    chain = x509.load_pem_x509_certificates(REAL["certificates"][0].encode())
    return verify(request, source, now, FixedCertificates(chain, paypal_trust.pinned_roots()))


def test_accepts_a_real_delivery_under_the_pinned_roots() -> None:
    event = real(now=datetime(2015, 5, 18, 15, 46, tzinfo=UTC))
    assert event.dedupe_key == "WH-0G2756385H040842W-5Y612302CV158622M|PAYMENT.SALE.COMPLETED"
    assert (event.object_key, event.occurred_at) == ("4EU7004268015634R", datetime(2015, 5, 18, 15, 45, 13, tzinfo=UTC))


def test_refuses_the_real_delivery_changed_or_for_another_webhook() -> None:
    moment = datetime(2015, 5, 18, 15, 46, tzinfo=UTC)
    body = bytearray(base64.b64decode(REAL["body_base64"]))
    body[40] ^= 1
    with pytest.raises(VerificationFailed, match="does not match"):
        real(now=moment, raw=bytes(body))
    with pytest.raises(VerificationFailed, match="does not match"):
        real(now=moment, webhook_id="4JH86294D6297924H")


def test_the_real_certificate_is_worth_nothing_once_expired() -> None:
    with pytest.raises(VerificationFailed, match="not trusted"):
        real(now=datetime(2017, 3, 23, tzinfo=UTC))


def test_pinned_roots_are_found_and_no_others_are_trusted() -> None:
    assert len(paypal_trust.pinned_roots()) == len(paypal_trust.PINNED_ROOTS)
    for authority in paypal_trust.known_authorities():
        assert any(_issued(authority, trusted) for trusted in paypal_trust.pinned_roots())


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    certificate.verify_directly_issued_by(issuer)
    return True


@pytest.mark.parametrize(
    ("age", "accepted"),
    [
        (timedelta(days=3), True),
        (timedelta(days=3, seconds=1), False),
        (timedelta(minutes=-5), True),
        (timedelta(minutes=-5, seconds=-1), False),
    ],
)
def test_past_three_days_and_five_minutes_ahead(age: timedelta, accepted: bool) -> None:
    if accepted:
        assert check(now=NOW + age).provider_event_id == "WH-1"
    else:
        with pytest.raises(TimestampExpired):
            check(now=NOW + age)


def test_every_flipped_bit_of_the_signature_is_refused() -> None:
    good = headers(BODY)
    signature = base64.b64decode(good["paypal-transmission-sig"])
    for position in range(0, len(signature), 7):
        changed = bytearray(signature)
        changed[position] ^= 1
        with pytest.raises(VerificationFailed):
            check(given={**good, "paypal-transmission-sig": base64.b64encode(changed).decode()})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("paypal-auth-algo", "SHA1withRSA"),
        ("paypal-auth-algo", "MD5withRSA"),
        ("paypal-auth-algo", "sha256withrsa"),
        ("paypal-auth-algo", "SHA256withRSA "),
        ("paypal-transmission-id", "a|b"),
        ("paypal-transmission-id", "\ud800"),
        ("paypal-transmission-id", "other"),
        ("paypal-transmission-time", "2026-01-02T03:04:06Z"),
        ("paypal-transmission-time", "2026-01-02 03:04:05Z"),
        ("paypal-transmission-time", "2026-01-02T03:04:05"),
        ("paypal-transmission-time", "2018-19-12T03:04:05Z"),
        ("paypal-transmission-time", "0001-01-01T00:00:00+23:59"),
        ("paypal-transmission-time", "1767323045"),
        ("paypal-transmission-sig", "not base64!"),
        ("paypal-transmission-sig", "AAAA"),
        ("paypal-transmission-sig", "ключ"),
    ],
)
@pytest.mark.parametrize("missing", [False, True])
def test_refuses_headers_that_are_not_paypals(name: str, value: str, missing: bool) -> None:
    good = headers(BODY)
    given = {k: v for k, v in good.items() if k != name} if missing else {**good, name: value}
    with pytest.raises(VerificationFailed):
        check(given=given)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com.evil.test/v1/notifications/certs/CERT-1",
        "https://evil.test/v1/notifications/certs/CERT-1",
        "https://evilapi.paypal.com/v1/notifications/certs/CERT-1",
        "https://www.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
        "https://API.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:443/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@evil.test/v1/notifications/certs/CERT-1",
        "https://user@api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?x=1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1#x",
        "https://api.paypal.com/v1/notifications/certs/CERT-1\n",
        "https://api.paypal.com/v1/notifications/certs/CERT-1/../../x",
        "https://api.paypal.com/v1/notifications/certs/../CERT-1",
        "https://api.paypal.com//v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/CERT-%2e",
        "https://api.paypal.com/v1/notifications/certs/CERT-",
        "https://api.paypal.com\\@evil.test/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/CERT-é",
        "https://169.254.169.254/v1/notifications/certs/CERT-1",
        "file:///etc/passwd",
    ],
)
def test_an_address_that_is_not_paypals_is_never_asked_for(url: str) -> None:
    certificates = FixedCertificates([leaf()], [root()])
    request = SignedRequest("POST", "", {**headers(BODY), "paypal-cert-url": url}, BODY)
    with pytest.raises(VerificationFailed):
        verify(request, SOURCE, NOW, certificates)
    assert certificates.asked == []


@pytest.mark.parametrize(("mode", "host"), [("live", "api.paypal.com"), ("test", "api.sandbox.paypal.com")])
def test_each_mode_has_its_own_host(mode: Mode, host: str) -> None:
    path = "/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77"
    assert certificate_path(f"https://{host}{path}", mode) == path


def test_a_chain_by_an_authority_below_the_root_holds() -> None:
    middle = certificate("Test CA", rsa_key("middle"), "Test Root", rsa_key("root"), authority=True, path_length=0)
    signer = certificate(LIVE_NAME, rsa_key("leaf"), "Test CA", rsa_key("middle"))
    assert check(chain=[signer, middle]).provider_event_id == "WH-1"


def bad_chains() -> dict[str, list[x509.Certificate]]:
    """Each differs from a good chain in one thing."""
    key, top = rsa_key("leaf"), rsa_key("root")
    old = (NOW - timedelta(days=9), NOW - timedelta(seconds=1))
    future = (NOW + timedelta(seconds=1), NOW + timedelta(days=9))
    no_authority = certificate("Test CA", rsa_key("middle"), "Test Root", top, authority=False)
    below = certificate(LIVE_NAME, key, "Test CA", rsa_key("middle"))
    small = rsa_key("small", 1024)
    return {
        "none": [],
        "self-signed": [certificate(LIVE_NAME, key, LIVE_NAME, key)],
        "by a stranger of the root's name": [certificate(LIVE_NAME, key, "Test Root", rsa_key("stranger"))],
        "an authority's own": [certificate(LIVE_NAME, key, "Test Root", top, authority=True, san=[LIVE_NAME])],
        "issued by a leaf": [below, no_authority],
        "without its issuer": [below],
        "expired": [certificate(LIVE_NAME, key, "Test Root", top, valid=old)],
        "not yet valid": [certificate(LIVE_NAME, key, "Test Root", top, valid=future)],
        "another name": [certificate("www.paypal.com", key, "Test Root", top)],
        "the sandbox's name": [certificate("messageverificationcerts.sandbox.paypal.com", key, "Test Root", top)],
        "a wildcard": [certificate("*.paypal.com", key, "Test Root", top)],
        "the name as a subject only": [certificate(LIVE_NAME, key, "Test Root", top, san=["evil.test"])],
        "no names": [certificate(LIVE_NAME, key, "Test Root", top, san=[])],
        "for signing code": [certificate(LIVE_NAME, key, "Test Root", top, usage=ExtendedKeyUsageOID.CODE_SIGNING)],
        "1024 bits": [certificate(LIVE_NAME, small, "Test Root", top)],
        "elliptic": [certificate(LIVE_NAME, ec.generate_private_key(ec.SECP256R1()), "Test Root", top)],
    }


@pytest.mark.parametrize("kind", bad_chains())
def test_refuses_a_certificate_that_may_not_speak_for_paypal(kind: str) -> None:
    signing = rsa_key("small", 1024) if kind == "1024 bits" else rsa_key("leaf")
    with pytest.raises(VerificationFailed):
        check(given=headers(BODY, key=signing), chain=bad_chains()[kind])


def test_a_path_longer_than_the_root_allows_is_refused() -> None:
    middle = certificate("Test CA", rsa_key("middle"), "Test Root", rsa_key("root"), authority=True)
    signer = certificate(LIVE_NAME, rsa_key("leaf"), "Test CA", rsa_key("middle"))
    with pytest.raises(VerificationFailed):
        check(chain=[signer, middle], roots=[root(path_length=0)])


def test_without_roots_nothing_is_trusted() -> None:
    with pytest.raises(VerificationFailed):
        check(roots=[])


@pytest.mark.parametrize("webhook_id", ["", "  ", "WEBHOOK_ID", "webhook_id", " Webhook_Id "])
def test_the_placeholder_is_no_webhook_id(webhook_id: str) -> None:
    """PayPal's simulator signs for it with the live certificate, for anybody."""
    with pytest.raises(VerificationFailed, match="placeholder"):
        check(given=headers(BODY, webhook_id=webhook_id), source=SourceSecrets("live", webhook_id=webhook_id))
    with pytest.raises(VerificationFailed):
        require_webhook_id(webhook_id)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"\xff",
        b"{",
        orjson.dumps({**EVENT, "id": None}),
        orjson.dumps({**EVENT, "id": "x" * 250}),
        orjson.dumps({**EVENT, "event_type": "\0"}),
        orjson.dumps({**EVENT, "resource": {"id": 5}}),
    ],
)
def test_a_signed_body_that_is_no_event_is_invalid(raw: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        check(raw)


def test_a_dispute_is_known_by_its_own_id_and_an_impossible_date_is_left_out() -> None:
    raw = orjson.dumps({**EVENT, "resource": {"dispute_id": "PP-D-1"}, "create_time": "2018-19-12T03:04:05Z"})
    event = read_event(raw)
    assert (event.object_key, event.occurred_at) == ("PP-D-1", None)
