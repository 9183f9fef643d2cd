"""Both doors of the inbox, and a look into its tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, cast

import psycopg2
import psycopg2.extras
import pytest
from flask import Flask
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Response

from callwaiting.features.webhooks.door import Door
from callwaiting.features.webhooks.receiver import Receiver
from tests.factories.webhooks import Delivery

Query = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def app(fresh_app: Flask) -> Flask:
    """One for each test: its threads write behind the answer, and its certificates and queues are changed."""
    return fresh_app


@pytest.fixture
def receiver(app: Flask) -> Iterator[Receiver]:
    made = cast(Receiver, app.extensions["webhooks"])
    yield made
    made.close()


@pytest.fixture(params=["thin door", "flask"])
def door(request: pytest.FixtureRequest, app: Flask, receiver: Receiver) -> Client:
    """A client of the whole application, or of Flask behind the thin door."""
    assert isinstance(app.wsgi_app, Door)
    return Client(app.wsgi_app if request.param == "thin door" else app.wsgi_app.behind, Response)


@pytest.fixture
def thin(app: Flask, receiver: Receiver) -> Client:
    return Client(app.wsgi_app, Response)


@pytest.fixture
def query(admin_url: str) -> Iterator[Query]:
    """Rows as the superuser sees them."""
    connection = psycopg2.connect(admin_url, cursor_factory=psycopg2.extras.RealDictCursor)
    connection.autocommit = True

    def ask(sql: str, *values: object) -> list[dict[str, Any]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return [dict(row) for row in cursor.fetchall()] if cursor.description else []

    yield ask
    connection.close()


def post(client: Client, delivery: Delivery, **environ: Any) -> TestResponse:
    return client.post(delivery.path, data=delivery.body, headers=delivery.headers, **environ)
