"""Fetching PayPal's certificates from a host that may be slow, wrong or hostile."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from callwaiting.core.errors import ServiceUnavailable
from callwaiting.providers import paypal_certificates
from callwaiting.providers.paypal_certificates import FetchedCertificates
from callwaiting.providers.paypal_signature import verify
from callwaiting.providers.ports import SignedRequest, SourceSecrets, VerificationFailed
from tests.providers.api_server import Answer, Received, api_server, closed_port_url
from tests.providers.certificates import CERT_URL, NOW, WEBHOOK_ID, headers, leaf, pem, root

PATH = "/v1/notifications/certs/CERT-1a2b3c4d-5e6f"


def test_fetches_once_until_the_certificate_expires() -> None:
    good = leaf()
    with api_server(Answer(pem(good)), Answer(pem(good))) as server:
        certificates = FetchedCertificates(base_url=server.url)
        assert [list(certificates.get(CERT_URL, NOW)) for _ in range(3)] == [[good]] * 3
        assert [request.path for request in server.received] == [PATH]
        certificates.get(CERT_URL, NOW + timedelta(days=31))
        assert len(server.received) == 2


def test_a_bundle_comes_leaf_first() -> None:
    bundle = [leaf(), root()]
    with api_server(Answer(pem(*bundle))) as server:
        assert list(FetchedCertificates(base_url=server.url).get(CERT_URL, NOW)) == bundle


@pytest.mark.parametrize(
    "answer",
    [
        Answer(b"<html>We are sorry</html>"),
        Answer(b""),
        Answer(b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        Answer(pem(leaf()) + b"\n" * 64 * 1024),
        Answer(b"", 302, {"Location": "/elsewhere"}),
        Answer(pem(leaf()), 500),
        Answer(b"", 429),
        Answer(drop=True),
    ],
    ids=["html", "empty", "broken", "too-large", "redirect", "500", "429", "dropped"],
)
def test_what_is_no_certificate_is_a_503_and_not_kept(answer: Answer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paypal_certificates, "FAILURE_KEPT_S", 0.0)
    good = leaf()
    with api_server(answer, Answer(pem(good))) as server:
        certificates = FetchedCertificates(base_url=server.url)
        with pytest.raises(ServiceUnavailable) as caught:
            certificates.get(CERT_URL, NOW)
        assert caught.value.retry_after
        assert list(certificates.get(CERT_URL, NOW)) == [good]
        assert {request.path for request in server.received} == {PATH}


def test_a_certificate_that_paypal_does_not_have_is_a_refusal() -> None:
    with api_server(Answer(b"{}", 404)) as server:
        certificates = FetchedCertificates(base_url=server.url)
        for _ in range(3):
            with pytest.raises(VerificationFailed):
                certificates.get(CERT_URL, NOW)
        assert len(server.received) == 1


def test_a_host_that_is_down_is_a_503_and_is_not_asked_again_at_once() -> None:
    certificates = FetchedCertificates(base_url=closed_port_url())
    for _ in range(2):
        with pytest.raises(ServiceUnavailable):
            certificates.get(CERT_URL, NOW)


def test_a_silent_host_is_a_503() -> None:
    release = threading.Event()

    def wait(request: Received) -> Answer:
        release.wait(10)
        return Answer(b"")

    with api_server() as server:
        server.answer = wait
        with pytest.raises(ServiceUnavailable):
            FetchedCertificates(base_url=server.url, timeout_s=0.2).get(CERT_URL, NOW)
        release.set()


def test_many_requests_at_once_fetch_once() -> None:
    good, arrived, release = leaf(), threading.Event(), threading.Event()

    def wait(request: Received) -> Answer:
        arrived.set()
        release.wait(10)
        return Answer(pem(good))

    with api_server() as server, ThreadPoolExecutor(6) as pool:
        server.answer = wait
        certificates = FetchedCertificates(base_url=server.url)
        futures = [pool.submit(certificates.get, CERT_URL, NOW) for _ in range(6)]
        assert arrived.wait(10)
        release.set()
        assert [list(future.result(10)) for future in futures] == [[good]] * 6
        assert len(server.received) == 1


def test_failed_flights_do_not_pile_up_and_their_number_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paypal_certificates, "MAX_FLIGHTS", 1)
    arrived, release = threading.Event(), threading.Event()

    def wait(request: Received) -> Answer:
        arrived.set()
        release.wait(10)
        return Answer(b"", 500)

    with api_server() as server, ThreadPoolExecutor(1) as pool:
        server.answer = wait
        certificates = FetchedCertificates(base_url=server.url)
        flying = pool.submit(certificates.get, CERT_URL, NOW)
        assert arrived.wait(10)
        with pytest.raises(ServiceUnavailable, match="too many"):
            certificates.get(CERT_URL + "0", NOW)
        release.set()
        with pytest.raises(ServiceUnavailable):
            flying.result(10)
        with pytest.raises(ServiceUnavailable, match="500"):
            certificates.get(CERT_URL + "0", NOW)


def test_extra_roots_and_another_host_verify_a_whole_delivery(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_bytes(pem(root()))
    raw = orjson.dumps({"id": "WH-1", "event_type": "X", "resource": {"id": "R-1"}})
    request = SignedRequest("POST", "", headers(raw), raw)
    source = SourceSecrets("live", webhook_id=WEBHOOK_ID)
    with api_server(Answer(pem(leaf())), Answer(pem(leaf()))) as server:
        trusting = FetchedCertificates(base_url=server.url, extra_roots=tmp_path / "ca.pem")
        assert verify(request, source, NOW, trusting).object_key == "R-1"
        with pytest.raises(VerificationFailed, match="not trusted"):
            verify(request, source, NOW, FetchedCertificates(base_url=server.url))
