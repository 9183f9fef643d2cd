"""A database that is away or slow, and requests that take too long: what the client hears, and how soon."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, Response, jsonify
from flask.testing import FlaskClient
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from werkzeug.test import TestResponse

from callwaiting.core import deadline, overdue
from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.http.auth import public
from callwaiting.core.http.context import database
from callwaiting.core.settings import load
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime, create_app
from tests.core.probe import add_routes
from tests.core.test_http_errors import assert_envelope
from tests.factories.tokens import bearer

MINE = "/api/v1/alerts"


def statements(*each_s: float) -> Callable[[], Response]:
    def work() -> Response:
        with database().unit_of_work(SystemScope("slow work of the tests")) as session:
            for seconds in each_s:
                session.execute(text("select pg_sleep(:seconds)"), {"seconds": seconds})
        return jsonify(ok=True)

    return work


def idle() -> Response:
    with database().unit_of_work(SystemScope("slow work of the tests")) as session:
        session.execute(text("select 1"))
        time.sleep(0.6)
        session.execute(text("select 1"))
    return jsonify(ok=True)


def late() -> Response:
    time.sleep(0.6)
    return statements(0)()


SLOW = {
    "one statement": statements(5),
    "many short statements": statements(*[0.1] * 20),
    "idle in a transaction": idle,
    "late before it begins": late,
}


@pytest.fixture(scope="module")
def impatient(environment: dict[str, str]) -> Iterator[Flask]:
    """An application whose requests may take half a second."""
    app = create_app(load({**environment, "REQUEST_TIMEOUT_MS": "500"}))
    add_routes(app)
    for number, work in enumerate((statements(0), *SLOW.values())):
        app.add_url_rule(f"/api/slow/{number}", f"slow{number}", public("a probe")(work))
    yield app
    app.extensions["database"].dispose()


@pytest.mark.parametrize("number", range(1, len(SLOW) + 1), ids=list(SLOW))
def test_what_takes_too_long_is_answered_504(impatient: Flask, worker: Runtime, number: int) -> None:
    client = impatient.test_client()

    assert_envelope(client.get(f"/api/slow/{number}"), 504, "REQUEST_TIMEOUT")

    assert client.get("/api/slow/0").status_code == 200  # a connection that was ended is replaced


def test_statement_has_what_remains_and_ten_seconds_at_most(web: Runtime) -> None:
    def limits() -> tuple[int, int]:
        with web.database.unit_of_work(SystemScope("limits")) as session:
            row = session.execute(
                text("select setting::int from pg_settings where name = any(:names) order by name"),
                {"names": ["statement_timeout", "transaction_timeout"]},
            )
            statement, transaction = row.scalars()
        return statement, transaction

    assert limits() == (10_000, 0)
    with deadline.within(28):
        statement, transaction = limits()
        assert statement == 10_000
        assert 20_000 < transaction <= 28_000
    with deadline.within(5):
        statement, transaction = limits()
        assert 0 < statement <= 5_000 >= transaction > 0
    assert limits() == (10_000, 0)


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that accepts and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=16) as server:
        yield server.getsockname()[1]


def lead_to(app: Flask, port: int) -> None:
    """Every new connection to the database goes there, and the old ones are closed."""
    found: Database = app.extensions["database"]
    found.dispose()
    for role in list(found._urls):
        found._urls[role] = f"postgresql://nobody:x@127.0.0.1:{port}/x"


@pytest.mark.parametrize("how", ["refused", "silent"])
def test_database_away_is_503_soon(fresh_app: Flask, merchant: MerchantScope, silent: int, how: str) -> None:
    client, mine = fresh_app.test_client(), bearer(fresh_app, merchant)
    assert client.get(MINE, headers=mine).status_code == 200
    lead_to(fresh_app, 9 if how == "refused" else silent)

    began = time.monotonic()
    answer = client.get(MINE, headers=mine)
    waited = time.monotonic() - began

    assert_envelope(answer, 503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0
    assert waited < 10  # by itself libpq would wait for minutes
    assert client.get("/health").status_code == 200
    forged = client.get(MINE, headers={"Authorization": "Bearer x.y.z"})
    assert_envelope(forged, 401, "AUTH_TOKEN_INVALID")


class Line:
    """A line to the real server that can be halted: what is sent is still taken, but nothing comes back."""

    def __init__(self, host: str, port: int) -> None:
        self._server = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port: int = self._server.getsockname()[1]
        self._to, self._goes = (host, port), threading.Event()
        self._goes.set()
        threading.Thread(target=self._accept, daemon=True).start()

    def halt(self) -> None:
        self._goes.clear()

    def close(self) -> None:
        self._goes.set()
        self._server.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._server.accept()
                there = socket.create_connection(self._to)
                for ends in ((here, there), (there, here)):
                    threading.Thread(target=self._carry, args=ends, daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._goes.wait()
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def line(environment: dict[str, str]) -> Iterator[Line]:
    url = make_url(environment["DATABASE_URL_WEB"])
    made = Line(url.host or "127.0.0.1", url.port or 5432)
    yield made
    made.close()


@pytest.mark.parametrize("path", [MINE, "/api/v1/orders", "/api/slow/0"])
def test_a_server_that_does_nothing_any_more_is_answered_504(
    environment: dict[str, str], line: Line, merchant: MerchantScope, path: str
) -> None:
    """It takes what is sent, so that no timeout of the network ends it, and its own timeouts stand still with it."""
    app = create_app(load({**environment, "REQUEST_TIMEOUT_MS": "1500"}))
    add_routes(app)
    app.add_url_rule("/api/slow/0", "slow", public("a probe")(statements(0)))
    found: Database = app.extensions["database"]
    found._urls[DatabaseRole.WEB] = (
        make_url(environment["DATABASE_URL_WEB"]).set(port=line.port).render_as_string(hide_password=False)
    )
    client, mine = app.test_client(), bearer(app, merchant)
    assert client.get(path, headers=mine).status_code == 200

    line.halt()
    answers: list[TestResponse] = []
    waiting = threading.Thread(target=lambda: answers.append(client.get(path, headers=mine)), daemon=True)
    waiting.start()
    waiting.join(20)

    assert answers, "the request never came to an end"
    assert_envelope(answers[0], 504, "REQUEST_TIMEOUT")
    line.close()
    found.dispose()


def test_no_free_connection_is_503(environment: dict[str, str], worker: Runtime) -> None:
    app = create_app(load({**environment, "DATABASE_POOL_SIZE": "1"}))
    add_routes(app)
    app.add_url_rule("/api/quick", "quick", public("a probe")(statements(0)))
    busy, done = threading.Event(), threading.Event()

    def hold() -> None:
        with app.extensions["database"].unit_of_work(SystemScope("holds the connection"), DatabaseRole.WEB) as session:
            session.execute(text("select 1"))
            busy.set()
            done.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert busy.wait(10)
        assert_envelope(app.test_client().get("/api/quick"), 503, "SERVICE_UNAVAILABLE")
    finally:
        done.set()
        holder.join()
    assert app.test_client().get("/api/quick").status_code == 200
    app.extensions["database"].dispose()


def test_valkey_away_keeps_tokens_good_and_revoked_ones_revoked(
    environment: dict[str, str], merchant: MerchantScope
) -> None:
    app = create_app(load({**environment, "REDIS_URL": "redis://127.0.0.1:9/0"}))
    client: FlaskClient = app.test_client()
    mine, other = bearer(app, merchant), bearer(app, merchant)
    assert client.get(MINE, headers=mine).status_code == 200

    assert client.post("/api/v1/auth/sign-out-everywhere", headers=mine).status_code == 204

    refused = client.get(MINE, headers=mine)
    assert (refused.status_code, refused.get_json()["code"]) == (401, "AUTH_TOKEN_REVOKED")
    assert client.get(MINE, headers=other).status_code == 200
    app.extensions["database"].dispose()


def test_nobody_looks_at_the_clock_while_no_connection_is_held(admin_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overdue, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(overdue, "GRACE_SECONDS", 0.0)
    engine, watch = create_engine(admin_url), overdue.Overdue()
    watch.watch(engine)
    for _ in range(2):  # it looks again when there is something to look at
        with deadline.within(0.05), engine.connect() as connection:
            thread = watch._thread
            assert thread is not None
            with pytest.raises(DBAPIError):
                connection.execute(text("select pg_sleep(30)"))
        thread.join(20)
        assert watch._thread is None
    engine.dispose()
