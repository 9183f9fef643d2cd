"""`/api/v1/webhook-sources`."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from werkzeug.test import Client

from callwaiting.core import clock
from callwaiting.factory import Runtime
from tests.api_client import ApiClient, actions
from tests.factories.payments import make_accounts
from tests.factories.stored_events import rows
from tests.factories.webhooks import STRIPE_SECRET, Delivery, make_source, stripe_body
from tests.features.webhooks.conftest import post

OURS = {"provider": "stripe", "mode": "test", "account": "acct_ours"}
NEXT_SECRET = "whsec_the_next_of_the_tests_98765"


@pytest.fixture
def accounts(worker: Runtime, owner: ApiClient) -> None:
    make_accounts(worker, owner.scope, stripe="acct_ours")


def delivery(source: dict[str, Any], secret: str) -> Delivery:
    """A new event at the source's address, signed with this secret."""
    body = stripe_body()
    moment = str(int(time.time()))
    signature = hmac.new(secret.encode(), moment.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "Stripe-Signature": f"t={moment},v1={signature}"}
    return Delivery(f"/webhooks/stripe/{source['public_id']}", body, headers)


@pytest.mark.usefixtures("accounts")
def test_made_shown_and_never_with_its_secret(owner: ApiClient, stranger: ApiClient, admin_url: str) -> None:
    first, again = (
        owner.send("POST", "/webhook-sources", {**OURS, "secret": STRIPE_SECRET}, key="one-source-only")
        for _ in range(2)
    )
    made = first.get_json()
    later = owner.post("/webhook-sources", {"provider": "paypal", "mode": "test"})

    assert (first.status_code, first.data) == (201, again.data)
    assert made["public_url"] == f"http://callwaiting.test/webhooks/stripe/{made['public_id']}"
    assert (made["ready"], later["ready"]) == (True, False)
    assert STRIPE_SECRET not in first.get_data(as_text=True)
    assert owner.get(f"/webhook-sources/{made['public_id']}") == made
    assert owner.pages("/webhook-sources", 1) == [[later], [made]]
    assert stranger.get("/webhook-sources")["items"] == []
    assert actions(admin_url).count("webhook_source.created") == 2


@pytest.mark.usefixtures("accounts")
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"account": "acct_of_somebody_else"}, "account"),
        ({"account": "*"}, "account"),
        ({"account": ""}, "account"),
        ({"mode": "live"}, "account"),
        ({"mode": "both"}, "mode"),
        ({"provider": "twilio"}, "provider"),
        ({"secret": "short"}, "secret"),
        ({"secret": "with a blank in the middle"}, "secret"),
        ({"webhook_id": "1JE4291016473214C"}, ""),
        ({"merchant_id": "x"}, "merchant_id"),
    ],
    ids=str,
)
def test_only_for_an_account_that_is_the_merchants(owner: ApiClient, change: dict[str, str], field: str) -> None:
    """Whoever knows a source's secret can sign events: never for an account of others, nor calls that never were."""
    answer = owner.send("POST", "/webhook-sources", {**OURS, **change})

    assert (answer.status_code, [item["field"] for item in answer.get_json()["fields"]]) == (422, [field])
    assert owner.get("/webhook-sources")["items"] == []


@pytest.mark.usefixtures("accounts")
def test_paypal_takes_a_webhook_id_later_but_never_the_placeholder(owner: ApiClient) -> None:
    made = owner.post("/webhook-sources", {"provider": "paypal", "mode": "test"})
    path = f"/webhook-sources/{made['public_id']}/rotate"
    refused = owner.send("POST", path, {"webhook_id": "WEBHOOK_ID"})
    set_now = owner.post(path, {"webhook_id": "1JE4291016473214C"}, status=200)

    assert (refused.status_code, [item["field"] for item in refused.get_json()["fields"]]) == (422, ["webhook_id"])
    assert (set_now["webhook_id"], set_now["ready"]) == ("1JE4291016473214C", True)
    assert owner.send("POST", path, {"secret": NEXT_SECRET}).status_code == 422
    assert owner.send("POST", path, {"secret": NEXT_SECRET, "webhook_id": "1JE4291016473214C"}).status_code == 422
    assert owner.send("POST", path, {}).status_code == 422


def test_both_secrets_are_good_for_the_overlap_then_the_new_one_alone(
    owner: ApiClient, worker: Runtime, thin: Client, admin_url: str
) -> None:
    make_accounts(worker, owner.scope)
    made = owner.post("/webhook-sources", {**OURS, "account": "", "secret": STRIPE_SECRET})
    rotated = owner.post(f"/webhook-sources/{made['public_id']}/rotate", {"secret": NEXT_SECRET}, status=200)
    owner.app.extensions["webhooks"].sources.forget()
    both = [post(thin, delivery(made, secret)).status_code for secret in (STRIPE_SECRET, NEXT_SECRET)]
    at_once = {"secret": "whsec_the_third_00000", "overlap_hours": 0}
    without = owner.post(f"/webhook-sources/{made['public_id']}/rotate", at_once, status=200)
    owner.app.extensions["webhooks"].sources.forget()
    old = post(thin, delivery(made, NEXT_SECRET)).status_code

    assert (both, old) == ([204, 204], 400)
    until = rotated["old_secret_until"]
    assert until is not None
    assert abs(clock.now() + timedelta(hours=24) - datetime.fromisoformat(until)) < timedelta(minutes=5)
    assert without["old_secret_until"] is None
    assert "webhook_source.secret_rotated" in actions(admin_url)


@pytest.mark.usefixtures("accounts")
def test_paused_answers_404_until_it_is_resumed(owner: ApiClient, admin_url: str) -> None:
    path = f"/webhook-sources/{owner.post('/webhook-sources', OURS)['public_id']}"
    paused = [owner.post(f"{path}/pause", status=200)["paused_at"] for _ in range(2)]
    resumed = owner.post(f"{path}/resume", status=200)

    assert paused[0] is not None
    assert paused[0] == paused[1]
    assert resumed["paused_at"] is None
    assert {"webhook_source.paused", "webhook_source.resumed"} <= set(actions(admin_url))


def test_twilios_secret_and_shared_sources_are_the_platforms(owner: ApiClient, worker: Runtime) -> None:
    shared = make_source(worker)
    own = make_source(worker, "twilio", scope=owner.scope)
    refused = owner.send("POST", f"/webhook-sources/{own.public_id}/rotate", {"secret": NEXT_SECRET})

    assert [source["public_id"] for source in owner.get("/webhook-sources")["items"]] == [own.public_id]
    assert owner.send("GET", f"/webhook-sources/{shared.public_id}").status_code == 404
    assert (refused.status_code, refused.get_json()["message"]) == (
        409,
        "Twilio's secrets are looked after by the platform.",
    )


@pytest.mark.usefixtures("accounts")
def test_who_may_and_how_many(owner: ApiClient, admin_url: str) -> None:
    agent = replace(owner, role="agent")
    made = owner.post("/webhook-sources", OURS)
    rows(
        admin_url,
        "insert into app.webhook_sources (id, public_id, merchant_id, provider, mode, public_url)"
        " select gen_random_uuid(), gen_random_uuid()::text, merchant_id, provider, mode, '' from app.webhook_sources,"
        " generate_series(1, 19)",
    )

    assert agent.send("GET", "/webhook-sources").status_code == 403
    assert agent.send("POST", f"/webhook-sources/{made['public_id']}/pause").status_code == 403
    assert owner.send("POST", "/webhook-sources", OURS).status_code == 409
