"""`/api/v1/operator/merchants/<id>/…`."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from werkzeug.test import TestResponse

from callwaiting.core.ids import new_id
from callwaiting.factory import Runtime
from callwaiting.features.accounts import sessions
from callwaiting.features.accounts.sign_in import scope_of_person
from callwaiting.features.webhooks import drain
from tests.api_client import ApiClient
from tests.factories.people import DESK, create_person
from tests.factories.stored_events import rows, store_event, store_source
from tests.factories.webhooks import make_source


class Operator:
    """An operator of the platform, at one merchant."""

    def __init__(self, owner: ApiClient) -> None:
        self.app, self.merchant_id = owner.app, owner.scope.merchant_id
        database = self.app.extensions["database"]
        person = create_person(database)
        self.id = person.id
        with database.unit_of_work(scope_of_person(person.id, "sign in")) as session:
            opened = sessions.open_session(session, DESK, amr=("pwd", "otp"), remember=False, operator=True)
        self.headers = {"Authorization": f"Bearer {opened.access_token}"}

    def send(self, method: str, path: str, body: object = None, *, merchant: object = None) -> TestResponse:
        address = f"/api/v1/operator/merchants/{merchant or self.merchant_id}{path}"
        return self.app.test_client().open(address, method=method, headers=self.headers, json=body)

    def json(self, method: str, path: str, body: object = None) -> Any:
        answer = self.send(method, path, body)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()


@pytest.fixture
def operator(owner: ApiClient) -> Operator:
    return Operator(owner)


def test_an_operator_finds_a_dead_event_and_replays_it(
    operator: Operator, owner: ApiClient, worker: Runtime, admin_url: str
) -> None:
    event_id = store_event(worker, store_source(worker, owner.scope))
    drain.drain(worker.database, worker.providers, {})
    (found,) = operator.json("GET", "/webhook-events?status=ignored")["items"]
    tried = operator.json("POST", f"/webhook-events/{event_id}/dry-run")
    replayed = operator.json("POST", f"/webhook-events/{event_id}/replay", {"reason": "A handler was added."})

    assert (found["id"], tried["outcome"], replayed["status"]) == (str(event_id), "ignored", "received")
    assert operator.json("GET", f"/webhook-events/{event_id}")["attempt_log"][0]["outcome"] == "ignored"
    (record,) = rows(
        admin_url,
        "select r->>'actor' as actor, r->>'merchant' as merchant from audit.outbox,"
        " cast(convert_from(record, 'UTF8') as jsonb) r where r->>'action' = 'webhook.replayed'",
    )
    assert record == {"actor": f"user:{operator.id}", "merchant": str(owner.scope.merchant_id)}


def test_an_operator_pauses_a_source(operator: Operator, owner: ApiClient, worker: Runtime) -> None:
    made = make_source(worker, "twilio", scope=owner.scope)
    paused = operator.json("POST", f"/webhook-sources/{made.public_id}/pause")
    resumed = operator.json("POST", f"/webhook-sources/{made.public_id}/resume")

    assert paused["paused_at"] is not None
    assert resumed["paused_at"] is None
    assert [source["public_id"] for source in operator.json("GET", "/webhook-sources")["items"]] == [made.public_id]


def test_each_merchant_by_itself_and_teams_not_at_all(
    operator: Operator, owner: ApiClient, stranger: ApiClient, worker: Runtime
) -> None:
    event_id = store_event(worker, store_source(worker, owner.scope))
    drain.drain(worker.database, worker.providers, {})
    elsewhere = operator.send("GET", f"/webhook-events/{event_id}", merchant=stranger.scope.merchant_id)
    of_nobody = operator.send("GET", "/webhook-events", merchant=uuid4())
    as_owner = owner.send("GET", f"/operator/merchants/{owner.scope.merchant_id}/webhook-events")
    as_merchant = operator.app.test_client().get("/api/v1/webhook-events", headers=operator.headers)

    assert [answer.status_code for answer in (elsewhere, of_nobody, as_owner, as_merchant)] == [404, 404, 403, 403]
    assert operator.send("GET", f"/webhook-events/{new_id()}").status_code == 404
