"""A running sandbox on a free port, and a stand-in for the app that keeps every request it gets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from werkzeug import Request, Response
from werkzeug.serving import WSGIRequestHandler, make_server

from callwaiting.sandbox.app import sandbox_of
from callwaiting.sandbox.config import Config
from callwaiting.sandbox.server import SandboxServer

ACCOUNT, TOKEN = "AC" + "0" * 32, "twilio-token"
SHOP, CALLER = "+15005550100", "+15005550200"
STRIPE_KEY, STRIPE_SECRET, CONNECT_SECRET = "sk_test_sandbox", "whsec_platform", "whsec_connect"
CONNECTED = "acct_shop1"
PAYPAL_ID, PAYPAL_SECRET, WEBHOOK_ID = "paypal-client", "paypal-secret", "WH-1AB23456CD789012E"


@dataclass
class Received:
    """One request as it came: the URL asked for, lower-case headers, the exact bytes."""

    method: str
    url: str
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw.decode(), keep_blank_values=True))


@dataclass
class Listener:
    """Answers as `answer` says (204 to begin with) and keeps the requests in order of arrival."""

    url: str = ""
    requests: list[Received] = field(default_factory=list)
    answer: Callable[[Received], Response] = field(default=lambda _: Response(status=204))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        received = Received(
            request.method,
            request.url,
            request.path,
            {name.lower(): value for name, value in request.headers.items()},
            request.get_data(),
        )
        self.requests.append(received)
        return self.answer(received)(environ, start_response)

    def wait(self, count: int, path: str = "") -> list[Received]:
        """At least `count` requests (of the path), within 5 s."""
        found = until(lambda: len(self.at(path)) >= count and self.at(path))
        assert isinstance(found, list)
        return found

    def at(self, path: str) -> list[Received]:
        return [received for received in self.requests if not path or received.path == path]


@dataclass
class Control:
    """The sandbox's controls over HTTP."""

    url: str
    client: httpx.Client

    def get(self, path: str) -> Any:
        return self._json(self.client.get(f"{self.url}/_sandbox/{path}"))

    def post(self, path: str, body: object = None) -> Any:
        return self._json(self.client.post(f"{self.url}/_sandbox/{path}", json=body or {}))

    def put(self, path: str, body: object) -> Any:
        return self._json(self.client.put(f"{self.url}/_sandbox/{path}", json=body))

    def deliveries(self, provider: str) -> list[dict[str, Any]]:
        return [item for item in self.get("deliveries")["deliveries"] if item["provider"] == provider]

    @staticmethod
    def _json(answer: httpx.Response) -> Any:
        assert answer.status_code == 200, answer.text
        return answer.json()


class _Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        pass


def until(condition: Callable[[], object]) -> object:
    """The condition's first true value; fails after 5 s."""
    deadline = time.monotonic() + 5
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited 5 s in vain"
        time.sleep(0.01)
    return value


def configuration(app_url: str) -> dict[str, Any]:
    return {
        "twilio": {
            "account_sid": ACCOUNT,
            "auth_token": TOKEN,
            "numbers": {
                SHOP: {
                    "voice_url": f"{app_url}/voice?shop=1",
                    "sms_url": f"{app_url}/sms",
                    "status_url": f"{app_url}/status",
                }
            },
            "failing_numbers": {"+15005550610": 21610, "+15005550003": 30003},
        },
        "stripe": {
            "api_keys": [STRIPE_KEY],
            "webhooks": [
                {"url": f"{app_url}/stripe", "secret": STRIPE_SECRET},
                {"url": f"{app_url}/connect", "secret": CONNECT_SECRET, "account": "*"},
            ],
        },
        "paypal": {
            "client_id": PAYPAL_ID,
            "client_secret": PAYPAL_SECRET,
            "webhooks": [{"url": f"{app_url}/paypal", "webhook_id": WEBHOOK_ID}],
        },
    }


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    server = make_server("127.0.0.1", 0, listener, threaded=True, request_handler=_Quiet)
    listener.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield listener
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="session")
def _server() -> Iterator[SandboxServer]:
    server = SandboxServer(Config(), 0)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def control(_server: SandboxServer, listener: Listener) -> Iterator[Control]:
    """One server for all tests (its certificates take a while), reset and pointed at this test's app."""
    sandbox_of(_server.app).configure(configuration(listener.url))
    with httpx.Client() as client:
        control = Control(_server.url, client)
        yield control
        control.post("reset")
