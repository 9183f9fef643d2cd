"""What the doors have between them: who passes where, trouble of our own, and any input whatever."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import cast

from flask import Flask
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pydantic import SecretStr
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app
from werkzeug.wrappers import Response

from callwaiting.core import clock
from callwaiting.core.settings import Settings
from callwaiting.factory import Runtime, create_app
from callwaiting.features.webhooks.door import Door, security_headers
from callwaiting.features.webhooks.receiver import Receiver
from callwaiting.providers.ports import ProviderName
from tests.factories.webhooks import make_source, path_of, stripe_delivery, twilio_delivery
from tests.features.webhooks.conftest import Query, post
from tests.providers import certificates as paypal

NOWHERE = SecretStr("postgresql://nobody:nothing@127.0.0.1:9/none")


def both(app: Flask) -> Iterator[Client]:
    door = cast(Door, app.wsgi_app)
    yield Client(door, Response)
    yield Client(door.behind, Response)


def test_anything_else_passes_to_flask(thin: Client, worker: Runtime) -> None:
    path = path_of(make_source(worker))
    assert thin.get("/health").get_json() == {"status": "alive"}
    assert (thin.get(path).status_code, thin.get(path).get_json()["code"]) == (405, "METHOD_NOT_ALLOWED")
    for unknown in ("/webhooks/stripe/", "/webhooks/acme/abc", path + "/more", "/webhooks"):
        assert thin.post(unknown).status_code == 404


def test_headers_are_the_same_for_plain_and_secure_requests(settings: Settings, worker: Runtime) -> None:
    secure = settings.model_copy(update={"public_base_url": "https://callwaiting.test"})
    app = create_app(secure)
    for environ in ({}, {"wsgi.url_scheme": "https"}, {"HTTP_X_FORWARDED_PROTO": "https"}):
        found = [
            dict(client.post("/webhooks/stripe/" + "A" * 22, environ_overrides=environ).headers) for client in both(app)
        ]
        for headers in found:
            assert headers.pop("X-Request-ID")
            assert headers.pop("Content-Length")
        assert found[0] == found[1]
        assert ("Strict-Transport-Security" in found[0]) == bool(environ)
    cast(Receiver, app.extensions["webhooks"]).close()
    app.extensions["database"].dispose()


def test_the_headers_come_from_the_one_configuration(settings: Settings) -> None:
    names = [name for name, _ in security_headers(settings, "http")]
    assert len(names) == len(set(names)) == 8


def test_a_host_that_is_not_ours_is_refused_as_by_flask(settings: Settings, worker: Runtime, query: Query) -> None:
    app = create_app(settings.model_copy(update={"trusted_hosts": ["callwaiting.test"]}))
    delivery = stripe_delivery(make_source(worker))
    for client in both(app):
        assert post(client, delivery, base_url="http://evil.test").status_code == 400
        assert post(client, delivery, base_url="http://callwaiting.test").status_code == 204
    assert query("select deliveries from app.webhook_events") == [{"deliveries": 2}]
    cast(Receiver, app.extensions["webhooks"]).close()
    app.extensions["database"].dispose()


def test_a_database_that_is_down_is_503_with_retry_after(settings: Settings, worker: Runtime) -> None:
    delivery = stripe_delivery(make_source(worker))
    app = create_app(settings.model_copy(update={"database_url_webhook": NOWHERE}))
    for client in both(app):
        answer = post(client, delivery)
        assert (answer.status_code, answer.get_json()["code"]) == (503, "SERVICE_UNAVAILABLE")
        assert int(answer.headers["Retry-After"]) > 0
    cast(Receiver, app.extensions["webhooks"]).close()
    app.extensions["database"].dispose()


def test_a_paypal_event_is_stored(app: Flask, receiver: Receiver, worker: Runtime, query: Query) -> None:
    receiver.certificates = paypal.FixedCertificates([paypal.leaf()], [paypal.root()])
    source = make_source(worker, "paypal", mode="live", webhook_id=paypal.WEBHOOK_ID)
    body = b'{"id": "WH-1", "event_type": "PAYMENT.CAPTURE.COMPLETED", "resource": {"id": "2GG279541U471931P"}}'
    headers = {**paypal.headers(body), "Content-Type": "application/json"}
    with clock.frozen(datetime(2026, 1, 2, 4, tzinfo=UTC)):
        for client in both(app):
            assert client.post(path_of(source), data=body, headers=headers).status_code == 204
    assert query("select dedupe_key, object_key, deliveries from app.webhook_events") == [
        {"dedupe_key": "WH-1|PAYMENT.CAPTURE.COMPLETED", "object_key": "2GG279541U471931P", "deliveries": 2}
    ]


def test_a_paypal_certificate_that_cannot_be_had_is_503(settings: Settings, worker: Runtime) -> None:
    """Nothing listens where the certificate would be fetched."""
    source = make_source(worker, "paypal", webhook_id=paypal.WEBHOOK_ID)
    app = create_app(settings.model_copy(update={"paypal_cert_base_url": "http://127.0.0.1:9"}))
    headers = {
        "Content-Type": "application/json",
        "PayPal-Auth-Algo": "SHA256withRSA",
        "PayPal-Transmission-Id": "a1b2c3",
        "PayPal-Transmission-Time": "2026-11-24T00:00:00Z",
        "PayPal-Transmission-Sig": "AAAA",
        "PayPal-Cert-Url": "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1-1",
    }
    for client in both(app):
        answer = client.post(path_of(source), data=b"{}", headers=headers)
        assert (answer.status_code, "Retry-After" in answer.headers) == (503, True)
    cast(Receiver, app.extensions["webhooks"]).close()
    app.extensions["database"].dispose()


def test_a_key_that_is_gone_is_503(app: Flask, receiver: Receiver, worker: Runtime, query: Query) -> None:
    delivery = stripe_delivery(make_source(worker))
    query("update app.webhook_sources set secrets_sealed = decode('00', 'hex') || secrets_sealed")
    for client in both(app):
        assert post(client, delivery).status_code == 503


def test_a_client_that_goes_away_is_not_our_failure(app: Flask, receiver: Receiver, worker: Runtime) -> None:
    class Broken:
        def read(self, _: int = -1) -> bytes:
            raise ConnectionResetError

    path = path_of(make_source(worker))
    for client in both(app):
        environ = EnvironBuilder(path, method="POST", content_type="application/json").get_environ()
        environ |= {"wsgi.input": Broken(), "CONTENT_LENGTH": "10"}
        assert run_wsgi_app(client.application, environ)[1].startswith("400")


HEADERS = (
    "CONTENT_LENGTH",
    "HTTP_STRIPE_SIGNATURE",
    "HTTP_X_TWILIO_SIGNATURE",
    "HTTP_X_REQUEST_ID",
    "HTTP_PAYPAL_CERT_URL",
    "HTTP_PAYPAL_TRANSMISSION_TIME",
    "HTTP_TRANSFER_ENCODING",
    "QUERY_STRING",
)
PROVIDERS: tuple[ProviderName, ...] = ("stripe", "twilio", "paypal")
LATIN = st.text(st.characters(max_codepoint=255), max_size=60)


@examples(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_input_is_answered_with_500(app: Flask, receiver: Receiver, worker: Runtime, data: st.DataObject) -> None:
    provider = data.draw(st.sampled_from(PROVIDERS))
    source = make_source(worker, provider, webhook_id=paypal.WEBHOOK_ID if provider == "paypal" else "")
    path = data.draw(
        st.sampled_from((path_of(source), f"/webhooks/{provider}/")) | LATIN.map(lambda t: f"/webhooks/{provider}/{t}")
    )
    environ = EnvironBuilder("/", method="POST", data=data.draw(st.binary(max_size=200))).get_environ()
    environ["PATH_INFO"] = path
    environ |= data.draw(st.dictionaries(st.sampled_from(HEADERS), LATIN))
    environ["CONTENT_TYPE"] = data.draw(
        st.sampled_from(("application/json", "application/x-www-form-urlencoded")) | LATIN
    )
    for client in both(app):
        _, status, _ = run_wsgi_app(client.application, dict(environ))
        assert 400 <= int(status[:3]) < 500


@examples(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_signed_input_is_answered_with_500(app: Flask, receiver: Receiver, worker: Runtime, value: object) -> None:
    source = make_source(worker)
    body = {"id": value, "type": value, "livemode": False, "data": value, "created": value}
    for content in (value, body, {**body, "id": "evt_1", "type": "a.b"}):
        answer = post(Client(app.wsgi_app, Response), stripe_delivery(source, json.dumps(content).encode()))
        assert answer.status_code in (204, 400)


@examples(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(
            ("CallSid", "CallStatus", "MessageSid", "MessageStatus", "SequenceNumber", "Timestamp", "To", "From")
        ),
        st.text(st.characters(codec="utf-8"), max_size=20),
    )
)
def test_no_signed_form_is_answered_with_500(
    app: Flask, receiver: Receiver, worker: Runtime, params: dict[str, str]
) -> None:
    source = make_source(worker, "twilio")
    assert post(Client(app.wsgi_app, Response), twilio_delivery(source, params)).status_code in (204, 400)
