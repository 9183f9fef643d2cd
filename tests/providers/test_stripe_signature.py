"""Stripe's verifier against the official SDK's own signer, and against what an attacker may send."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime

import orjson
import pytest
from stripe import WebhookSignature

from callwaiting.providers.ports import (
    ANY_CONNECTED_ACCOUNT,
    PayloadInvalid,
    SignedRequest,
    SourceSecrets,
    TimestampExpired,
    VerificationFailed,
)
from callwaiting.providers.stripe_signature import explain, verify

NOW = 1_700_000_000
SECRET = "whsec_first-of-two-secrets"
SOURCE = SourceSecrets("test", secrets=[SECRET])
EVENT: dict[str, object] = {
    "id": "evt_1",
    "object": "event",
    "type": "checkout.session.completed",
    "livemode": False,
    "created": NOW - 3,
    "data": {"object": {"id": "cs_1"}},
}
THIN: dict[str, object] = {
    "id": "evt_thin_1",
    "object": "v2.core.event",
    "type": "v1.checkout.session.completed",
    "livemode": False,
    "created": "2023-11-14T22:13:20.000Z",
    "related_object": {"id": "cs_1", "type": "checkout.session", "url": "/v1/checkout/sessions/cs_1"},
}
BODY = orjson.dumps(EVENT)


def at(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def official(raw: bytes, *, time: int = NOW, secret: str = SECRET) -> str:
    """The header that the SDK itself makes for its users' tests (stripe-python stripe/_webhook.py)."""
    return str(WebhookSignature.generate_signature_header(raw.decode(), secret, time))


def v1(raw: bytes, *, time: int = NOW, secret: str = SECRET) -> str:
    return hmac.digest(secret.encode(), b"%d." % time + raw, "sha256").hex()


def request(header: str, raw: bytes = BODY) -> SignedRequest:
    return SignedRequest("POST", "https://example.test/webhooks/stripe/x", {"stripe-signature": header}, raw)


def test_accepts_what_the_official_sdk_signs() -> None:
    event = verify(request(official(BODY)), SOURCE, at(NOW))
    assert (event.dedupe_key, event.event_type, event.object_key) == ("evt_1", "checkout.session.completed", "cs_1")
    assert event.occurred_at == at(NOW - 3)
    WebhookSignature.verify_header(BODY.decode(), official(BODY), SECRET)


@pytest.mark.parametrize("second", [0, 1])
def test_either_secret_and_either_candidate_holds_while_secrets_roll(second: int) -> None:
    secrets = ["whsec_new-one", SECRET] if second else [SECRET, "whsec_new-one"]
    header = f"t={NOW},v1={v1(BODY, secret='whsec_other-one')},v1={v1(BODY)}"
    assert verify(request(header), SourceSecrets("test", secrets=secrets), at(NOW)).dedupe_key == "evt_1"


@pytest.mark.parametrize("age", [-300, 0, 299, 300])
def test_accepts_300_seconds_either_way(age: int) -> None:
    assert verify(request(official(BODY)), SOURCE, at(NOW + age)).dedupe_key == "evt_1"


@pytest.mark.parametrize("age", [-3600, -301, -300.5, 300.5, 301, 86_400])
def test_calls_anything_beyond_expired(age: float) -> None:
    with pytest.raises(TimestampExpired):
        verify(request(official(BODY)), SOURCE, at(NOW + age))


def test_a_wrong_signature_is_never_called_expired() -> None:
    with pytest.raises(VerificationFailed) as caught:
        verify(request(official(BODY, secret="whsec_of-somebody-else")), SOURCE, at(NOW + 999))
    assert not isinstance(caught.value, TimestampExpired)


SIGNED = v1(BODY)


@pytest.mark.parametrize(
    "header",
    [
        "",
        "garbage",
        f"v1={SIGNED}",
        f"t={NOW}",
        f"t={NOW},v0={SIGNED}",
        f"t={NOW},v1={SIGNED.upper()}",
        f"t={NOW}, v1={SIGNED}",
        f"t={NOW},v1={SIGNED}x",
        f"t={NOW},v1={SIGNED[:-1]}",
        f"t={NOW},v1=",
        f"t={NOW},t={NOW},v1={SIGNED}",
        f"t={NOW - 1},t={NOW},v1={SIGNED}",
        f"t=+{NOW},v1={SIGNED}",
        f"t= {NOW},v1={SIGNED}",
        f"t=0{NOW},v1={SIGNED}",
        f"t=1_700_000_000,v1={SIGNED}",
        f"t=١٧٠٠٠٠٠٠٠٠,v1={SIGNED}",
        f"t={NOW}.0,v1={SIGNED}",
        f"t=-{NOW},v1={SIGNED}",
        "t=" + "9" * 4000 + f",v1={SIGNED}",
        f"t={NOW}," + ",".join(["v1=" + "0" * 64] * 10) + f",v1={SIGNED}",
        f"t={NOW},v1=ключ,v1=\ud800",
    ],
)
def test_refuses_headers_that_are_not_stripes(header: str) -> None:
    with pytest.raises(VerificationFailed):
        verify(request(header), SOURCE, at(NOW))


def test_refuses_a_header_of_ten_megabytes() -> None:
    with pytest.raises(VerificationFailed, match="longer"):
        verify(request(f"t={NOW},v1={SIGNED}," + "x=y," * 2_500_000), SOURCE, at(NOW))


def test_ten_candidates_are_the_most() -> None:
    header = f"t={NOW}," + ",".join(["v1=" + "0" * 64] * 9) + f",v1={SIGNED}"
    assert verify(request(header), SOURCE, at(NOW)).dedupe_key == "evt_1"


def test_what_follows_a_second_equals_sign_is_dropped_as_in_the_sdk() -> None:
    assert verify(request(f"t={NOW},v1={SIGNED}="), SOURCE, at(NOW)).dedupe_key == "evt_1"


def test_every_flipped_byte_of_body_and_signature_is_refused() -> None:
    for position in range(len(BODY)):
        changed = bytearray(BODY)
        changed[position] ^= 1
        with pytest.raises(VerificationFailed):
            verify(request(official(BODY), bytes(changed)), SOURCE, at(NOW))
    for position in range(len(SIGNED)):
        other = "0" if SIGNED[position] != "0" else "1"
        changed_header = f"t={NOW},v1={SIGNED[:position]}{other}{SIGNED[position + 1 :]}"
        with pytest.raises(VerificationFailed):
            verify(request(changed_header), SOURCE, at(NOW))


@pytest.mark.parametrize("secrets", [[], [""], ["", ""]])
def test_without_a_secret_nothing_holds(secrets: list[str]) -> None:
    forged = f"t={NOW},v1={v1(BODY, secret='')}"
    with pytest.raises(VerificationFailed):
        verify(request(forged), SourceSecrets("test", secrets=secrets), at(NOW))


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b'{"id":"\xff"}',
        orjson.dumps({**EVENT, "id": "evt_\0"}),
        BODY.replace(b"evt_1", b"\\ud800"),
        orjson.dumps({**EVENT, "id": 5}),
        orjson.dumps({**EVENT, "id": ""}),
        orjson.dumps({**EVENT, "id": "e" * 256}),
        orjson.dumps({**EVENT, "type": None}),
        orjson.dumps({**EVENT, "livemode": "false"}),
        orjson.dumps({**EVENT, "livemode": True}),
        orjson.dumps({**EVENT, "account": "acct_1"}),
        orjson.dumps({**EVENT, "account": 7}),
        orjson.dumps({**EVENT, "data": {"object": {"id": ["cs_1"]}}}),
        b"[" * 5_000,
    ],
)
def test_a_signed_body_that_is_no_event_of_this_source_is_invalid(raw: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        verify(request(f"t={NOW},v1={v1(raw)}", raw), SOURCE, at(NOW))


def test_a_connect_event_belongs_to_its_account_only() -> None:
    raw = orjson.dumps({**EVENT, "account": "acct_1"})
    signed = request(official(raw), raw)
    assert verify(signed, SourceSecrets("test", "acct_1", [SECRET]), at(NOW)).account == "acct_1"
    assert verify(signed, SourceSecrets("test", ANY_CONNECTED_ACCOUNT, [SECRET]), at(NOW)).account == "acct_1"
    with pytest.raises(PayloadInvalid):
        verify(signed, SourceSecrets("test", "acct_2", [SECRET]), at(NOW))
    with pytest.raises(PayloadInvalid):
        verify(request(official(BODY)), SourceSecrets("test", ANY_CONNECTED_ACCOUNT, [SECRET]), at(NOW))


def test_a_thin_event_and_its_snapshot_twin_share_one_key() -> None:
    twin = orjson.dumps({**THIN, "snapshot_event": "evt_1"})
    event = verify(request(official(twin), twin), SOURCE, at(NOW))
    assert (event.dedupe_key, event.provider_event_id, event.object_key) == ("evt_1", "evt_thin_1", "cs_1")
    assert event.occurred_at == at(NOW)
    alone = orjson.dumps({**THIN, "context": "acct_1"})
    connected = verify(request(official(alone), alone), SourceSecrets("test", "acct_1", [SECRET]), at(NOW))
    assert (connected.dedupe_key, connected.account) == ("evt_thin_1", "acct_1")


@pytest.mark.parametrize("created", ["yesterday", 10**30, -(10**30), None, True, [], "2023-11-14T22:13:20"])
def test_a_strange_time_of_the_event_does_not_matter(created: object) -> None:
    raw = orjson.dumps({**EVENT, "created": str(created) if isinstance(created, int) else created})
    assert verify(request(official(raw), raw), SOURCE, at(NOW)).dedupe_key == "evt_1"


def test_half_a_megabyte_is_verified_as_any_other() -> None:
    raw = orjson.dumps({**EVENT, "padding": "x" * 512 * 1024})
    assert verify(request(official(raw), raw), SOURCE, at(NOW)).dedupe_key == "evt_1"


def test_explain_shows_no_secret_and_no_whole_signature() -> None:
    raw = orjson.dumps({**EVENT, "note": SECRET})
    evidence = explain(request(official(raw, secret="whsec_of-somebody-else"), raw), SOURCE)
    assert evidence.signed_text.startswith(f"{NOW}.{{")
    assert SECRET not in evidence.signed_text
    assert evidence.expected == (v1(raw)[:8],)
    assert evidence.received != evidence.expected
