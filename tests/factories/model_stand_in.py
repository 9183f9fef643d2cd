"""A language model that a test holds the strings of: an endpoint on this machine that answers as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class StandIn:
    """`asked` are the requests so far. `content` is what the model writes; `raw` replaces the whole answer; `status` is
    that of HTTP. While `hold` is not set nothing is sent, or with `trickle` the beginning alone."""

    url: str = ""
    content: str = '{"choice": "none"}'
    raw: bytes | None = None
    status: int = 200
    trickle: bool = False
    hold: threading.Event = field(default_factory=threading.Event)
    asked: list[dict[str, Any]] = field(default_factory=list)

    def choose(self, name: str) -> None:
        self.content = json.dumps({"choice": name})

    @property
    def last_user_message(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(self.asked[-1]["messages"][1]["content"])
        return message


@contextmanager
def running() -> Iterator[StandIn]:
    model = StandIn()
    model.hold.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            model.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = model.raw or json.dumps({"choices": [{"message": {"content": model.content}}]}).encode()
            if not model.trickle:
                model.hold.wait(10)
            self.send_response(model.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.flush()
            model.hold.wait(10)
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """A client that does not wait is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    model.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield model
    finally:
        model.hold.set()
        server.shutdown()
        thread.join()
        server.server_close()
