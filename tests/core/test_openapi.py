"""The description of the API, and that it says what the code does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from callwaiting.core.errors import PUBLIC_FACES
from callwaiting.core.http.api import PREFIX
from callwaiting.core.http.openapi import resolved
from callwaiting.factory import Runtime

Json = dict[str, Any]


@pytest.fixture
def app(app_with_api: Flask, worker: Runtime) -> Flask:
    """With the routes of an `Api`."""
    return app_with_api


@pytest.fixture
def document(client: FlaskClient) -> Json:
    answer = client.get("/openapi.json")
    assert answer.content_type == "application/json"
    found: Json = answer.get_json()
    return found


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def valid(document: Json, schema: Json, value: object) -> bool:
    root = {**schema, "components": document["components"]}
    return bool(OAS31Validator(root).is_valid(value))


def test_it_is_openapi(document: Json) -> None:
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    assert document["servers"] == [{"url": "http://callwaiting.test"}]


def test_it_lists_every_route_of_the_api(app: Flask, document: Json) -> None:
    served = {
        (re.sub(r"<(?:[^:>]+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(PREFIX)
    }

    assert {(path, method) for path, method, _ in operations(document)} == served
    assert len({operation["operationId"] for *_, operation in operations(document)}) == len(served) >= 10


def test_every_operation_is_told(document: Json) -> None:
    for path, method, operation in operations(document):
        assert operation["summary"], f"{method} {path}"
        assert operation["description"], f"{method} {path}"
        assert operation["security"] or "Open to anybody" in operation["description"], f"{method} {path}"


def test_examples_are_valid(document: Json) -> None:
    parts = [
        (path, media["schema"], media["example"])
        for path, _, operation in operations(document)
        for part in (operation.get("requestBody"), *operation["responses"].values())
        for media in (part or {}).get("content", {}).values()
        if "example" in media
    ]
    error = {"$ref": "#/components/schemas/Error"}
    parts += [(code, error, example["value"]) for code, example in document["components"]["examples"].items()]

    assert len(parts) > 30
    assert [where for where, schema, example in parts if not valid(document, schema, example)] == []


def test_what_a_request_may_hold_is_bounded(document: Json) -> None:
    """A number or text without bounds would reach the database, which cannot hold it."""

    def unbounded(schema: Json, path: str) -> Iterator[str]:
        if "$ref" in schema:
            schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        for inner in schema.get("anyOf", []):
            yield from unbounded(inner, path)
        if "enum" in schema or "const" in schema:
            return
        match schema.get("type"):
            case "string":
                if not schema.keys() & {"maxLength", "format"} and not str(schema.get("pattern", "")).endswith(
                    ("}$", "]$")
                ):
                    yield path
            case "integer" | "number":
                if not (
                    schema.keys() & {"minimum", "exclusiveMinimum"} and schema.keys() & {"maximum", "exclusiveMaximum"}
                ):
                    yield path
            case "array":
                if "maxItems" not in schema:
                    yield path
                yield from unbounded(schema["items"], f"{path}[]")
            case "object":
                assert schema.get("additionalProperties") is False, path
                for name, inner in schema.get("properties", {}).items():
                    yield from unbounded(inner, f"{path}.{name}")

    found: list[str] = []
    for path, method, operation in operations(document):
        where = f"{method} {path}"
        for parameter in operation["parameters"]:
            if parameter.get("in") == "query":
                found += unbounded(parameter["schema"], f"{where} {parameter['name']}")
        if "requestBody" in operation:
            found += unbounded(operation["requestBody"]["content"]["application/json"]["schema"], where)
    assert found == []


@pytest.mark.parametrize(
    ("path", "options"),
    [("/api/v1/orders", {}), ("/api/v1/probe/seen?x=1", {}), ("/api/v1/orders", {"headers": {"Authorization": "x"}})],
)
def test_errors_have_the_described_form(client: FlaskClient, document: Json, path: str, options: Json) -> None:
    answer = client.get(path, **options)
    answers = document["paths"][path.partition("?")[0]]["get"]["responses"]
    described = resolved(document, answers[str(answer.status_code)])

    body = answer.get_json()
    assert valid(document, described["content"]["application/json"]["schema"], body)
    assert body["code"] in described["content"]["application/json"]["examples"]
    assert described["headers"].keys() <= set(answer.headers.keys())


def test_conditions_of_a_change_are_told(document: Json) -> None:
    post = document["paths"]["/api/v1/probe/dishes"]["post"]
    patch = document["paths"]["/api/v1/probe/dishes/{dish_id}"]["patch"]
    parameters = [[resolved(document, part) for part in route["parameters"]] for route in (post, patch)]
    headers = [[p["name"] for p in given if p["in"] == "header"] for given in parameters]

    assert headers == [["Idempotency-Key"], ["If-Match"]]
    assert {"409", "413", "415"} <= post["responses"].keys()
    assert {"404", "412", "428"} <= patch["responses"].keys()
    assert "ETag" in patch["responses"]["200"]["headers"]
    assert post["security"][0] == {"accessToken": ["catalogue.write"]}
    refund = document["paths"]["/api/v1/probe/refunds"]["post"]
    assert "AUTH_STEP_UP_REQUIRED" in resolved(document, refund["responses"]["401"])["description"]


def test_the_page_shows_all_of_it_and_loads_nothing_from_elsewhere(client: FlaskClient, document: Json) -> None:
    answer = client.get("/docs")
    html = answer.get_data(as_text=True)

    assert answer.status_code == 200
    for path, _, operation in operations(document):
        assert f'id="{operation["operationId"]}"' in html
        assert f"<code>{path}</code>" in html
    for code in PUBLIC_FACES:
        assert code.value in html
    anchors = set(re.findall(r' id="([^"]+)"', html))
    targets = re.findall(r'(?:href|src)="([^"]+)"', html)
    assert {target[1:] for target in targets if target.startswith("#")} <= anchors
    assert {target for target in targets if not target.startswith("#")} == {"/docs/style.css", "/openapi.json"}
    assert "<script" not in html
    assert "style=" not in html
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; style-src 'self';")
    assert "script-src" not in policy
    assert client.get("/docs/style.css").content_type == "text/css; charset=utf-8"


@pytest.mark.parametrize("path", ["/docs", "/docs/style.css", "/openapi.json"])
def test_a_known_page_is_not_sent_again(client: FlaskClient, path: str) -> None:
    etag = client.get(path).headers["ETag"]

    assert client.get(path, headers={"If-None-Match": etag}).status_code == 304


def test_no_example_is_a_placeholder(document: Json) -> None:
    """What a form or a stand-in is built from says what a field looks like."""

    def placeholders(value: object, path: str) -> Iterator[str]:
        match value:
            case dict():
                for name, inner in value.items():
                    yield from placeholders(inner, f"{path}.{name}")
            case list():
                for inner in value:
                    yield from placeholders(inner, f"{path}[]")
            case str() if value.rstrip("x") == "text":
                yield path

    found = [
        line
        for path, method, operation in operations(document)
        if "/probe/" not in path
        for part in (operation.get("requestBody"), *operation["responses"].values())
        for media in (part or {}).get("content", {}).values()
        for line in placeholders(media.get("example"), f"{method} {path}")
    ]
    assert found == []


def test_what_comes_with_the_refresh_cookie_is_told(document: Json) -> None:
    told = {
        path
        for path, _, operation in operations(document)
        if {"refreshCookie": []} in operation["security"]
        and {"$ref": "#/components/parameters/X-CSRF-Token"} in operation["parameters"]
    }

    assert told == {"/api/v1/auth/refresh", "/api/v1/auth/sign-out"}
