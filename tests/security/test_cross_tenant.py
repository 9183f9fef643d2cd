"""Another merchant's id answers byte for byte like an absent one: in every address, query and body that takes an id.

The routes are those of the URL map, the bodies those of the API's description; a new route is covered by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from callwaiting.core.http.api import PREFIX, Operation
from callwaiting.core.http.auth import policy_of
from callwaiting.core.http.openapi import describe, operations
from callwaiting.core.http.permissions import PERMISSIONS, Role
from callwaiting.factory import Runtime
from tests.security.worlds import Inhabited, belongings, inhabit

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
MOMENT_TEXT = re.compile(r"\d{4}-\d\d-\d\dT\S+")
PART = re.compile(r"<uuid:(\w+)>")
# Reviewed: what stands in addresses and is no id. Public names of webhook sources and links that were sent to somebody
# are secrets with tests of their own (tests/features/webhooks, tests/features/payments); pages have names.
NO_IDS = {"name", "provider", "public_id", "token"}
SLOT = "2031-05-06T16:30:00Z"  # one that can be booked with everybody in tests/security/worlds.py
EXAMPLES = {"date": SLOT[:10], "date-time": SLOT, "integer": "1", "string": "x"}
METHODS = ("GET", "PUT", "PATCH", "POST", "DELETE")


@dataclass(frozen=True)
class Place:
    """One spot of one operation that takes an id."""

    operation: Operation
    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.operation.method} {self.operation.rule} ({self.kind} {self.name})"


def places(app: Flask, document: dict[str, Any]) -> Iterator[Place]:
    """Every place of the merchant's routes; those of the platform's operators refuse a merchant's people by role."""
    for operation in sorted(operations(app), key=lambda found: METHODS.index(found.method)):
        if operation.policy.kind != "requires" or Role.OWNER not in PERMISSIONS[operation.policy.name]:
            continue
        for parameter in described(document, operation)["parameters"]:
            if parameter.get("in") == "query" and parameter["schema"].get("format") == "uuid":
                yield Place(operation, "query", parameter["name"])
        for name in ids_in(example(document, operation)):
            yield Place(operation, "body", name)  # before the address, whose change makes the version another one
        for name in PART.findall(operation.rule):
            yield Place(operation, "path", name)


def described(document: dict[str, Any], operation: Operation) -> dict[str, Any]:
    path = PREFIX + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", operation.rule)
    found: dict[str, Any] = document["paths"][path][operation.method.lower()]
    return found


def example(document: dict[str, Any], operation: Operation) -> Any:
    body = described(document, operation).get("requestBody")
    return body and body["content"]["application/json"]["example"]


def required(document: dict[str, Any], operation: Operation) -> dict[str, str]:
    """What the query must have, one value of each format."""
    return {
        found["name"]: EXAMPLES[found["schema"].get("format", found["schema"]["type"])]
        for found in described(document, operation)["parameters"]
        if found.get("in") == "query" and found.get("required")
    }


def ids_in(value: Any, path: str = "") -> Iterator[str]:
    """Dotted paths of the ids in a body."""
    if isinstance(value, str) and UUID_TEXT.fullmatch(value):
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, part in inner:
        yield from ids_in(part, f"{path}.{name}".lstrip("."))


def with_ids(value: Any, mine: UUID, path: str, sought: UUID, here: str = "") -> Any:
    """The body with one's own id everywhere, and the sought one at `path`; its moments lie ahead."""
    if isinstance(value, str) and MOMENT_TEXT.fullmatch(value):
        return SLOT
    if isinstance(value, str) and UUID_TEXT.fullmatch(value):
        return str(sought if here == path else mine)
    if isinstance(value, dict):
        return {name: with_ids(part, mine, path, sought, f"{here}.{name}".lstrip(".")) for name, part in value.items()}
    if isinstance(value, list):
        return [with_ids(part, mine, path, sought, f"{here}.{n}".lstrip(".")) for n, part in enumerate(value)]
    return value


class Prober:
    def __init__(self, app: Flask) -> None:
        self.document = describe(app, "http://callwaiting.test")
        self.places = list(places(app, self.document))
        self._client = app.test_client()

    def ask(self, who: Inhabited, place: Place, sought: UUID) -> TestResponse:
        """`who` sends the operation with its own ids, but `sought` at the place."""

        def chosen(kind: str, name: str) -> UUID:
            return sought if (place.kind, place.name) == (kind, name) else who.id

        body = example(self.document, place.operation)
        path = sought if place.kind == "body" else who.id
        in_query = {place.name: str(sought)} if place.kind == "query" else {}
        address = PREFIX + PART.sub(lambda part: str(chosen("path", part[1])), place.operation.rule)
        token = {"Authorization": f"Bearer {who.token}"}
        # What a place before has changed has another version.
        now = self._client.get(address, headers=token) if place.kind == "body" else None
        return self._client.open(
            address,
            method=place.operation.method,
            query_string=required(self.document, place.operation) | in_query,
            json=with_ids(body, who.id, place.name if place.kind == "body" else "", path),
            headers={
                **token,
                "Idempotency-Key": str(uuid4()),
                "If-Match": (now and now.headers.get("ETag")) or '"v1"',
                "X-Request-ID": "the-same-request",
            },
        )


def seen(answer: TestResponse) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All that a client sees, but for what its budget is down to."""
    return answer.status_code, answer.data, [pair for pair in answer.headers if not pair[0].startswith("RateLimit-")]


@pytest.fixture
def prober(app: Flask) -> Prober:
    return Prober(app)


def test_another_merchants_ids_answer_like_absent_ones(
    app: Flask, worker: Runtime, admin_url: str, prober: Prober
) -> None:
    victim, stranger = (inhabit(worker, app.extensions["database"], admin_url, name) for name in ("Luigi's", "Mario's"))
    before = belongings(admin_url, victim.id)
    assert sum(digest != "" for digest in before.values()) > 25
    assert len(prober.places) > 20

    told_apart = [
        f"{place}: {theirs.status_code} {theirs.data!r} / {absent.status_code} {absent.data!r}"
        for place in prober.places
        for theirs, absent in [[prober.ask(stranger, place, sought) for sought in (victim.id, uuid4())]]
        if seen(theirs) != seen(absent) or (place.kind == "path" and theirs.status_code != 404)
    ]
    assert told_apart == []
    after = belongings(admin_url, victim.id)
    assert [name for name in before if before[name] != after[name]] == []

    # The same requests by the owner find something: else the above would prove nothing.
    blind = [
        str(place)
        for place in prober.places
        for own, absent in [[prober.ask(victim, place, sought) for sought in (victim.id, uuid4())]]
        if (own.status_code, own.data) == (absent.status_code, absent.data)
    ]
    assert blind == []


def test_everything_else_in_addresses_is_reviewed(app: Flask) -> None:
    with app.app_context():
        names = {
            name
            for rule in app.url_map.iter_rules()
            for name in rule.arguments
            if not re.search(rf"<uuid:{name}>", rule.rule)
            or getattr(policy_of(rule.endpoint), "kind", "") != "requires"
        }

    assert names <= NO_IDS
