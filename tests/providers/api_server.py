"""A tiny HTTP server on the loopback interface that answers from a list and remembers what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the server says. `drop` closes the connection after the request was read, without an answer."""

    body: bytes = b"{}"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False


def json_answer(value: object, status: int = 200, **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(orjson.dumps(value), status, {"Content-Type": "application/json", **named})


@dataclass
class ApiServer:
    """`answer` decides what is said to each request; by default the next of `answers`."""

    answers: list[Answer] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], Answer] | None = None
    url: str = ""

    def reply(self, request: Received) -> Answer:
        self.received.append(request)
        return self.answer(request) if self.answer else self.answers.pop(0)


@contextmanager
def api_server(*answers: Answer) -> Iterator[ApiServer]:
    server = ApiServer(list(answers))

    class Handler(BaseHTTPRequestHandler):
        # HTTP/1.0: a connection carries one request, so no client keeps a socket behind.
        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            answer = server.reply(Received(self.command, self.path, headers, body))
            if answer.drop:
                return
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_GET = do_POST = handle_any

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing on the terminal."""

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    server.url = f"http://127.0.0.1:{httpd.server_port}"
    try:
        yield server
    finally:
        httpd.shutdown()
        httpd.server_close()
        thread.join()


def closed_port_url() -> str:
    """An address where nobody listens: a port that was free a moment ago."""
    with api_server() as server:
        return server.url
