"""Webhooks on bad days: refused, repeated, overtaken, held, and gone on with after a restart."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from werkzeug import Response

from tests.sandbox.conftest import PAYPAL_ID, PAYPAL_SECRET, SHOP, STRIPE_KEY, TOKEN, Control, Listener, until

_FORM = {
    "mode": "payment",
    "success_url": "http://shop.test/",
    "line_items[0][price_data][currency]": "usd",
    "line_items[0][price_data][unit_amount]": "500",
    "line_items[0][price_data][product_data][name]": "Soup",
}


def _paid_session(control: Control) -> str:
    url = f"{control.url}/stripe/v1/checkout/sessions"
    answer = control.client.post(url, data=_FORM, headers={"Authorization": f"Bearer {STRIPE_KEY}"})
    session_id = str(answer.json()["id"])
    control.post(f"stripe/sessions/{session_id}/pay")
    return session_id


def _settled(control: Control) -> list[dict[str, Any]]:
    found = until(
        lambda: (items := control.deliveries("stripe")) and all(i["state"] != "pending" for i in items) and items
    )
    assert isinstance(found, list)
    return found


def test_refused_deliveries_come_again_with_the_same_bytes(control: Control, listener: Listener) -> None:
    control.put("behaviours", {"webhooks": {"retry_base_ms": 20}})
    count = itertools.count()
    listener.answer = lambda _: Response(status=500 if next(count) < 5 else 200)
    _paid_session(control)
    deliveries = _settled(control)
    assert [delivery["state"] for delivery in deliveries] == ["delivered"] * 3
    assert sum(delivery["attempts"] for delivery in deliveries) == len(listener.requests) == 8
    assert {delivery["statuses"][-1] for delivery in deliveries} == {200}
    assert len({received.raw for received in listener.requests}) == 3


def test_the_last_attempt_is_the_last(control: Control, listener: Listener) -> None:
    control.put("behaviours", {"webhooks": {"retry_base_ms": 5, "max_attempts": 3}})
    listener.answer = lambda _: Response(status=400)
    _paid_session(control)
    assert [(d["state"], d["statuses"]) for d in _settled(control)] == [("failed", [400, 400, 400])] * 3


def test_copies_are_as_many_as_asked_for(control: Control, listener: Listener) -> None:
    control.put("behaviours", {"webhooks": {"duplicate": 3, "shuffle": True, "delay_ms": 1}})
    _paid_session(control)
    listener.wait(9, "/stripe")
    ids = [delivery["event_id"] for delivery in _settled(control)]
    assert sorted(ids.count(event_id) for event_id in set(ids)) == [3, 3, 3]


def test_held_deliveries_wait_for_their_release(control: Control, listener: Listener) -> None:
    control.put("behaviours", {"webhooks": {"hold": True, "shuffle": True}})
    _paid_session(control)
    assert [delivery["state"] for delivery in control.deliveries("stripe")] == ["pending"] * 3
    assert listener.requests == []
    assert control.post("webhooks/release") == {"released": 3}
    listener.wait(3)
    assert control.get("behaviours")["webhooks"]["hold"] is False


def test_reset_forgets_what_was_held(control: Control, listener: Listener) -> None:
    control.put("behaviours", {"webhooks": {"hold": True}})
    session_id = _paid_session(control)
    control.post("reset")
    assert control.get("deliveries") == {"deliveries": []}
    assert control.get("effects") == {"effects": []}
    again = control.client.post(f"{control.url}/_sandbox/stripe/sessions/{session_id}/pay")
    assert again.status_code == 404
    control.put("behaviours", {"webhooks": {"duplicate": 2}})
    _paid_session(control)
    assert len(listener.wait(6)) == 6


def test_twilio_does_not_repeat_a_refused_callback(control: Control, listener: Listener) -> None:
    control.put("behaviours", {"webhooks": {"retry_base_ms": 1}})
    listener.answer = lambda received: Response("<Response/>", status=500 if received.path == "/status" else 200)
    control.post("calls", {"from": "+15005550201", "to": SHOP})
    listener.wait(1, "/status")
    status = until(lambda: [d for d in control.deliveries("twilio") if d["event_type"] == "call completed" and d["at"]])
    assert isinstance(status, list)
    assert (status[0]["state"], status[0]["attempts"]) == ("failed", 1)


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("behaviours", {"webhooks": {"duplicates": 2}}, "unknown fields: duplicates"),
        ("behaviours", {"api": {"stripe": {"fail_times": "2"}}}, "fail_times must be int"),
        ("behaviours", {"webhooks": {"delay_ms": -1}}, "delay_ms must not be negative"),
        ("behaviours", {"api": {"paypal": {"fail_status": 200}}}, "fail_status must be from 400 to 599"),
        ("config", {"twilio": {"numbers": [1]}}, "config.twilio.numbers must be an object"),
        ("config", {"stripe": {"webhooks": [{"url": "x"}]}}, "lacks a field"),
        ("config", [], "must be a JSON object"),
    ],
)
def test_misfits_are_named_and_change_nothing(control: Control, path: str, body: object, words: str) -> None:
    answer = control.client.put(f"{control.url}/_sandbox/{path}", json=body)
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert control.get("health")["configured"] == {"paypal": True, "stripe": True, "twilio": True}


def test_configuration_changes_by_section(control: Control, listener: Listener) -> None:
    control.put("config", {"stripe": {"webhooks": [{"url": f"{listener.url}/other", "secret": "whsec_2"}]}})
    _paid_session(control)
    listener.wait(3, "/other")
    assert listener.at("/stripe") == []


def test_each_api_has_its_own_fault_shape(control: Control) -> None:
    fault = {"fail_times": 1, "fail_status": 500}
    control.put("behaviours", {"api": {"twilio": fault, "stripe": fault, "paypal": fault}})
    account = "twilio/2010-04-01/Accounts/AC"
    twilio = control.client.get(f"{control.url}/{account}/Messages.json", auth=("AC", TOKEN))
    stripe = control.client.get(f"{control.url}/stripe/v1/events")
    paypal = control.client.post(f"{control.url}/paypal/v1/oauth2/token", auth=(PAYPAL_ID, PAYPAL_SECRET))
    assert [answer.status_code for answer in (twilio, stripe, paypal)] == [500, 500, 500]
    assert twilio.json()["code"] == 20500
    assert stripe.json()["error"]["type"] == "api_error"
    assert paypal.json()["name"] == "INTERNAL_SERVER_ERROR"
