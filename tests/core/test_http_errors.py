from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from callwaiting.core.errors import PUBLIC_FACES, ErrorCode
from tests.core.probe import FAILURES

LEAKS = re.compile(
    r"select|secret|password|Traceback|psycopg|sqlalchemy|werkzeug|flask|the detail|order 7|\+1415", re.I
)


def assert_envelope(answer: TestResponse, status: int, code: str) -> None:
    """The one shape of every answer that is not a success."""
    face = PUBLIC_FACES[ErrorCode(code)]
    body = answer.get_json()
    assert (answer.status_code, body["code"]) == (status, code)
    assert answer.content_type == "application/json"
    assert body.keys() - {"fields"} == {"error", "message", "code", "request_id"}
    assert (body["error"], body["message"]) == (face.title, face.message)
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert not LEAKS.search(answer.get_data(as_text=True))
    assert not LEAKS.search(str({key: value for key, value in answer.headers if key != "Content-Security-Policy"}))
    if status == 401:
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("how", FAILURES)
def test_whatever_fails_answers_in_one_shape(client: FlaskClient, how: str) -> None:
    _, status, code = FAILURES[how]

    assert_envelope(client.get(f"/api/probe/fail/{how}"), status, code)


def test_fields_and_retry_after_are_told(client: FlaskClient) -> None:
    assert client.get("/api/probe/fail/fields").get_json()["fields"] == [
        {"field": "lines.0.quantity", "message": "too many"}
    ]
    assert client.get("/api/probe/fail/busy").headers["Retry-After"] == "7"


@pytest.mark.parametrize(
    "path", ["/", "/nowhere", "/api/probe/", "/api/%00", "/api/probe/open/", "/..%2f..%2fetc", "//", "/api//probe/open"]
)
def test_unknown_path_is_404(client: FlaskClient, path: str) -> None:
    assert_envelope(client.get(path), 404, "NOT_FOUND")


def test_route_without_a_policy_is_not_there(client: FlaskClient) -> None:
    undeclared, unknown = client.get("/api/probe/forgotten"), client.get("/api/probe/unknown")

    assert_envelope(undeclared, 404, "NOT_FOUND")
    assert undeclared.get_json() | {"request_id": ""} == unknown.get_json() | {"request_id": ""}


def test_wrong_method_is_405_and_names_the_right_ones(client: FlaskClient) -> None:
    answer = client.delete("/api/probe/open")

    assert_envelope(answer, 405, "METHOD_NOT_ALLOWED")
    assert "GET" in answer.headers["Allow"]


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "PROPFIND"])
def test_methods_that_tell_of_the_inside_are_405(client: FlaskClient, method: str) -> None:
    answer = client.open("/api/probe/open", method=method, headers={"X-Canary": "of-the-request"})

    assert_envelope(answer, 405, "METHOD_NOT_ALLOWED")
    assert b"of-the-request" not in answer.data


@pytest.mark.parametrize(
    ("data", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "MALFORMED_JSON"),
        (b"", "application/json", 400, "MALFORMED_JSON"),
        (b"\xff\xfe", "application/json", 400, "MALFORMED_JSON"),
        (b"{}", "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"a=1", "application/x-www-form-urlencoded", 415, "UNSUPPORTED_MEDIA_TYPE"),
    ],
)
def test_body_that_is_not_json(client: FlaskClient, data: bytes, content_type: str, status: int, code: str) -> None:
    assert_envelope(client.post("/api/probe/json", data=data, content_type=content_type), status, code)


def test_body_over_the_limit_is_413_and_at_the_limit_passes(client: FlaskClient) -> None:
    limit = 256 * 1024
    assert client.post("/api/probe/body", data=b"x" * limit).get_json() == {"length": limit}

    assert_envelope(client.post("/api/probe/body", data=b"x" * (limit + 1)), 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Transfer-Encoding": "chunked"}, 411),
        ({"Content-Length": "-1"}, 411),
        ({"Content-Length": "1e3"}, 411),
        ({"Content-Length": "²"}, 411),
        ({"Content-Length": "99999999999999999999"}, 413),
        ({"Content-Length": ""}, 200),
        ({"Content-Length": "0"}, 200),
    ],
)
def test_body_must_declare_its_length(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    environ = {f"HTTP_{key}" if key[0] == "T" else key: value for key, value in headers.items()}
    environ = {key.upper().replace("-", "_"): value for key, value in environ.items()}
    answer = client.post("/api/probe/body", environ_overrides=environ)

    if status == 200:
        assert answer.get_json() == {"length": 0}
    else:
        assert_envelope(answer, status, {411: "LENGTH_REQUIRED", 413: "PAYLOAD_TOO_LARGE"}[status])
