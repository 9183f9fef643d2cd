"""A POST that is sent again."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg2
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text
from werkzeug.test import TestResponse

from callwaiting.core import tenancy
from callwaiting.core.http.idempotency import KEPT
from callwaiting.core.jobs import Job
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from tasks.api import forget_idempotency_keys
from tasks.base import perform
from tests.factories.merchants import create_merchant
from tests.factories.tokens import bearer

KEY = "key-of-the-first-act"
PATH = "/api/v1/probe/dishes"


@pytest.fixture
def app(app_with_api: Flask, worker: Runtime) -> Flask:
    """With the routes of an `Api`."""
    return app_with_api


@pytest.fixture
def owner(app: Flask, merchant: MerchantScope) -> dict[str, str]:
    return bearer(app, merchant, "owner")


def post(client: FlaskClient, headers: dict[str, str], name: str = "Gnocchi", key: str | None = KEY) -> TestResponse:
    if key is not None:
        headers = headers | {"Idempotency-Key": key}
    return client.post(PATH, json={"name": name, "price": {"amount": 1, "currency": "USD"}}, headers=headers)


def dishes(worker: Runtime, merchant: MerchantScope) -> int:
    with worker.database.unit_of_work(merchant) as session:
        return int(session.scalar(text("select count(*) from app.catalogue_items")) or 0)


def test_the_second_time_gives_the_first_answer(
    client: FlaskClient, owner: dict[str, str], worker: Runtime, merchant: MerchantScope
) -> None:
    first, second = post(client, owner), post(client, owner)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert first.headers["ETag"] == second.headers["ETag"] == '"v1"'
    assert second.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert dishes(worker, merchant) == 1


def test_twins_at_once_have_one_effect(
    app: Flask, owner: dict[str, str], worker: Runtime, merchant: MerchantScope
) -> None:
    gate = threading.Barrier(4)

    def act(_: int) -> TestResponse:
        gate.wait()
        return post(app.test_client(), owner)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(act, range(4)))

    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.data for answer in answers}) == 1
    assert sorted("Idempotent-Replayed" in answer.headers for answer in answers) == [False, True, True, True]
    assert dishes(worker, merchant) == 1


def test_a_twin_that_has_to_wait_too_long_is_told_so(
    client: FlaskClient, owner: dict[str, str], admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    post(client, owner)
    monkeypatch.setattr(tenancy, "LOCK_TIMEOUT_MS", 100)
    connection = psycopg2.connect(admin_url)
    try:
        with connection.cursor() as cursor:  # as undecided as a first request that is still at work
            cursor.execute("delete from app.idempotency_keys")
            answer = post(client, owner)
    finally:
        connection.rollback()
        connection.close()

    assert (answer.status_code, answer.get_json()["code"]) == (409, "CONFLICT")
    assert answer.headers["Retry-After"] == "1"
    assert post(client, owner).headers["Idempotent-Replayed"] == "true"


def test_the_key_belongs_to_one_request(
    client: FlaskClient, owner: dict[str, str], worker: Runtime, merchant: MerchantScope
) -> None:
    post(client, owner)
    other = post(client, owner, name="Ravioli")

    assert (other.status_code, other.get_json()["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert dishes(worker, merchant) == 1


def test_spaces_and_order_make_no_other_request(client: FlaskClient, owner: dict[str, str]) -> None:
    post(client, owner)
    again = client.post(
        PATH,
        data=b'{"price": {"currency": "USD",  "amount": 1}, "name": "Gnocchi"}',
        content_type="application/json",
        headers=owner | {"Idempotency-Key": KEY},
    )

    assert again.headers["Idempotent-Replayed"] == "true"


def test_a_failure_is_not_kept(
    client: FlaskClient, owner: dict[str, str], worker: Runtime, merchant: MerchantScope
) -> None:
    assert post(client, owner, name="Nothing").status_code == 409
    assert post(client, owner, name="Nothing").get_json()["code"] == "CONFLICT"
    assert post(client, owner, name="Gnocchi").status_code == 201
    assert dishes(worker, merchant) == 1


def test_a_key_is_ones_own(app: Flask, client: FlaskClient, owner: dict[str, str], worker: Runtime) -> None:
    mine = post(client, owner)
    theirs = post(client, bearer(app, create_merchant(worker, "Mario's"), "owner"), name="Ravioli")

    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.get_json()["id"] != theirs.get_json()["id"]


@pytest.mark.parametrize("key", [None, "", "short", "x" * 256, "with space", "kéyvalue"])
def test_a_key_is_required_and_well_formed(
    client: FlaskClient, owner: dict[str, str], worker: Runtime, merchant: MerchantScope, key: str | None
) -> None:
    answer = post(client, owner, key=key)

    assert (answer.status_code, answer.get_json()["code"]) == (400, "BAD_REQUEST")
    assert "Idempotency-Key" in answer.get_json()["message"]
    assert dishes(worker, merchant) == 0


def test_the_kept_answer_is_sealed(client: FlaskClient, owner: dict[str, str], admin_url: str) -> None:
    post(client, owner)
    connection = psycopg2.connect(admin_url)
    try:
        with connection.cursor() as cursor:
            cursor.execute("select to_jsonb(k)::text, answer_sealed, key_hash from app.idempotency_keys k")
            (row,) = cursor.fetchall()
    finally:
        connection.close()

    assert b"Gnocchi" not in bytes(row[1])
    assert KEY not in row[0]
    assert len(row[2]) == 32


def test_old_keys_are_forgotten(client: FlaskClient, owner: dict[str, str], worker: Runtime, admin_url: str) -> None:
    post(client, owner)
    post(client, owner, name="Ravioli", key="key-of-a-later-act")
    connection = psycopg2.connect(admin_url)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "update app.idempotency_keys set created_at = now() - %s where id = (select min(id::text)::uuid"
                " from app.idempotency_keys)",
                (KEPT + timedelta(minutes=1),),
            )
    finally:
        connection.close()

    perform(Job.FORGET_IDEMPOTENCY_KEYS, forget_idempotency_keys, worker)

    assert "Idempotent-Replayed" in post(client, owner, name="Ravioli", key="key-of-a-later-act").headers
    assert post(client, owner, name="Calzone").status_code == 201
