"""The API's description (OpenAPI 3.1), made from the declarations of its routes and from their schemas.

https://spec.openapis.org/oas/v3.1.1.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from flask import Flask
from pydantic import BaseModel, Field
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from callwaiting.core.errors import PUBLIC_FACES, ErrorCode
from callwaiting.core.http import cookies, idempotency
from callwaiting.core.http.api import PREFIX, NoBody, NoParameters, Operation
from callwaiting.core.http.examples import example_of
from callwaiting.core.http.permissions import PERMISSIONS, SCOPES
from callwaiting.core.http.schemas import Schema

Json = dict[str, Any]
Refs = Mapping[Any, Json]  # of (model, mode)
REF = "#/components/schemas/{model}"
PART = re.compile(r"<(?:(?P<converter>\w+)(?:\([^)]*\))?:)?(?P<name>\w+)>")
PART_SCHEMAS: dict[str | None, Json] = {
    "uuid": {"type": "string", "format": "uuid"},
    "int": {"type": "integer", "minimum": 0},
}
EVERYWHERE = frozenset({
    ErrorCode.BAD_REQUEST, ErrorCode.HOST_NOT_ALLOWED, ErrorCode.VALIDATION_FAILED, ErrorCode.RATE_LIMIT_EXCEEDED,
    ErrorCode.INTERNAL_ERROR, ErrorCode.SERVICE_UNAVAILABLE, ErrorCode.REQUEST_TIMEOUT,
})  # fmt: skip
WITH_BODY = frozenset({
    ErrorCode.MALFORMED_JSON, ErrorCode.LENGTH_REQUIRED, ErrorCode.PAYLOAD_TOO_LARGE,
    ErrorCode.UNSUPPORTED_MEDIA_TYPE,
})  # fmt: skip
WITH_TOKEN = frozenset(
    code for code in ErrorCode if code.startswith(("AUTH_TOKEN_", "AUTH_SESSION_", "MERCHANT_", "FORBIDDEN"))
)
FILE: Json = {"type": "string", "format": "binary"}
FILES: dict[str, Json] = {"application/json": {"type": "object"}}  # what a client reads as JSON is no string
CSRF_PARAMETER: Json = {
    "name": cookies.CSRF_HEADER,
    "in": "header",
    "required": True,
    "description": "`csrf_token` of the answer to the sign-in or to the last refresh; the cookie `cw_csrf` has it too.",
    "schema": {"type": "string", "minLength": 1},
    "example": "ecf9a2f6bbcf0645aff7919df5eb0999",
}
HEADERS_GIVEN: dict[str, Json] = {
    idempotency.HEADER: {
        "name": idempotency.HEADER,
        "in": "header",
        "required": True,
        "description": "A new random key for each act. The same key with the same request gets the same answer,"
        " for at least 48 hours.",
        "schema": {"type": "string", "pattern": "^[!-~]{8,255}$"},
        "example": "6f1c9b9e-8f0e-4f0e-9c43-2f1f6f0f7d55",
    },
    "If-Match": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "description": "The ETag of the version that you have read.",
        "schema": {"type": "string", "pattern": '^"v[0-9]{1,9}"$'},
        "example": '"v3"',
    },
    cookies.CSRF_HEADER: CSRF_PARAMETER,
}
RATE_LIMIT: dict[str, Json] = {
    name: {"description": description, "schema": {"type": "integer", "minimum": 0}}
    for name, description in (
        ("RateLimit-Limit", "Requests in a window, of the limit that is nearest to its end."),
        ("RateLimit-Remaining", "How many of them are left."),
        ("RateLimit-Reset", "Seconds until all are there again."),
    )
}
INTRODUCTION = """\
Everything that a merchant's team sees and does, as JSON. Send the access token as `Authorization: Bearer …`. \
Answers show one merchant only: the one that the token names. What belongs to another is not found."""


class WrongField(Schema):
    """One field that was refused, by its dotted path."""

    field: str = Field(examples=["lines.0.quantity"])
    message: str = Field(examples=["Must be at least 1."])


class Error(Schema):
    """The body of every answer that is no success. `code` keeps its meaning; `fields` comes with 422 only."""

    error: str = Field(examples=["Not found"])
    message: str = Field(examples=["There is nothing here."])
    code: ErrorCode = Field(examples=[ErrorCode.NOT_FOUND])
    request_id: str = Field(examples=["01890f4ee6c87d3a9c0b5a7d1f2e3c4b"])
    fields: list[WrongField] | None = None


def operations(app: Flask) -> list[Operation]:
    """What was declared by an `Api`, by path and method."""
    found = (getattr(view, "operation", None) for view in app.view_functions.values())
    return sorted((item for item in found if isinstance(item, Operation)), key=lambda item: (item.rule, item.method))


def describe(app: Flask, server: str) -> Json:
    """The whole document. `server` is the public base address."""
    routes = operations(app)
    schemas, refs = _schemas(routes)
    refusals: dict[str, Json] = {}
    paths: dict[str, Json] = {}
    for route in routes:
        paths.setdefault(_path(route), {})[route.method.lower()] = _operation(route, schemas, refs, refusals)
    return {
        "openapi": "3.1.1",
        "info": {"title": "Callwaiting API", "version": "1", "description": INTRODUCTION},
        "servers": [{"url": server}],
        "tags": [{"name": name} for name in sorted({route.tag for route in routes})],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": refusals,
            "parameters": HEADERS_GIVEN,
            "securitySchemes": {
                "accessToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The access token of somebody who has signed in. It lives ten minutes.",
                },
                "apiKey": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "cwk_…",
                    "description": "An API key, for machines. It may do what its scopes name.",
                },
                "refreshCookie": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": f"__Host-{cookies.REFRESH}",
                    "description": "Set by the sign-in and by each refresh, for the browser alone. Each is good once.",
                },
            },
            "headers": {
                "X-Request-ID": {
                    "description": "The request's id: yours when it was well-formed, else a new one.",
                    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{8,64}$"},
                },
                "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
                "WWW-Authenticate": {"schema": {"type": "string"}},
                **RATE_LIMIT,
                "ETag": {"description": "The version, for If-Match.", "schema": {"type": "string"}},
                "Content-Disposition": {"description": "The file's name.", "schema": {"type": "string"}},
                "Idempotent-Replayed": {
                    "description": "`true` when this is the kept answer to an earlier request with the same key.",
                    "schema": {"type": "string", "enum": ["true"]},
                },
            },
            "examples": {code.value: {"value": _error_example(code)} for code in ErrorCode},
        },
    }


def _schemas(routes: Iterable[Operation]) -> tuple[dict[str, Json], Refs]:
    """Component schemas, and where each (model, mode) of a route is among them."""
    wanted: dict[tuple[type[BaseModel], JsonSchemaMode], None] = {(Error, "serialization"): None}
    for route in routes:
        if route.body is not NoBody:
            wanted[(route.body, "validation")] = None
        if route.query is not NoParameters:
            wanted[(route.query, "validation")] = None
        if route.answers is not None:
            wanted[(route.answers, "serialization")] = None
    refs, document = models_json_schema(list(wanted), ref_template=REF)
    return document.get("$defs", {}), refs


def _path(route: Operation) -> str:
    return PREFIX + PART.sub(r"{\g<name>}", route.rule)


def _operation(route: Operation, schemas: dict[str, Json], refs: Refs, refusals: dict[str, Json]) -> Json:
    """Adds to `refusals`, by name, what this route shares with others."""
    described: Json = {
        "operationId": f"{route.tag}_{route.name}",
        "tags": [route.tag],
        "summary": route.summary,
        "description": "\n\n".join(filter(None, (route.description, _who(route)))),
        "parameters": [*_parameters(route, schemas, refs)],
        "responses": {str(route.status): _success(route, schemas, refs), **_refusals(route, refusals)},
        "security": [],
    }
    if route.policy.kind == "requires":
        described["security"] = [{"accessToken": [route.policy.name]}]
        if route.policy.name in SCOPES and not route.policy.step_up:
            described["security"].append({"apiKey": [route.policy.name]})
    elif ErrorCode.CSRF_FAILED in route.refuses:
        described["security"] = [{"refreshCookie": []}]
    if route.body is not NoBody:
        body = refs[(route.body, "validation")]
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": body, "example": example_of(body, schemas)}},
        }
    return described


def _who(route: Operation) -> str:
    if route.policy.kind == "public":
        return f"Open to anybody: {route.policy.name}."
    roles = ", ".join(sorted(PERMISSIONS.get(route.policy.name, ())))
    recent = " The sign-in must be at most five minutes old." if route.policy.step_up else ""
    return f"Permission `{route.policy.name}` ({roles}).{recent}"


def _parameters(route: Operation, schemas: dict[str, Json], refs: Refs) -> Iterator[Json]:
    for part in PART.finditer(route.rule):
        schema = PART_SCHEMAS.get(part["converter"], {"type": "string", "minLength": 1})
        yield {"name": part["name"], "in": "path", "required": True, "schema": schema}
    if route.query is not NoParameters:
        query = schemas[refs[(route.query, "validation")]["$ref"].rpartition("/")[2]]
        for name, schema in query["properties"].items():
            bare = {key: value for key, value in schema.items() if key != "description"}
            yield {
                "name": name,
                "in": "query",
                "required": name in query.get("required", ()),
                "schema": _given(bare),
                **({"description": schema["description"]} if "description" in schema else {}),
            }
    if route.keyed:
        yield {"$ref": f"#/components/parameters/{idempotency.HEADER}"}
    if route.if_match:
        yield {"$ref": "#/components/parameters/If-Match"}
    if ErrorCode.CSRF_FAILED in route.refuses:
        yield {"$ref": f"#/components/parameters/{cookies.CSRF_HEADER}"}


def _given(schema: Json) -> Json:
    """A query parameter is there or not, but never null."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if not choices:
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf" and value is not None}
    return {**rest, **choices[0]} if len(choices) == 1 else {**rest, "anyOf": choices}


def _success(route: Operation, schemas: dict[str, Json], refs: Refs) -> Json:
    headers = ["X-Request-ID", *RATE_LIMIT]
    if route.answers is not None and "version" in route.answers.model_fields:
        headers.append("ETag")
    if route.media:
        headers.append("Content-Disposition")
    if route.idempotent:
        headers.append("Idempotent-Replayed")
    described = "A file." if route.media else "Done." if route.answers is None else "The answer."
    answer: Json = {"description": described, "headers": _headers(headers)}
    if route.media:
        answer["content"] = {media: {"schema": FILES.get(media, FILE)} for media in route.media}
    if route.answers is not None:
        ref = refs[(route.answers, "serialization")]
        answer["content"] = {"application/json": {"schema": ref, "example": example_of(ref, schemas)}}
    return answer


def resolved(document: Json, part: Json) -> Json:
    """The part itself, or the component that it refers to."""
    for name in part.get("$ref", "").split("/")[1:]:
        document = document[name]
    return document if "$ref" in part else part


def _refusals(route: Operation, shared: dict[str, Json]) -> dict[str, Json]:
    codes = EVERYWHERE | route.refuses
    if route.policy.kind == "requires":
        codes |= WITH_TOKEN
    if route.policy.step_up:
        codes |= {ErrorCode.AUTH_STEP_UP_REQUIRED}
    if PART.search(route.rule):
        codes |= {ErrorCode.NOT_FOUND}
    if route.method in {"POST", "PUT", "PATCH"}:
        codes |= WITH_BODY
    if route.keyed:
        codes |= {ErrorCode.CONFLICT, ErrorCode.IDEMPOTENCY_KEY_REUSED}
    if route.if_match:
        codes |= {ErrorCode.PRECONDITION_REQUIRED, ErrorCode.PRECONDITION_FAILED}
    by_status: dict[int, list[ErrorCode]] = {}
    for code in ErrorCode:
        if code in codes:
            by_status.setdefault(PUBLIC_FACES[code].status, []).append(code)
    answers: dict[str, Json] = {}
    for status, its_codes in sorted(by_status.items()):
        name = "-".join(its_codes)
        shared.setdefault(name, _refusal(status, its_codes))
        answers[str(status)] = {"$ref": f"#/components/responses/{name}"}
    return answers


def _refusal(status: int, codes: list[ErrorCode]) -> Json:
    more = {401: ["WWW-Authenticate"], 429: ["Retry-After", *RATE_LIMIT], 503: ["Retry-After"]}.get(status, [])
    return {
        "description": " · ".join(f"`{code}`" for code in codes),
        "headers": _headers(["X-Request-ID", *more]),
        "content": {
            "application/json": {
                "schema": {"$ref": REF.format(model="Error")},
                "examples": {code.value: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def _headers(names: Iterable[str]) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _error_example(code: ErrorCode) -> Json:
    face = PUBLIC_FACES[code]
    example: Json = {
        "error": face.title,
        "message": face.message,
        "code": code.value,
        "request_id": "01890f4ee6c87d3a9c0b5a7d1f2e3c4b",
    }
    if code is ErrorCode.VALIDATION_FAILED:
        example["fields"] = [{"field": "lines.0.quantity", "message": "Must be at least 1."}]
    return example
