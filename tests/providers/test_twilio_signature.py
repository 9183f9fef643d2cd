"""Twilio's verifier against the constants of the official SDKs' tests, and against what an attacker may send."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import orjson
import pytest
from twilio.request_validator import RequestValidator

from callwaiting.providers.ports import PayloadInvalid, SignedRequest, SourceSecrets, VerificationFailed
from callwaiting.providers.twilio_signature import explain, signed_urls, verify, verify_form

NOW = datetime(2026, 1, 2, tzinfo=UTC)
TOKEN = "0123456789abcdef0123456789abcdef"
ACCOUNT = "AC" + "1" * 32
CALL = "CA" + "2" * 32
MESSAGE = "SM" + "3" * 32
SOURCE = SourceSecrets("live", ACCOUNT, [TOKEN])
URL = "https://example.test/webhooks/twilio/x?step=menu&turn=1"
FORM_TYPE = "application/x-www-form-urlencoded"
# Each vector names the SDK's test that publishes it.
PUBLISHED = orjson.loads((Path(__file__).parents[1] / "payloads" / "twilio_vectors.json").read_bytes())
VOICE = {
    "AccountSid": ACCOUNT,
    "CallSid": CALL,
    "CallStatus": "ringing",
    "Direction": "inbound",
    "From": "+14155550100",
    "To": "+14155550199",
    "FromZip": "",
}
STATUS = {
    **VOICE,
    "CallStatus": "completed",
    "SequenceNumber": "3",
    "CallbackSource": "call-progress-events",
    "Timestamp": "Thu, 01 Jan 2026 12:00:00 +0000",
}
SMS_IN = {"AccountSid": ACCOUNT, "MessageSid": MESSAGE, "SmsStatus": "received", "From": "+14155550100",
          "To": "+14155550199", "Body": "two ☕, please"}  # fmt: skip
SMS_STATUS = {"AccountSid": ACCOUNT, "MessageSid": MESSAGE, "MessageStatus": "undelivered", "ErrorCode": "30003",
              "From": "+14155550199", "To": "+14155550100"}  # fmt: skip
RECORDING = {"AccountSid": ACCOUNT, "CallSid": CALL, "RecordingSid": "RE" + "4" * 32, "RecordingStatus": "completed"}


def request(
    form: dict[str, str] | str, *, url: str = URL, signature: str | None = None, token: str = TOKEN
) -> SignedRequest:
    """A form as Twilio posts it, signed by the official validator unless a signature is given."""
    raw = form if isinstance(form, str) else urlencode(form)
    official = RequestValidator(token).compute_signature(url, form if isinstance(form, dict) else {})
    headers = {"content-type": FORM_TYPE, "x-twilio-signature": official if signature is None else signature}
    return SignedRequest("POST", url, headers, raw.encode())


@pytest.mark.parametrize("vector", PUBLISHED["vectors"], ids=lambda vector: vector["id"])
def test_agrees_with_every_published_vector(vector: dict[str, object]) -> None:
    headers = {"content-type": str(vector["content_type"]), "x-twilio-signature": str(vector["signature"])}
    signed = SignedRequest("POST", str(vector["url"]), headers, str(vector["body"]).encode())
    source = SourceSecrets("live", secrets=[PUBLISHED["auth_token"]])
    if vector["accepted"]:
        assert verify(signed, source, NOW).provider == "twilio"
    else:
        with pytest.raises(VerificationFailed) as caught:
            verify(signed, source, NOW)
        assert not isinstance(caught.value, PayloadInvalid)


@pytest.mark.parametrize(
    ("form", "event_type", "dedupe_key", "object_key", "our_number"),
    [
        (STATUS, "call.status", f"{CALL}|completed|3", CALL, "+14155550199"),
        ({**STATUS, "Direction": "outbound-api"}, "call.status", f"{CALL}|completed|3", CALL, "+14155550100"),
        (RECORDING, "recording.status", f"RE{'4' * 32}|completed", CALL, ""),
        (SMS_IN, "message.received", MESSAGE, MESSAGE, "+14155550199"),
        (SMS_STATUS, "message.status", f"{MESSAGE}|undelivered|30003", MESSAGE, "+14155550199"),
        ({**SMS_IN, "To": "whatsapp:+14155550199"}, "message.received", MESSAGE, MESSAGE, ""),
    ],
)
def test_reads_notices(
    form: dict[str, str], event_type: str, dedupe_key: str, object_key: str, our_number: str
) -> None:
    event = verify(request(form), SOURCE, NOW)
    assert (event.event_type, event.dedupe_key, event.object_key) == (event_type, dedupe_key, object_key)
    assert (event.our_number, event.account) == (our_number, ACCOUNT)


def test_a_status_has_its_sequence_and_time() -> None:
    event = verify(request(STATUS), SOURCE, NOW)
    assert (event.seq, event.occurred_at) == (3, datetime(2026, 1, 1, 12, tzinfo=UTC))


def test_each_turn_of_a_conversation_has_its_own_key() -> None:
    first = verify(request(VOICE), SOURCE, NOW)
    again = verify(request(VOICE), SOURCE, NOW)
    second = verify(request(VOICE, url=URL.replace("turn=1", "turn=2")), SOURCE, NOW)
    assert first.event_type == "call.voice"
    assert first.dedupe_key == again.dedupe_key != second.dedupe_key


def test_verify_form_gives_every_parameter_untouched() -> None:
    form = {**SMS_IN, "Body": "  blanks stay \n", "Empty": ""}
    assert verify_form(request(form), SOURCE) == list(form.items())


def test_a_get_request_is_signed_by_its_url_alone() -> None:
    url = f"https://example.test/voice?{urlencode(VOICE)}"
    headers = {"x-twilio-signature": RequestValidator(TOKEN).compute_signature(url, {})}
    signed = SignedRequest("GET", url, headers, b"")
    assert verify_form(signed, SOURCE) == list(VOICE.items())
    assert verify(signed, SOURCE, NOW).event_type == "call.voice"
    with pytest.raises(VerificationFailed):
        verify(SignedRequest("GET", url, headers, b"unsigned=1"), SOURCE, NOW)


def test_either_token_holds_while_tokens_roll() -> None:
    rolled = SourceSecrets("live", ACCOUNT, ["f" * 32, TOKEN])
    assert verify(request(VOICE), rolled, NOW).object_key == CALL
    assert verify(request(VOICE, token="f" * 32), rolled, NOW).object_key == CALL
    with pytest.raises(VerificationFailed):
        verify(request(VOICE, token="e" * 32), rolled, NOW)


def test_a_shared_key_may_sign_with_sha_256_as_in_the_sdk() -> None:
    signature = RequestValidator(TOKEN).compute_signature(URL, VOICE, "HMAC_SHA256")
    signed = request(VOICE, signature=signature)
    with pytest.raises(VerificationFailed):
        verify(signed, SOURCE, NOW)
    settings = {"x-twilio-webhooks-signature-settings": "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"}
    named = SignedRequest("POST", URL, {**signed.headers, **settings}, signed.raw)
    assert verify(named, SOURCE, NOW).object_key == CALL
    unknown = {"x-twilio-webhooks-signature-settings": "algorithm=none"}
    with pytest.raises(VerificationFailed):
        verify(SignedRequest("POST", URL, {**signed.headers, **unknown}, signed.raw), SOURCE, NOW)


@pytest.mark.parametrize(
    "changed",
    [
        {"url": URL.replace("turn=1", "turn=2")},
        {"url": URL.replace("https", "http")},
        {"url": URL.replace("/twilio/", "/Twilio/")},
        {"url": "/webhooks/twilio/x"},
        {"url": ""},
        {"method": "PUT"},
        {"method": "GET"},
        {"raw": b""},
        {"raw": urlencode({**VOICE, "To": "+14155550198"}).encode()},
        {"raw": urlencode({**VOICE, "Extra": "1"}).encode()},
        {"raw": urlencode({k: v for k, v in VOICE.items() if k != "FromZip"}).encode()},
        {"raw": urlencode({**VOICE, "From": " +14155550100"}).encode()},
        {"content-type": "text/plain"},
        {"content-type": ""},
        {"content-type": "application/json"},
        {"content-type": "multipart/form-data; boundary=x"},
        {"x-twilio-signature": ""},
        {"x-twilio-signature": "é\ud800"},
    ],
    ids=str,
)
def test_refuses_what_was_changed_after_signing(changed: dict[str, str | bytes]) -> None:
    signed = request(VOICE)
    headers = {**signed.headers, **{k: str(v) for k, v in changed.items() if k in signed.headers}}
    raw = changed.get("raw", signed.raw)
    assert isinstance(raw, bytes)
    altered = SignedRequest(str(changed.get("method", "POST")), str(changed.get("url", URL)), headers, raw)
    with pytest.raises(VerificationFailed):
        verify(altered, SOURCE, NOW)


def test_refuses_a_header_of_ten_megabytes() -> None:
    with pytest.raises(VerificationFailed, match="longer"):
        verify(request(VOICE, signature="A" * 10_000_000), SOURCE, NOW)


def test_every_flipped_byte_is_refused() -> None:
    signed = request(VOICE)
    for position in range(len(signed.raw)):
        changed = bytearray(signed.raw)
        changed[position] ^= 1
        with pytest.raises(VerificationFailed):
            verify(SignedRequest("POST", URL, signed.headers, bytes(changed)), SOURCE, NOW)


def test_json_needs_the_hash_of_its_own_bytes() -> None:
    body = orjson.dumps({"AccountSid": ACCOUNT})
    digest = RequestValidator(TOKEN).compute_hash(body.decode())
    url = f"{URL}&AccountSid={ACCOUNT}&bodySHA256={digest}"
    headers = {
        "content-type": "application/json; charset=utf-8",
        "x-twilio-signature": RequestValidator(TOKEN).compute_signature(url, {}),
    }
    assert verify(SignedRequest("POST", url, headers, body), SOURCE, NOW).event_type == "other"
    for raw, address in [(body + b" ", url), (body, URL), (b"", url)]:
        with pytest.raises(VerificationFailed):
            verify(SignedRequest("POST", address, headers, raw), SOURCE, NOW)
    with pytest.raises(VerificationFailed):
        verify_form(SignedRequest("POST", url, headers, body), SOURCE)
    # The same signed URL, as a form without parameters or as a GET, would leave the body unsigned.
    for method, content_type in [("POST", FORM_TYPE), ("GET", FORM_TYPE)]:
        with pytest.raises(VerificationFailed):
            verify(SignedRequest(method, url, {**headers, "content-type": content_type}, b""), SOURCE, NOW)


@pytest.mark.parametrize(
    "form",
    [
        {**VOICE, "AccountSid": "AC" + "9" * 32},
        {k: v for k, v in VOICE.items() if k != "AccountSid"},
        {**STATUS, "CallSid": "CA1;drop"},
        {**STATUS, "CallSid": ""},
        {**STATUS, "CallSid": CALL + "CallStatuscompleted"},
        {**STATUS, "CallStatus": "completedCallbackSourcex"},
        {**STATUS, "SequenceNumber": "-1"},
        {**STATUS, "SequenceNumber": "1e3"},
        {**SMS_STATUS, "ErrorCode": "\0"},
        {**SMS_IN, "MessageSid": "SM\0"},
    ],
    ids=str,
)
def test_signed_but_not_an_event_of_this_source(form: dict[str, str]) -> None:
    with pytest.raises(PayloadInvalid):
        verify(request(form), SOURCE, NOW)


def test_a_request_cut_anew_gives_no_second_event() -> None:
    """Names and values are joined without separator, so `CallSid=CA…` may become `CallSi=dCA…`: still signed."""
    cut = urlencode({**STATUS, "CallSi": f"d{CALL}"}).replace(f"CallSid={CALL}&", "")
    signed = request(cut, signature=RequestValidator(TOKEN).compute_signature(URL, STATUS))
    other = urlencode({**STATUS, "CallS": f"id{CALL}"}).replace(f"CallSid={CALL}&", "")
    again = request(other, signature=RequestValidator(TOKEN).compute_signature(URL, STATUS))
    first, second = verify(signed, SOURCE, NOW), verify(again, SOURCE, NOW)
    assert first.event_type == second.event_type == "other"
    assert first.dedupe_key == second.dedupe_key


def test_two_values_for_a_name_that_is_read_are_refused() -> None:
    body = urlencode([*STATUS.items(), ("CallSid", "CA" + "5" * 32)])
    text = URL + "".join(k + v for k, v in sorted({*STATUS.items(), ("CallSid", "CA" + "5" * 32)}))
    signature = RequestValidator(TOKEN).compute_signature(text, {})
    with pytest.raises(PayloadInvalid):
        verify(request(body, signature=signature), SOURCE, NOW)


def test_text_that_is_not_utf_8_is_refused_although_signed() -> None:
    from callwaiting.providers.twilio_signature import _sign

    raw = urlencode(SMS_IN).encode() + b"&Zz=%ff"
    text = URL.encode() + b"".join(k.encode() + v.encode() for k, v in sorted(SMS_IN.items())) + b"Zz\xff"
    signature = _sign(TOKEN.encode(), text, "sha1").decode()
    with pytest.raises(PayloadInvalid):
        verify(
            SignedRequest("POST", URL, {"content-type": FORM_TYPE, "x-twilio-signature": signature}, raw), SOURCE, NOW
        )


@pytest.mark.parametrize("secrets", [[], [""]])
def test_without_a_token_nothing_holds(secrets: list[str]) -> None:
    with pytest.raises(VerificationFailed):
        verify(request(VOICE, token=""), SourceSecrets("live", ACCOUNT, secrets), NOW)


def test_more_parameters_than_twilio_sends_are_refused_unread() -> None:
    with pytest.raises(VerificationFailed, match="parameters"):
        verify(request("a=1&" * 100_000), SOURCE, NOW)


def test_ports_and_users_are_told_apart() -> None:
    assert list(signed_urls("https://user:pass@h.test/p")) == [
        "https://user:pass@h.test/p",
        "https://user:pass@h.test:443/p",
    ]
    assert list(signed_urls("http://[::1]:8080?a#rc=2")) == ["http://[::1]:8080?a", "http://[::1]?a"]


@pytest.mark.parametrize(("signed", "arrives"), [("'", "%27"), ("%27", "'"), ("'", "'"), ("%27", "%27")])
def test_an_apostrophe_may_be_signed_bare_or_escaped(signed: str, arrives: str) -> None:
    """As in twilio-node, src/webhooks/webhooks.ts since pull request 1061."""
    url = "https://example.test/x?name=It{}s"
    signature = RequestValidator(TOKEN).compute_signature(url.format(signed), VOICE)
    assert verify(request(VOICE, url=url.format(arrives), signature=signature), SOURCE, NOW).object_key == CALL


def test_explain_hides_the_password() -> None:
    url = URL.replace("https://", "https://user:pass@")
    evidence = explain(request(VOICE, url=url), SOURCE)
    assert evidence.signed_text.startswith("https://user:***@example.test/")
    assert evidence.signed_text.endswith("To+14155550199")
    assert evidence.received[0] in evidence.expected
    assert TOKEN not in repr(evidence)
