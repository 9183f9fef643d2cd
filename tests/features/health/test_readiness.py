from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from callwaiting.core.settings import load
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime, create_app
from tests.factories.stored_events import rows, store_event, store_source

TOKEN = "metrics-token-of-the-tests-0123456789"
MakeClient = Callable[..., FlaskClient]


@pytest.fixture
def client_of(environment: dict[str, str], worker: Runtime) -> Iterator[MakeClient]:
    """Clients of applications with other settings."""
    made: list[Flask] = []

    def make(**variables: str) -> FlaskClient:
        made.append(create_app(load({**environment, **variables})))
        return made[-1].test_client()

    yield make
    for app in made:
        app.extensions["database"].dispose()


def test_ready_says_what_works(client_of: MakeClient) -> None:
    answer = client_of().get("/health/ready")

    assert answer.status_code == 200
    assert answer.get_json() == {"status": "ready", "database": True, "valkey": True, "oldest_due_event_seconds": 0}


def test_valkey_away_is_degraded_and_still_takes_requests(client_of: MakeClient) -> None:
    answer = client_of(REDIS_URL="redis://127.0.0.1:9/0").get("/health/ready")

    assert answer.status_code == 200
    assert (answer.get_json()["status"], answer.get_json()["valkey"]) == ("degraded", False)


def test_database_away_is_unavailable(client_of: MakeClient) -> None:
    answer = client_of(DATABASE_URL_WEB="postgresql://cw_web:x@127.0.0.1:9/x").get("/health/ready")

    assert answer.status_code == 503
    assert answer.get_json() == {
        "status": "unavailable",
        "database": False,
        "valkey": True,
        "oldest_due_event_seconds": None,
    }


def test_late_work_is_degraded(client_of: MakeClient, worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    store_event(worker, store_source(worker, merchant))
    rows(admin_url, "update app.webhook_events set next_at = now() - interval '90 seconds'")

    body = client_of().get("/health/ready").get_json()

    assert body["status"] == "degraded"
    assert 90 <= body["oldest_due_event_seconds"] < 600


@pytest.mark.parametrize(
    ("token", "address", "authorization", "status"),
    [
        ("", "127.0.0.1", "", 200),
        ("", "203.0.113.7", "", 404),
        ("", "203.0.113.7", f"Bearer {TOKEN}", 404),
        (TOKEN, "127.0.0.1", "", 404),
        (TOKEN, "203.0.113.7", "Bearer wrong", 404),
        (TOKEN, "203.0.113.7", TOKEN, 404),
        (TOKEN, "203.0.113.7", f"Bearer {TOKEN}", 200),
        (TOKEN, "203.0.113.7", "Bearer t\u00f6ken", 404),
    ],
)
def test_metrics_are_for_the_scraper(
    client_of: MakeClient, token: str, address: str, authorization: str, status: int
) -> None:
    client = client_of(METRICS_TOKEN=token)

    answer = client.get("/metrics", headers={"Authorization": authorization}, environ_base={"REMOTE_ADDR": address})

    assert answer.status_code == status
    assert ("callwaiting_http_requests_total" in answer.get_data(as_text=True)) == (status == 200)
