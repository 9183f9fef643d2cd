"""`/api/v1/webhook-events`."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import orjson
import pytest

from callwaiting.factory import Runtime
from callwaiting.features.webhooks import drain
from tasks.webhook_handlers import HANDLERS
from tests.api_client import ApiClient, actions, statements
from tests.factories.payments import Payable, make_accounts, make_payable
from tests.factories.stored_events import event_row, rows, store_event, store_source

COMPLETED = "checkout.session.completed"


def settling(payable: Payable, checkout: str = "cs_of_the_tests") -> bytes:
    """A Checkout event that pays the order."""
    session = {
        "id": checkout,
        "payment_intent": "pi_of_the_tests",
        "amount_total": payable.total.minor,
        "currency": payable.total.currency.lower(),
        "payment_status": "paid",
    }
    return orjson.dumps({"id": "evt_1", "type": COMPLETED, "livemode": False, "data": {"object": session}})


@pytest.fixture
def payable(worker: Runtime, owner: ApiClient, admin_url: str) -> Payable:
    make_accounts(worker, owner.scope)
    made = make_payable(worker, owner.scope)
    rows(
        admin_url,
        "insert into app.checkouts (merchant_id, id, link_id, order_id, provider, mode, account, attempt, state,"
        " provider_id) select merchant_id, gen_random_uuid(), id, order_id, 'stripe', 'test', '', 1, 'open',"
        " 'cs_of_the_tests' from app.payment_links",
    )
    return made


def work(worker: Runtime) -> None:
    drain.drain(worker.database, worker.providers, HANDLERS)


def test_search_in_pages(owner: ApiClient, stranger: ApiClient, worker: Runtime, admin_url: str) -> None:
    source = store_source(worker, owner.scope)
    shared = store_source(worker, None, account="*")
    make_accounts(worker, owner.scope, stripe="acct_ours")
    kinds = [("a.first", "x1"), ("a.second", "x1"), ("a.second", "x2")]
    made = [str(store_event(worker, source, event_type=kind, object_key=key)) for kind, key in kinds]
    made.append(str(store_event(worker, shared, event_type="a.third", routing_keys={"account": "acct_ours"})))
    work(worker)
    rows(admin_url, "update app.webhook_events set status = 'dead', error = 'a reason' where id = %s", made[0])
    with statements(owner.app) as one:
        owner.get("/webhook-events?limit=1")
    with statements(owner.app) as four:
        listed = owner.get("/webhook-events")["items"]

    assert [event["id"] for event in listed] == made[::-1]
    assert [event["id"] for page in owner.pages("/webhook-events", 3) for event in page] == made[::-1]
    assert (listed[0]["account"], listed[0]["mode"], listed[0]["status"]) == ("acct_ours", "test", "ignored")
    assert len(one) == len(four)
    for query, found in {
        "status=dead": [made[0]],
        "status=ignored": made[:0:-1],
        "provider=stripe&type=a.second": [made[2], made[1]],
        "object=x1": [made[1], made[0]],
        "object=x1&type=a.second": [made[1]],
        "provider=paypal": [],
        f"since={listed[1]['received_at']}": made[:1:-1],
        f"until={listed[2]['received_at']}": [made[0]],
    }.items():
        assert [event["id"] for event in owner.get(f"/webhook-events?{query}")["items"]] == found, query
    assert stranger.get("/webhook-events")["items"] == []
    assert owner.send("GET", "/webhook-events?status=lost").status_code == 422
    assert owner.send("GET", "/webhook-events?merchant=1").status_code == 422


def test_a_body_is_shown_to_whom_the_table_says_and_the_trail_keeps_it(
    owner: ApiClient, worker: Runtime, payable: Payable, admin_url: str
) -> None:
    raw = settling(payable)
    event_id = store_event(worker, store_source(worker, owner.scope), event_type=COMPLETED, raw=raw)
    work(worker)
    shown = owner.get(f"/webhook-events/{event_id}")
    body = owner.get(f"/webhook-events/{event_id}/body")

    assert (shown["status"], shown["type"], shown["attempts"]) == ("done", COMPLETED, 1)
    assert [(attempt["n"], attempt["outcome"]) for attempt in shown["attempt_log"]] == [(1, "done")]
    assert "raw" not in shown
    assert "worker" not in shown["attempt_log"][0]
    assert body["body"] == raw.decode()
    assert actions(admin_url)[-1] == "webhook.body_read"
    for role in ("agent", "viewer"):
        for path in (f"/webhook-events/{event_id}", f"/webhook-events/{event_id}/body"):
            assert replace(owner, role=role).send("GET", path).status_code == 403
    rows(admin_url, "update app.webhook_events set raw = null, emptied_at = now()")
    emptied = owner.send("GET", f"/webhook-events/{event_id}/body")
    assert (emptied.status_code, emptied.get_json()["message"]) == (409, "The body of this event has been emptied.")


def test_a_dead_event_is_tried_out_and_then_replayed(
    owner: ApiClient, worker: Runtime, payable: Payable, admin_url: str
) -> None:
    event_id = store_event(worker, store_source(worker, owner.scope), event_type=COMPLETED, raw=settling(payable))
    path = f"/webhook-events/{event_id}"
    early = owner.send("POST", f"{path}/replay", {"reason": "too early"})
    rows(
        admin_url,
        "update app.webhook_events set merchant_id = %s, status = 'dead', attempts = 6, error = 'a fault'",
        owner.scope.merchant_id,
    )
    tried = owner.post(f"{path}/dry-run", status=200)
    untouched = owner.get("/payments")["items"]
    replayed = owner.post(f"{path}/replay", {"reason": "The fault is mended."}, status=200)
    work(worker)

    assert early.status_code == 404
    assert (tried["outcome"], tried["error"]) == ("done", "")
    changed = {change["table"]: (change["inserted"], change["updated"]) for change in tried["changes"]}
    assert changed["app.payments"] == (1, 0)
    assert changed["app.orders"] == (0, 1)
    assert untouched == []
    assert (replayed["status"], replayed["attempts"], replayed["error"]) == ("received", 0, None)
    assert event_row(admin_url, event_id)["status"] == "done"
    assert owner.get(f"/orders/{payable.order_id}")["state"] == "paid"
    (record,) = rows(
        admin_url,
        "select r->>'reason' as reason, r->>'actor' like 'user:%%' as of_person from audit.outbox,"
        " cast(convert_from(record, 'UTF8') as jsonb) r where r->>'action' = 'webhook.replayed'",
    )
    assert record == {"reason": "The fault is mended.", "of_person": True}


def test_what_is_not_finished_is_not_replayed(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    event_id = store_event(worker, store_source(worker, owner.scope))
    rows(admin_url, "update app.webhook_events set merchant_id = %s", owner.scope.merchant_id)
    answer = owner.send("POST", f"/webhook-events/{event_id}/replay", {"reason": "Impatience."})

    assert (answer.status_code, answer.get_json()["message"]) == (409, "This event is not finished.")
    for body in ({}, {"reason": " "}, {"reason": "two\nlines"}, {"reason": "x", "status": "done"}):
        assert owner.send("POST", f"/webhook-events/{event_id}/replay", body).status_code == 422
    assert replace(owner, role="agent").send("POST", f"/webhook-events/{event_id}/dry-run").status_code == 403


def test_a_dry_run_tells_why_an_event_would_fail(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    event_id = store_event(worker, store_source(worker, owner.scope), event_type=COMPLETED, raw=b'{"type": 1')
    rows(admin_url, "update app.webhook_events set merchant_id = %s", owner.scope.merchant_id)
    tried = owner.post(f"/webhook-events/{event_id}/dry-run", status=200)

    assert (tried["outcome"], tried["changes"]) == ("failed", [])
    assert tried["error"].startswith("JSONDecodeError")


def test_the_id_of_an_event_of_nobody_is_absent(owner: ApiClient, worker: Runtime) -> None:
    unrouted: UUID = store_event(worker, store_source(worker, None))

    for method, path in (("GET", ""), ("GET", "/body"), ("POST", "/dry-run")):
        assert owner.send(method, f"/webhook-events/{unrouted}{path}").status_code == 404
