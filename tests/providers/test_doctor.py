"""The signature doctor says what the route would say, and shows no secret."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest
from stripe import WebhookSignature
from twilio.request_validator import RequestValidator

from callwaiting.providers.doctor import judge, judge_json
from tests.providers.certificates import WEBHOOK_ID, headers, leaf, pem, root

NOW = 1_700_000_000
SECRET = "whsec_a-secret-of-some-length"
EVENT = orjson.dumps(
    {"id": "evt_1", "object": "event", "type": "charge.refunded", "livemode": True, "account": "acct_1",
     "data": {"object": {"id": "ch_1"}}}
)  # fmt: skip
PAYLOADS = Path(__file__).parents[1] / "payloads"


def stripe_case(**changed: object) -> dict[str, object]:
    header = WebhookSignature.generate_signature_header(EVENT.decode(), SECRET, NOW)
    return {
        "id": "case-1",
        "provider": "stripe",
        "method": "POST",
        "url": "https://example.test/x",
        "headers": {"Stripe-Signature": header},
        "body_base64": base64.b64encode(EVENT).decode(),
        "secrets": [SECRET],
        "now": NOW,
        **changed,
    }


def test_accepts_a_good_stripe_case() -> None:
    report = judge(stripe_case())
    assert (report["id"], report["verdict"], report["detail"]) == ("case-1", "accepted", "")
    assert (report["dedupe_key"], report["event_type"], report["object_key"]) == ("evt_1", "charge.refunded", "ch_1")
    assert str(report["signed_text"]) == f"{NOW}.{EVENT.decode()}"


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({"secrets": ["whsec_another-one-of-length"]}, "WEBHOOK_SIGNATURE_INVALID"),
        ({"secrets": []}, "WEBHOOK_SIGNATURE_INVALID"),
        ({"headers": {}}, "WEBHOOK_SIGNATURE_INVALID"),
        ({"now": NOW + 300}, "accepted"),
        ({"now": NOW + 301}, "WEBHOOK_TIMESTAMP_EXPIRED"),
        ({"now": "2023-11-14T22:13:20Z"}, "accepted"),
        ({"now": "2023-11-14T23:13:20Z"}, "WEBHOOK_TIMESTAMP_EXPIRED"),
        ({"mode": "live", "account": "acct_1"}, "accepted"),
        ({"mode": "test"}, "WEBHOOK_PAYLOAD_INVALID"),
        ({"account": "acct_2"}, "WEBHOOK_PAYLOAD_INVALID"),
        ({"account": ""}, "WEBHOOK_PAYLOAD_INVALID"),
        ({"now": None}, "BAD_REQUEST"),
        ({"now": True}, "BAD_REQUEST"),
        ({"now": 1e300}, "BAD_REQUEST"),
        ({"now": "2023-11-14T22:13:20"}, "BAD_REQUEST"),
        ({"body_base64": "%"}, "BAD_REQUEST"),
        ({"body_base64": 5}, "BAD_REQUEST"),
        ({"headers": []}, "BAD_REQUEST"),
        ({"headers": {"Stripe-Signature": 5}}, "BAD_REQUEST"),
        ({"provider": "square"}, "BAD_REQUEST"),
        ({"provider": None}, "BAD_REQUEST"),
        ({"mode": "sandbox"}, "BAD_REQUEST"),
        ({"secrets": [5]}, "BAD_REQUEST"),
    ],
    ids=str,
)
def test_judges_what_is_wrong(changed: dict[str, object], verdict: str) -> None:
    report = judge(stripe_case(**changed))
    assert report["verdict"] == verdict
    assert bool(report["detail"]) == (verdict != "accepted")


def test_shows_the_first_characters_of_signatures_and_no_secret() -> None:
    report = judge(
        stripe_case(secrets=[SECRET, "whsec_another-one-of-length"], headers={"stripe-signature": "t=1,v1=00"})
    )
    assert report["received"] == ["00"]
    assert [len(text) for text in report["expected"]] == [8, 8]  # type: ignore[attr-defined] # a list of texts
    assert "whsec_" not in orjson.dumps(report).decode()


def test_repeated_headers_are_joined_as_by_a_server() -> None:
    good = WebhookSignature.generate_signature_header(EVENT.decode(), SECRET, NOW)
    assert judge(stripe_case(headers={"stripe-signature": [good]}))["verdict"] == "accepted"
    assert judge(stripe_case(headers={"stripe-signature": [good, good]}))["verdict"] == "WEBHOOK_SIGNATURE_INVALID"
    twice = {"stripe-signature": good, "Stripe-Signature": good}
    assert judge(stripe_case(headers=twice))["verdict"] == "WEBHOOK_SIGNATURE_INVALID"


def test_judges_every_published_vector_of_twilio() -> None:
    published = orjson.loads((PAYLOADS / "twilio_vectors.json").read_bytes())
    for vector in published["vectors"]:
        case = {
            "id": vector["id"],
            "provider": "twilio",
            "method": "POST",
            "url": vector["url"],
            "headers": {"X-Twilio-Signature": vector["signature"], "Content-Type": vector["content_type"]},
            "body_base64": base64.b64encode(vector["body"].encode()).decode(),
            "auth_token": published["auth_token"],
            "now": NOW,
        }
        expected = "accepted" if vector["accepted"] else "WEBHOOK_SIGNATURE_INVALID"
        assert judge(case)["verdict"] == expected, vector["id"]
        untyped = {**case, "headers": {"X-Twilio-Signature": vector["signature"]}}
        assert judge(untyped)["verdict"] == expected, vector["id"]


def test_judges_twilios_account_only_when_it_is_given() -> None:
    token, url, account = "0123456789abcdef", "https://example.test/x", "AC" + "1" * 32
    form = {"AccountSid": account, "MessageSid": "SM" + "2" * 32, "Body": "hello"}
    case = {
        "provider": "twilio",
        "url": url,
        "headers": {
            "X-Twilio-Signature": RequestValidator(token).compute_signature(url, form),
            "Content-Type": "application/x-www-form-urlencoded",
        },
        "body_base64": base64.b64encode("&".join(f"{k}={v}" for k, v in form.items()).encode()).decode(),
        "auth_token": token,
        "now": NOW,
    }
    assert judge(case)["dedupe_key"] == "SM" + "2" * 32
    assert judge({**case, "account": account})["verdict"] == "accepted"
    assert judge({**case, "account": "AC" + "3" * 32})["verdict"] == "WEBHOOK_PAYLOAD_INVALID"


def test_accepts_the_real_delivery_of_paypal_without_being_told_the_mode() -> None:
    case = orjson.loads((PAYLOADS / "paypal_delivery.json").read_bytes())
    report = judge(case)
    assert report["verdict"] == "accepted"
    # PayPal-Ruby-SDK spec/webhooks_examples_spec.rb publishes this signed text.
    assert (
        report["signed_text"]
        == "dfb3be50-fd74-11e4-8bf3-77339302725b|2015-05-18T15:45:13Z|4JH86294D6297924G|2771810304"
    )
    assert judge({**case, "webhook_id": "WEBHOOK_ID"})["verdict"] == "WEBHOOK_SIGNATURE_INVALID"
    assert judge({**case, "now": "2015-05-21T15:45:14Z"})["verdict"] == "WEBHOOK_TIMESTAMP_EXPIRED"


def test_roots_of_the_case_are_trusted_only_as_roots() -> None:
    raw = orjson.dumps({"id": "WH-1", "event_type": "X"})
    chain, trusted = pem(leaf()).decode(), pem(root()).decode()
    case = {
        "provider": "paypal",
        "headers": headers(raw),
        "body_base64": base64.b64encode(raw).decode(),
        "webhook_id": WEBHOOK_ID,
        "now": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC).isoformat(),
    }
    assert judge({**case, "certificates": {"chain": [chain], "roots": [trusted]}})["verdict"] == "accepted"
    assert judge({**case, "certificates": [chain, trusted]})["verdict"] == "WEBHOOK_SIGNATURE_INVALID"
    assert judge(case)["verdict"] == "WEBHOOK_SIGNATURE_INVALID"
    assert judge({**case, "certificates": ["no certificate"]})["verdict"] == "BAD_REQUEST"


def test_a_line_that_is_no_json_has_a_verdict_too() -> None:
    report = judge_json(b"{")
    assert report["verdict"] == "BAD_REQUEST"
    assert "not JSON" in str(report["detail"])
    assert judge_json(b"\xef\xbb\xbf" + orjson.dumps(stripe_case()))["verdict"] == "accepted"
    assert judge_json(orjson.dumps(stripe_case()))["verdict"] == "accepted"
