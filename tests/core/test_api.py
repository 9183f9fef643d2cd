"""What the wrapper of an `Api` route does: reading, refusing, the transaction, versions, step-up."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import orjson
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from callwaiting.core.http.api import Api
from callwaiting.core.http.schemas import Schema
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from tests.core.api_probe import Seen
from tests.factories.tokens import bearer

DISH = {"name": "Gnocchi", "price": {"amount": 1250, "currency": "USD"}}
MOMENT = "Must be a date and time with its offset, as in 2026-05-04T18:30:00Z."
DISHES = "/api/v1/probe/dishes"


@pytest.fixture
def app(app_with_api: Flask, worker: Runtime) -> Flask:
    """With the routes of an `Api`."""
    return app_with_api


@pytest.fixture
def owner(app: Flask, merchant: MerchantScope) -> dict[str, str]:
    return bearer(app, merchant, "owner")


def keyed(headers: dict[str, str]) -> dict[str, str]:
    return headers | {"Idempotency-Key": str(uuid4())}


def send(
    client: FlaskClient, headers: dict[str, str], body: bytes, content_type: str = "application/json"
) -> TestResponse:
    return client.post(DISHES, data=body, content_type=content_type, headers=keyed(headers))


def names(worker: Runtime, merchant: MerchantScope) -> list[str]:
    with worker.database.unit_of_work(merchant) as session:
        return list(session.scalars(text("select name from app.catalogue_items order by id")))


def test_it_works_in_one_transaction(
    client: FlaskClient, owner: dict[str, str], worker: Runtime, merchant: MerchantScope
) -> None:
    made = send(client, owner, orjson.dumps(DISH))
    failed = send(client, owner, orjson.dumps(DISH | {"name": "Nothing"}))

    assert made.status_code == 201
    assert made.get_json() == {"id": made.get_json()["id"], "name": "Gnocchi", "version": 1}
    assert made.headers["ETag"] == '"v1"'
    assert made.headers["Cache-Control"] == "no-store"
    assert made.content_type == "application/json"
    assert failed.status_code == 409
    assert names(worker, merchant) == ["Gnocchi"]


@pytest.mark.parametrize(
    ("change", "field", "message"),
    [
        ({"colour": "red"}, "colour", "This field is not known here."),
        ({"price": {"amount": 1, "currency": "USD", "tip": 2}}, "price.tip", "This field is not known here."),
        ({"name": None}, "name", "Must be text."),
        ({"name": "   "}, "name", "Must have at least 1 characters."),
        ({"name": "two\nlines"}, "name", "Does not have the required form."),
        ({"name": "LOUD"}, "name", "Must not be in capitals."),
        ({"name": "nul\0"}, "name", "Must not contain the character U+0000."),
        ({"price": {"amount": "1", "currency": "USD"}}, "price.amount", "Must be a whole number."),
        ({"price": {"amount": 1.0, "currency": "USD"}}, "price.amount", "Must be a whole number."),
        ({"price": {"amount": True, "currency": "USD"}}, "price.amount", "Must be a whole number."),
        ({"price": {"amount": 2**31, "currency": "USD"}}, "price.amount", "Must be at most 2147483647."),
        ({"price": 5}, "price", "Must be an object."),
        ({"portions": {}}, "portions", "Must be a list."),
        ({"portions": [{"size": "huge", "quantity": 1}]}, "portions.0.size", "Must be 'small' or 'large'."),
        ({"portions": [{"size": "small", "quantity": 0}]}, "portions.0.quantity", "Must be at least 1."),
        ({"portions": [{"size": "small", "quantity": 1}] * 4}, "portions", "Must have at most 3 items."),
        ({"ready_at": "2026-05-04T10:00:00"}, "ready_at", MOMENT),
        ({"ready_at": 1700000000}, "ready_at", MOMENT),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_in_our_words(
    client: FlaskClient, owner: dict[str, str], change: dict[str, object], field: str, message: str
) -> None:
    answer = send(client, owner, orjson.dumps(DISH | change))

    assert answer.status_code == 422
    assert answer.get_json()["fields"] == [{"field": field, "message": message}]


def test_a_missing_field_and_many_wrong_ones(client: FlaskClient, owner: dict[str, str]) -> None:
    missing = send(client, owner, b"{}").get_json()
    many = send(client, owner, orjson.dumps({"x" * 500 + str(n): n for n in range(200)})).get_json()

    assert missing["fields"] == [
        {"field": "name", "message": "This field is required."},
        {"field": "price", "message": "This field is required."},
    ]
    assert len(many["fields"]) == 50
    assert max(len(item["field"]) for item in many["fields"]) == 100


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'name': 1}",
        b'{"name": "a", "name": "b", "price": {"amount": 1, "currency": "USD"}}',
        b'{"name": "a", "price": {"amount": 1, "amount": 2, "currency": "USD"}}',
        b'{"name": "a", "price": {"amount": 1, "currency": "USD"}, "weight": NaN}',
        b'{"name": "a", "price": {"amount": 1, "currency": "USD"}, "weight": -Infinity}',
        b'{"name": "\\ud800", "price": {"amount": 1, "currency": "USD"}}',
        b'\xef\xbb\xbf{"name": "a", "price": {"amount": 1, "currency": "USD"}}',
        '{"name": "a", "price": {"amount": 1, "currency": "USD"}}'.encode("utf-16"),
        b'{"name": "\xff", "price": {"amount": 1, "currency": "USD"}}',
        b'{"price": ' + b"9" * 5000 + b"}",
        b"[" * 21 + b"]" * 21,
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:40]),
)
def test_what_is_no_plain_json_is_refused(client: FlaskClient, owner: dict[str, str], body: bytes) -> None:
    answer = send(client, owner, body)

    assert (answer.status_code, answer.get_json()["code"]) == (400, "MALFORMED_JSON")


@pytest.mark.parametrize(
    ("body", "expected"),
    [(b"[" * 20 + b"]" * 20, "Must be an object."), (b"null", "Must be an object."), (b"7", "Must be an object.")],
)
def test_json_of_another_kind(client: FlaskClient, owner: dict[str, str], body: bytes, expected: str) -> None:
    assert send(client, owner, body).get_json()["fields"] == [{"field": "", "message": expected}]


def test_an_infinite_number_is_not_valid(client: FlaskClient, owner: dict[str, str]) -> None:
    answer = send(client, owner, b'{"name": "a", "price": {"amount": 1, "currency": "USD"}, "weight": 1e999}')

    assert answer.get_json()["fields"] == [{"field": "weight", "message": "Must be a finite number."}]


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 201),
        ("application/json; charset=UTF-8", 201),
        ("application/json; charset=latin-1", 415),
        ("application/x-www-form-urlencoded", 415),
        ("text/plain", 415),
        ("application/problem+json", 415),
        ("", 415),
    ],
)
def test_only_json_is_read(client: FlaskClient, owner: dict[str, str], content_type: str, status: int) -> None:
    assert send(client, owner, orjson.dumps(DISH), content_type).status_code == status


def test_the_largest_body_and_one_byte_more(client: FlaskClient, owner: dict[str, str]) -> None:
    largest = orjson.dumps(DISH).ljust(256 * 1024)

    assert send(client, owner, largest).status_code == 201
    assert send(client, owner, largest + b" ").status_code == 413


@pytest.mark.parametrize(
    ("query", "status", "what"),
    [
        ("", 200, "- False"),
        ("text=a+b&at_least=5&open_only=true", 200, "a b True"),
        ("text=a&text=b", 400, "BAD_REQUEST"),
        ("at_least=1&at_least=1", 400, "BAD_REQUEST"),
        ("colour=red", 422, "colour"),
        ("at_least=-1", 422, "at_least"),
        ("at_least=2147483648", 422, "at_least"),
        ("at_least=x", 422, "at_least"),
        ("open_only=perhaps", 422, "open_only"),
        ("text=" + "x" * 21, 422, "text"),
        ("text=%00", 422, "text"),
    ],
)
def test_query_parameters(client: FlaskClient, owner: dict[str, str], query: str, status: int, what: str) -> None:
    answer = client.get(f"/api/v1/probe/search?{query}", headers=owner)

    body = answer.get_json()
    assert answer.status_code == status
    assert what == (body["name"] if status == 200 else body["fields"][0]["field"] if status == 422 else body["code"])


def test_a_route_without_parameters_refuses_all(client: FlaskClient, owner: dict[str, str]) -> None:
    assert client.get("/api/v1/probe/seen?x=1").status_code == 422
    assert client.get("/api/v1/probe/named/a%00b", headers=owner).status_code == 404
    assert client.get("/api/v1/probe/named/ab", headers=owner).get_json() == {"actor": "ab"}


@pytest.mark.parametrize(
    ("if_match", "status", "code"),
    [
        ('"v7"', 200, None),
        (' "v7" ', 200, None),
        ('"v6"', 412, "PRECONDITION_FAILED"),
        ('W/"v7"', 412, "PRECONDITION_FAILED"),
        ("7", 412, "PRECONDITION_FAILED"),
        ('"v7", "v6"', 412, "PRECONDITION_FAILED"),
        ('"v٧"', 412, "PRECONDITION_FAILED"),
        ("*", 428, "PRECONDITION_REQUIRED"),
        ("", 428, "PRECONDITION_REQUIRED"),
        (None, 428, "PRECONDITION_REQUIRED"),
    ],
)  # fmt: skip
def test_a_change_names_the_version_it_has_seen(
    client: FlaskClient, owner: dict[str, str], if_match: str | None, status: int, code: str | None
) -> None:
    headers = owner if if_match is None else owner | {"If-Match": if_match}
    answer = client.patch(f"{DISHES}/{uuid4()}", json={"size": "small", "quantity": 1}, headers=headers)

    assert (answer.status_code, answer.get_json().get("code")) == (status, code)
    assert answer.headers.get("ETag") == ('"v8"' if status == 200 else None)


def test_a_deletion_has_an_empty_answer(client: FlaskClient, owner: dict[str, str]) -> None:
    gone = client.delete(f"/api/v1/probe/plates/{uuid4()}", headers=owner | {"If-Match": '"v1"'})

    assert (gone.status_code, gone.data) == (204, b"")
    assert "Content-Type" not in gone.headers
    assert client.delete(f"{DISHES}/{uuid4()}", headers=owner).status_code == 404


@pytest.mark.parametrize("path", ["search", "named/ab"])
def test_a_principal_is_judged_even_where_nothing_is_read(
    client: FlaskClient, owner: dict[str, str], path: str
) -> None:
    """The begin of a transaction is where a session that has ended is refused."""
    begun: list[object] = []

    def note(_: object, transaction: object, __: object) -> None:
        begun.append(transaction)

    client.application.extensions["signing_ring"].keys()  # read once in half a minute, in a transaction of its own
    event.listen(Session, "after_begin", note)
    try:
        answer = client.get(f"/api/v1/probe/{path}", headers=owner)
    finally:
        event.remove(Session, "after_begin", note)

    assert answer.status_code == 200
    assert len(begun) == 1


def test_a_public_route_works_in_no_merchants_scope(client: FlaskClient) -> None:
    assert client.get("/api/v1/probe/seen").get_json() == {"actor": "a probe"}


@pytest.mark.parametrize(("age", "status"), [(302, 401), (290, 200), (0, 200)])
def test_step_up_needs_a_recent_sign_in(
    app: Flask, client: FlaskClient, merchant: MerchantScope, age: int, status: int
) -> None:
    headers = bearer(app, merchant, "owner", age=timedelta(seconds=age))
    answer = client.post("/api/v1/probe/refunds", headers=headers)

    assert answer.status_code == status
    if status == 401:
        assert answer.get_json()["code"] == "AUTH_STEP_UP_REQUIRED"


def test_declarations_that_cannot_be() -> None:
    api = Api("wrong")
    with pytest.raises(TypeError, match="name a permission"):
        api.get("/neither", answers=Seen)
    with pytest.raises(TypeError, match="name a permission"):
        api.get("/both", answers=Seen, requires="orders.read", public="everybody")
    for who in ({"public": "everybody"}, {"requires": "account.use"}):
        with pytest.raises(TypeError, match="kept for a merchant"):
            api.post("/nobodys", body=Schema, **who)  # type: ignore[arg-type]  # one of two options
    with pytest.raises(TypeError, match="one transaction"):

        @api.post("/no-session", requires="orders.read", body=Schema)
        def act(body: Schema) -> None:
            """Act."""
