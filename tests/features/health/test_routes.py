"""Health and readiness from outside."""

from __future__ import annotations

from flask.testing import FlaskClient


def test_alive_and_ready(client: FlaskClient) -> None:
    assert client.get("/health").get_json() == {"status": "alive"}
    ready = client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.get_json() == {"status": "ready", "database": True, "valkey": True, "oldest_due_event_seconds": 0.0}


def test_an_absent_page_answers_the_envelope(client: FlaskClient) -> None:
    answer = client.get("/nothing", headers={"X-Request-ID": "followed-12345"})
    assert answer.status_code == 404
    assert answer.get_json() == {
        "error": "Not found",
        "message": "There is nothing here.",
        "code": "NOT_FOUND",
        "request_id": "followed-12345",
    }
    assert answer.headers["X-Request-ID"] == "followed-12345"
