"""What nginx answers by itself, asked of a real one with the configuration of deploy/: the application's envelope,
codes and headers, and the request id."""

from __future__ import annotations

import json
import re
import shutil
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from werkzeug.serving import make_server

from callwaiting.core.errors import PUBLIC_FACES, ErrorCode
from security.front import Front
from security.stage import HOST, free_ports

pytestmark = pytest.mark.skipif(
    shutil.which("nginx") is None, reason="NGINX IS NOT HERE, so what it answers was not looked at (apt install nginx)"
)
START = f"Host: {HOST}\r\nConnection: close\r\n"
# What takes ten and thirty seconds in production.
HURRIED = {
    "client_header_timeout 10s": "client_header_timeout 500ms",
    "client_body_timeout 10s": "client_body_timeout 500ms",
    "proxy_read_timeout 30s": "proxy_read_timeout 1s",
}
SLOW = "/slow"


class Answer(NamedTuple):
    status: int
    headers: Message
    body: bytes


class Upstream:
    """A web instance that takes too long at one address, and is the application at all others."""

    def __init__(self) -> None:
        self.app: Flask | None = None

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == SLOW:
            time.sleep(2)
        if self.app is None:
            start_response("204 No Content", [])
            return []
        return self.app(environ, start_response)


class Nginx:
    def __init__(self, front: Front, upstream: Upstream | None) -> None:
        self.front, self.upstream = front, upstream
        self._trust = ssl.create_default_context(cafile=str(front.authority))

    def send(self, raw: str, *, port: int | None = None, tls: bool = True) -> Answer | None:
        """The answer to these bytes; None when the connection ends without one."""
        told = self._exchange(raw, port or self.front.tls_port, tls)
        if not told:
            return None
        head, _, body = told.partition(b"\r\n\r\n")
        return _answer(head, body)

    def flood(self, count: int) -> list[Answer]:
        """The answers to so many requests that arrive at once, so that a slow machine does not stretch them."""
        told = self._exchange(f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n" * (count - 1) + f"{GET}\r\n")
        answers = []
        while told:
            head, _, told = told.partition(b"\r\n\r\n")
            answer = _answer(head, b"")
            length = int(answer.headers["Content-Length"])
            answers.append(answer._replace(body=told[:length]))
            told = told[length:]
        return answers

    def _exchange(self, raw: str, port: int | None = None, tls: bool = True) -> bytes:
        told = b""
        with socket.create_connection((HOST, port or self.front.tls_port), timeout=10) as plain:
            line = self._trust.wrap_socket(plain, server_hostname=HOST) if tls else plain
            with line:
                line.sendall(raw.encode("latin-1"))
                try:
                    while received := line.recv(65536):
                        told += received
                except ConnectionError:
                    assert not told
        return told


def _answer(head: bytes, body: bytes) -> Answer:
    status, _, rest = head.partition(b"\r\n")
    return Answer(int(status.split()[1]), BytesHeaderParser().parsebytes(rest), body)


def running(upstream: Upstream | None, *ports: int) -> Iterator[Nginx]:
    with tempfile.TemporaryDirectory() as root:
        Path(root).chmod(0o755)
        front = Front(Path(root) / "nginx", ports, changes=HURRIED)
        process = front.process(path="/metrics", ready=404)
        process.start()
        try:
            yield Nginx(front, upstream)
        finally:
            process.stop()


@pytest.fixture(scope="module")
def nginx() -> Iterator[Nginx]:
    upstream = Upstream()
    server = make_server("127.0.0.1", 0, upstream, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield from running(upstream, server.server_port)
    finally:
        server.shutdown()
        server.server_close()


def test_application_answers_through_it_with_each_header_once(nginx: Nginx, app: Flask) -> None:
    assert nginx.upstream
    nginx.upstream.app = app
    try:
        answer = nginx.send(f"GET /api/v1/none HTTP/1.1\r\n{START}X-Request-ID: from-the-client-1\r\n\r\n")
    finally:
        nginx.upstream.app = None

    assert answer
    assert answer.status == 404
    assert answer.headers["X-Request-ID"] == json.loads(answer.body)["request_id"] == "from-the-client-1"
    names = [name.lower() for name in answer.headers]
    assert sorted(set(names)) == sorted(names)


GET, POST, END = f"GET / HTTP/1.1\r\n{START}", f"POST / HTTP/1.1\r\n{START}", "\r\n\r\n"
MANY = "".join(f"X-{number}: {'a' * 4000}\r\n" for number in range(12))
REFUSED = {
    "no request": ("GARBAGE" + END, 400, "BAD_REQUEST"),
    "no host": ("GET / HTTP/1.1\r\nConnection: close" + END, 400, "BAD_REQUEST"),
    "a control character in a header's name": (f"{GET}X\x01Y: 1{END}", 400, "BAD_REQUEST"),
    "a path that leads out": (f"GET /../etc/passwd HTTP/1.1\r\n{START}\r\n", 400, "BAD_REQUEST"),
    "U+0000 in the path": (f"GET /%00 HTTP/1.1\r\n{START}\r\n", 400, "BAD_REQUEST"),
    "a length that is none": (f"{POST}Content-Length: x{END}", 400, "BAD_REQUEST"),
    "two lengths": (f"{POST}Content-Length: 1\r\nContent-Length: 2{END}", 400, "BAD_REQUEST"),
    "a length and chunks": (f"{POST}Content-Length: 1\r\nTransfer-Encoding: chunked{END}0{END}", 400, "BAD_REQUEST"),
    "a chunk without a size": (f"{POST}Transfer-Encoding: chunked{END}zz\r\n", 400, "BAD_REQUEST"),
    "an unknown encoding": (f"{POST}Transfer-Encoding: gzip{END}", 400, "BAD_REQUEST"),
    "an unknown version": (f"GET / HTTP/3.0\r\n{START}\r\n", 400, "BAD_REQUEST"),
    "a tunnel": (f"CONNECT example.com:443 HTTP/1.1\r\n{START}\r\n", 400, "BAD_REQUEST"),
    "a long address": (f"GET /{'a' * 9000} HTTP/1.1\r\n{START}\r\n", 414, "BAD_REQUEST"),
    "a long header": (f"{GET}X-A: {'a' * 9000}{END}", 431, "BAD_REQUEST"),
    "many headers": (f"{GET}{MANY}\r\n", 431, "BAD_REQUEST"),
    "a long body": (f"{POST}Content-Length: 1048577{END}", 413, "PAYLOAD_TOO_LARGE"),
    "TRACE": (f"TRACE / HTTP/1.1\r\n{START}\r\n", 405, "METHOD_NOT_ALLOWED"),
    "a method of nobody": (f"DEBUG / HTTP/1.1\r\n{START}\r\n", 405, "METHOD_NOT_ALLOWED"),
    "metrics": (f"GET /metrics HTTP/1.1\r\n{START}\r\n", 404, "NOT_FOUND"),
    "the page of refusals": (f"GET /.refusal HTTP/1.1\r\n{START}\r\n", 404, "NOT_FOUND"),
    "an answer that takes too long": (f"GET {SLOW} HTTP/1.1\r\n{START}\r\n", 504, "REQUEST_TIMEOUT"),
}


def require_envelope(answer: Answer | None, status: int, code: str, *, secure: bool = True) -> Answer:
    assert answer
    assert answer.status == status
    face, body = PUBLIC_FACES[ErrorCode(code)], json.loads(answer.body)
    assert body == {"error": face.title, "message": face.message, "code": code, "request_id": body["request_id"]}
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", body["request_id"])
    assert answer.headers["Content-Type"] == "application/json"
    require_headers(answer, secure=secure)
    return answer


def require_headers(answer: Answer, *, secure: bool) -> None:
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert answer.headers["Cache-Control"] == "no-store"
    assert ("Strict-Transport-Security" in answer.headers) == secure  # RFC 6797, 7.2: never over plain HTTP
    assert not re.search(r"\d", answer.headers["Server"])


@pytest.mark.parametrize("what", REFUSED)
def test_refusal_has_the_envelope_and_the_headers(nginx: Nginx, what: str) -> None:
    raw, status, code = REFUSED[what]

    require_envelope(nginx.send(raw), status, code)


def test_refusal_has_the_id_of_the_client(nginx: Nginx) -> None:
    good, bad = "of-the-client-1", "of the client"

    answer = require_envelope(
        nginx.send(f"GET /metrics HTTP/1.1\r\n{START}X-Request-ID: {good}\r\n\r\n"), 404, "NOT_FOUND"
    )
    other = require_envelope(
        nginx.send(f"GET /metrics HTTP/1.1\r\n{START}X-Request-ID: {bad}\r\n\r\n"), 404, "NOT_FOUND"
    )

    assert answer.headers["X-Request-ID"] == good
    assert other.headers["X-Request-ID"] != bad


def test_host_that_is_not_ours_gets_no_answer(nginx: Nginx) -> None:
    other = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n"

    assert nginx.send(other) is None
    assert nginx.send(other, port=nginx.front.plain_port, tls=False) is None


def test_slow_clients_are_hung_up_on(nginx: Nginx) -> None:
    began = time.monotonic()

    assert nginx.send(f"POST / HTTP/1.1\r\n{START}Content-Length: 10\r\n\r\nx") is None
    assert nginx.send("GET / HTTP/1.1\r\nHost: loc") is None
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("where", ["plain_port", "tls_port"])
def test_plain_http_is_sent_to_https(nginx: Nginx, where: str) -> None:
    port = getattr(nginx.front, where)

    answer = nginx.send(f"GET /x?y=1 HTTP/1.1\r\n{START}\r\n", port=port, tls=False)

    assert answer
    assert (answer.status, answer.headers["Location"]) == (308, f"https://{HOST}/x?y=1")
    require_headers(answer, secure=False)


def test_plain_http_is_refused_in_the_same_words(nginx: Nginx) -> None:
    answer = nginx.send("GARBAGE\r\n\r\n", port=nginx.front.plain_port, tls=False)

    require_envelope(answer, 400, "BAD_REQUEST", secure=False)


def test_web_instances_away_is_503_with_retry_after() -> None:
    for nginx in running(None, *free_ports(1)):
        answer = require_envelope(nginx.send(f"GET / HTTP/1.1\r\n{START}\r\n"), 503, "SERVICE_UNAVAILABLE")

        assert answer.headers["Retry-After"] == "5"


def test_flood_from_one_address_is_429_with_retry_after() -> None:
    for nginx in running(None, *free_ports(1)):
        answers = nginx.flood(300)

        assert len(answers) == 300
        refused = [answer for answer in answers if answer.status == 429]
        assert refused
        for answer in refused:
            require_envelope(answer, 429, "RATE_LIMIT_EXCEEDED")
            assert answer.headers["Retry-After"] == "2"
        assert [answer.status for answer in answers][:40] == [503] * 40
        webhook = nginx.send(f"POST /webhooks/stripe/x HTTP/1.1\r\n{START}Content-Length: 0\r\n\r\n")
        assert webhook
        assert webhook.status == 503  # a budget of its own
