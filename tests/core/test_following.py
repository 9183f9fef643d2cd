"""One id through answer, log, stored event, task and audit; and personal data in none of the lines."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask

import tasks
from callwaiting.core import broker
from callwaiting.core.jobs import Job
from callwaiting.core.request_context import accept_trace_id
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from tasks.webhook_handlers import HANDLERS
from tests.api_client import ApiClient
from tests.architecture.test_routes import methods
from tests.core.test_redaction import CANARIES, assert_clean
from tests.factories.stored_events import event_row, rows, store_event, store_source
from tests.factories.tokens import bearer
from tests.factories.webhooks import make_source, stripe_body, stripe_delivery

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def jobs(worker: Runtime, valkey_url: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The registered tasks, which find the runtime of the tests."""
    for module in pkgutil.iter_modules(tasks.__path__):
        if module.name != "beat":
            importlib.import_module(f"tasks.{module.name}")
    monkeypatch.setattr("tasks.base._runtime", (os.getpid(), worker))
    app = broker.worker_app(valkey_url)
    app.finalize()
    return app.tasks


def lines_with(written: str, request_id: str) -> list[str]:
    return [line for line in written.splitlines() if request_id in line]


def test_one_id_is_found_in_answer_log_event_task_and_audit(
    app: Flask, worker: Runtime, merchant: MerchantScope, admin_url: str, jobs: Any, capsys: Capture
) -> None:
    mine = "followed-by-a-test.1"
    client = ApiClient(app, merchant)
    answer = client.send("POST", "/catalogue/items", {"name": "Soup", "price": {"amount": 700, "currency": "USD"}},
                         request_id=mine)  # fmt: skip
    assert answer.status_code == 201, answer.get_data(as_text=True)
    delivery = stripe_delivery(make_source(worker, scope=merchant), stripe_body("evt_followed"))
    stored = app.test_client().post(
        delivery.path, data=delivery.body, headers={**delivery.headers, "X-Request-ID": mine}
    )
    assert stored.status_code == 204

    jobs[Job.DRAIN_EVENTS.value].run()

    written = capsys.readouterr().err
    assert answer.headers["X-Request-ID"] == stored.headers["X-Request-ID"] == mine
    assert any("/catalogue/items" in line for line in lines_with(written, mine))
    assert any("/webhooks/" in line for line in lines_with(written, mine))
    (event,) = rows(admin_url, "select id, request_id from app.webhook_events")
    assert event["request_id"] == mine
    assert event_row(admin_url, event["id"])["status"] != "received"
    assert any(str(event["id"]) in line for line in lines_with(written, mine)), "the task's own line"
    records = rows(admin_url, "select convert_from(record, 'UTF8')::jsonb ->> 'request_id' as id from audit.outbox")
    assert {record["id"] for record in records} >= {mine}


@pytest.mark.parametrize(
    ("sent", "trace"),
    [
        (PARENT, TRACE),
        (PARENT.replace("00-4", "cc-4", 1), TRACE),
        (None, ""),
        ("", ""),
        (PARENT.upper(), ""),
        (PARENT.replace("00-4", "ff-4", 1), ""),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", ""),
        (f"00-{TRACE}-{'0' * 16}-01", ""),
        (PARENT + "\n", ""),
        (PARENT[:-1], ""),
    ],
)
def test_only_a_well_formed_trace_is_accepted(sent: str | None, trace: str) -> None:
    assert accept_trace_id(sent) == trace


def test_trace_of_the_caller_is_logged_and_forgotten(app: Flask, capsys: Capture) -> None:
    client = app.test_client()
    client.get("/nowhere", headers={"traceparent": PARENT})
    client.get("/nowhere", headers={"traceparent": PARENT[:-1]})

    first, second = [line for line in capsys.readouterr().err.splitlines() if "unmatched" in line]
    assert f"trace_id={TRACE}" in first or f'"trace_id":"{TRACE}"' in first
    assert TRACE not in second


def test_no_route_writes_personal_data_into_the_log(app: Flask, merchant: MerchantScope, capsys: Capture) -> None:
    """Fake personal data in every place of a request to every route, as an owner."""
    text = " ".join(CANARIES.values())
    body = json.dumps({**CANARIES, "email": CANARIES["mail"], "name": text, "note": [text]})
    headers = {
        **bearer(app, merchant, "owner"), "User-Agent": text, "Referer": f"https://x.example/{quote(text)}",
        "Cookie": f"__Host-cw_rt={quote(text)}; cw_rt={quote(text)}", "X-Request-ID": CANARIES["mail"],
        "Idempotency-Key": CANARIES["phone"], "If-Match": CANARIES["mail"], "traceparent": CANARIES["card"],
        "Stripe-Signature": text, "X-Twilio-Signature": text, "Origin": f"https://{CANARIES['mail']}",
    }  # fmt: skip
    bodies: tuple[Any, ...] = (
        {"data": body, "content_type": "application/json"},
        {"data": f"x={quote(text)}", "content_type": "application/x-www-form-urlencoded"},
    )
    query = {"q": text, **{key: value for key, value in CANARIES.items() if " " not in key}}
    in_path = quote(" ".join(value for value in CANARIES.values() if "/" not in value))
    client, visited = app.test_client(), 0
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("probe."):
            continue
        path = rule.rule
        for name, converter in rule._converters.items():
            for form in (f"<{name}>", *(f"<{kind}:{name}>" for kind in ("uuid", "int", "any(stripe, twilio, paypal)"))):
                plain = {"UUIDConverter": str(merchant.merchant_id), "IntegerConverter": "1", "AnyConverter": "stripe"}
                path = path.replace(form, plain.get(type(converter).__name__, in_path))
        for method in methods(rule):
            for sent in bodies:
                answer = client.open(path, method=method, headers=headers, query_string=query, **sent)
                assert answer.status_code != 500, rule.rule
                visited += 1

    assert visited > 80
    written = capsys.readouterr().err
    assert written.count("route=") + written.count('"route"') >= visited
    assert_clean(written)


def test_no_task_writes_personal_data_into_the_log(
    worker: Runtime, merchant: MerchantScope, jobs: Any, admin_url: str, capsys: Capture
) -> None:
    """Every handler is given what it cannot read, with fake personal data in it, and every job runs once."""
    raw = json.dumps({"data": {"object": {**CANARIES, "id": " ".join(CANARIES.values())}}, **CANARIES}).encode()
    for provider in ("stripe", "twilio", "paypal"):
        source = store_source(worker, merchant, provider=provider)
        for kind, event_type in HANDLERS:
            if kind == provider:
                store_event(worker, source, provider=provider, event_type=event_type, raw=raw)

    for name in Job:
        jobs[name.value].run()

    written = capsys.readouterr().err
    assert {row["status"] for row in rows(admin_url, "select status from app.webhook_events")} & {
        "retry",
        "dead",
        "failed",
    }
    assert all(name.value in written for name in Job)
    assert_clean(written)
