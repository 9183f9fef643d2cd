"""The same cases through both doors: the thin one in front of Flask, and the Flask route behind it."""

from __future__ import annotations

import json

from werkzeug.test import Client

from callwaiting.core.http.limits import WEBHOOK_BYTES
from callwaiting.factory import Runtime
from callwaiting.features.webhooks.source_admin import pause_source, resume_source
from tests.factories.webhooks import (
    PLATFORM,
    make_source,
    path_of,
    stripe_body,
    stripe_delivery,
    twilio_delivery,
)
from tests.features.webhooks.conftest import Query, post

SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-XSS-Protection": "1; mode=block",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def test_a_signed_event_is_stored_before_204(door: Client, worker: Runtime, query: Query) -> None:
    source = make_source(worker)
    answer = post(door, stripe_delivery(source, stripe_body("evt_first")))
    assert (answer.status_code, answer.data) == (204, b"")
    (row,) = query("select * from app.webhook_events")
    assert row["dedupe_key"] == row["provider_event_id"] == "evt_first"
    assert (row["event_type"], row["object_key"]) == ("checkout.session.completed", "cs_test_1")
    assert (row["status"], row["origin"], row["deliveries"]) == ("received", "webhook", 1)
    assert row["request_id"] == answer.headers["X-Request-ID"]


def test_a_repetition_is_counted_and_answered_alike(door: Client, worker: Runtime, query: Query) -> None:
    delivery = stripe_delivery(make_source(worker))
    assert [post(door, delivery).status_code for _ in range(3)] == [204, 204, 204]
    assert query("select deliveries from app.webhook_events") == [{"deliveries": 3}]


def test_a_twilio_form_is_routed_by_account_and_number(door: Client, worker: Runtime, query: Query) -> None:
    source = make_source(worker, "twilio")
    params = {"MessageSid": "SM" + "2" * 32, "MessageStatus": "delivered", "From": "+12125550100", "To": "+12125550123"}
    assert post(door, twilio_delivery(source, params)).status_code == 204
    (row,) = query("select * from app.webhook_events")
    assert row["routing_keys"]["account"] == source.account
    assert len(bytes.fromhex(row["routing_keys"]["number_hash"])) == 16
    assert "2125550100" not in json.dumps(row["routing_keys"]) + json.dumps(row["headers"])


def test_refusals_have_the_envelope_and_store_nothing(door: Client, worker: Runtime, query: Query) -> None:
    source = make_source(worker)
    good = stripe_delivery(source)
    text = {"Content-Type": "text/plain"}
    cases = [
        (post(door, stripe_delivery(source, secret="another-secret-0123456789")), 400, "WEBHOOK_SIGNATURE_INVALID"),
        (post(door, stripe_delivery(source, age_s=301)), 400, "WEBHOOK_TIMESTAMP_EXPIRED"),
        (post(door, stripe_delivery(source, stripe_body(livemode=True))), 400, "WEBHOOK_PAYLOAD_INVALID"),
        (door.post(good.path, headers={"Content-Type": "application/json"}), 400, "WEBHOOK_SIGNATURE_INVALID"),
        (door.post(good.path, data=good.body, headers=good.headers | text), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (door.post(good.path, data=b"x" * (WEBHOOK_BYTES + 1), headers=good.headers), 413, "PAYLOAD_TOO_LARGE"),
        (door.post("/webhooks/stripe/" + "A" * 22, data=good.body, headers=good.headers), 404, "NOT_FOUND"),
        (door.post(path_of(source).replace("stripe", "paypal"), headers=good.headers), 404, "NOT_FOUND"),
    ]
    for answer, status, code in cases:
        assert (answer.status_code, answer.get_json()["code"]) == (status, code)
        assert answer.get_json().keys() == {"error", "message", "code", "request_id"}
        assert answer.get_json()["request_id"] == answer.headers["X-Request-ID"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.content_type == "application/json"
    assert query("select count(*) as n from app.webhook_events") == [{"n": 0}]


def test_a_body_of_undeclared_length_is_411(door: Client, worker: Runtime) -> None:
    delivery = stripe_delivery(make_source(worker))
    environ = {"CONTENT_LENGTH": "", "HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    answer = post(door, delivery, environ_overrides=environ)
    assert (answer.status_code, answer.get_json()["code"]) == (411, "LENGTH_REQUIRED")


def test_a_body_that_ends_early_is_400(door: Client, worker: Runtime, query: Query) -> None:
    delivery = stripe_delivery(make_source(worker))
    answer = post(door, delivery, environ_overrides={"CONTENT_LENGTH": str(len(delivery.body) + 1)})
    assert answer.status_code == 400
    assert query("select count(*) as n from app.webhook_events") == [{"n": 0}]


def test_a_large_body_below_the_limit_is_taken(door: Client, worker: Runtime) -> None:
    body = stripe_body(padding="x" * (WEBHOOK_BYTES - 400))
    assert WEBHOOK_BYTES - 200 < len(body) <= WEBHOOK_BYTES
    assert post(door, stripe_delivery(make_source(worker), body)).status_code == 204


def test_a_source_without_secret_or_paused_is_404(door: Client, worker: Runtime) -> None:
    bare = make_source(worker, secret="")
    assert post(door, stripe_delivery(bare, secret="")).status_code == 404
    assert post(door, stripe_delivery(make_source(worker, "paypal"))).status_code == 404
    source = make_source(worker)
    with worker.database.unit_of_work(PLATFORM) as session:
        pause_source(session, source.public_id)
    assert post(door, stripe_delivery(source)).status_code == 404
    with worker.database.unit_of_work(PLATFORM) as session:
        resume_source(session, source.public_id)
    assert post(door, stripe_delivery(source)).status_code == 204


def test_every_answer_has_the_security_headers(door: Client, worker: Runtime) -> None:
    delivery = stripe_delivery(make_source(worker))
    for answer in (post(door, delivery), door.post(delivery.path)):
        assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_a_well_formed_request_id_is_kept(door: Client, worker: Runtime) -> None:
    delivery = stripe_delivery(make_source(worker))
    kept = door.post(delivery.path, headers={"X-Request-ID": "from-the-client.1"})
    assert kept.headers["X-Request-ID"] == kept.get_json()["request_id"] == "from-the-client.1"
    assert door.post(delivery.path, headers={"X-Request-ID": "no good"}).headers["X-Request-ID"] != "no good"
