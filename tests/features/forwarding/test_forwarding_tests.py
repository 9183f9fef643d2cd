"""The set-up test: one call to the business's own line, and what comes back of it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from callwaiting.core import clock
from callwaiting.features.forwarding import placing
from callwaiting.features.forwarding import service as forwarding
from callwaiting.features.forwarding.models import STATES
from callwaiting.features.forwarding.transitions import NEXT
from callwaiting.features.reconciliation.telephony import Heard, compare_telephony
from callwaiting.features.webhooks.service import NotYet
from callwaiting.providers.calling import PlacedCall
from tasks.webhook_handlers import HANDLERS
from tests.api_client import ApiClient, actions
from tests.factories.phone_numbers import NUMBER
from tests.factories.stored_events import rows
from tests.factories.telephone import Telephone
from tests.factories.webhooks import Delivery, make_source, twilio_delivery
from tests.features.forwarding.conftest import LINE, OTHER, STRANGERS, Shop
from tests.tasks.test_handlers import twilio_event

BEHAVIOURS: list[tuple[dict[str, Any], str]] = [
    ({"forwards_to": NUMBER}, "works"),
    ({"forwards_to": OTHER}, "wrong_number"),
    ({"forwards_to": STRANGERS}, "wrong_number"),
    ({"picks_up": True}, "answered"),
    ({}, "not_forwarded"),
]


@pytest.mark.parametrize(("line", "result"), BEHAVIOURS)
def test_what_comes_of_it(shop: Shop, line: dict[str, Any], result: str) -> None:
    """And nobody is told of a call that was missed: there was none."""
    shop.line(**line)
    found = shop.played()

    assert (found["state"], found["ended_at"] is None) == (result, False)
    assert [(row["from"], row["to"]) for row in shop.made()] == [(NUMBER, LINE)]
    assert shop.traces() == (0, 0, 0)
    assert [name for name in actions(shop.admin_url) if name.startswith("forwarding.")] == [
        "forwarding.test_started",
        "forwarding.test_ended",
    ]


def test_the_call_that_comes_back_is_not_answered(shop: Shop) -> None:
    shop.line(forwards_to=NUMBER)
    shop.played()

    (back,) = [row for row in shop.sandbox.store.rows("calls") if row["to"] == NUMBER]
    assert (back["status"], back["forwarded_from"]) == ("busy", LINE)
    assert 'Reject reason="busy"' in back["twiml"]


def test_every_notice_is_taken_and_none_waits(shop: Shop) -> None:
    shop.line(forwards_to=NUMBER)
    shop.start()
    shop.work()

    assert shop.tell() == ["ignored", "ignored"]  # the end of the call that came back, and of ours, when all is known
    assert shop.tell() == ["ignored", "ignored"]


def test_the_providers_list_knows_of_no_missed_call(shop: Shop) -> None:
    shop.line(forwards_to=NUMBER)
    shop.played()
    now = clock.now()
    told = compare_telephony(
        shop.worker.database, shop.worker.providers.telephony, now - timedelta(hours=1), now + timedelta(minutes=1)
    )

    assert told == Heard(listed=1, repaired=0, new=0)
    assert shop.traces() == (0, 0, 0)


def test_twilio_refuses(shop: Shop) -> None:
    shop.sandbox.configure({"twilio": {"failing_numbers": {LINE: 21216}}})
    test_id = shop.start()
    shop.work()
    found = shop.shown(test_id)
    shop.sandbox.configure({"twilio": {"failing_numbers": {}}})

    assert (found["state"], found["error_code"]) == ("could_not_call", "21216")


def test_an_answer_that_is_lost_makes_no_second_call(shop: Shop) -> None:
    shop.line(picks_up=True)
    shop.behave(drop_after_effect=1)
    test_id = shop.start()
    shop.work()
    assert shop.shown(test_id)["state"] == "planned"
    shop.work()

    assert shop.shown(test_id)["state"] == "calling"
    assert len(shop.made()) == 1
    shop.tell()
    assert shop.shown(test_id)["state"] == "answered"


def test_a_notice_that_never_comes_is_asked_for(shop: Shop) -> None:
    shop.line(picks_up=True)
    test_id = shop.start()
    shop.work()
    shop.made()
    shop.work()
    assert shop.shown(test_id)["state"] == "calling"
    shop.later()

    assert shop.shown(test_id)["state"] == "answered"


def test_a_call_that_would_come_late_is_not_made(shop: Shop) -> None:
    test_id = shop.start()
    shop.age(minutes=6)
    shop.work()

    assert shop.shown(test_id)["state"] == "could_not_call"
    assert shop.made() == []


def test_one_at_a_time(shop: Shop) -> None:
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: shop.owner.send("POST", shop.path).status_code, range(4)))

    assert sorted(found) == [201, 409, 409, 409]
    assert [row["kind"] for row in rows(shop.admin_url, "select kind from app.outbox")] == [forwarding.EFFECT]


def test_a_lost_one_is_given_up_by_the_next(shop: Shop) -> None:
    first = shop.start()
    shop.age(minutes=11)
    second = shop.start()

    assert [shop.shown(found)["state"] for found in (first, second)] == ["could_not_call", "planned"]


def test_the_same_request_again_is_the_same_test(shop: Shop) -> None:
    first, again = (shop.owner.send("POST", shop.path, key="one-and-the-same") for _ in range(2))

    assert (first.status_code, again.status_code) == (201, 201)
    assert first.get_json()["id"] == again.get_json()["id"]


def test_five_a_day(shop: Shop) -> None:
    for _ in range(5):
        shop.start()
        shop.age(minutes=11)
    refused = shop.owner.send("POST", shop.path)
    assert (refused.status_code, refused.get_json()["code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert "Retry-After" in refused.headers

    shop.age(minutes=24 * 60)
    assert shop.start()


@pytest.mark.parametrize("line", [None, OTHER, STRANGERS, "+442079460123", "+19002345678"])
def test_a_line_that_must_not_be_rung(shop: Shop, line: str | None) -> None:
    """None, one that is answered here, one abroad, one that costs whoever rings it."""
    desk = shop.owner.get("/reception")
    version = desk.pop("version")
    changed = shop.owner.send("PUT", "/reception", {**desk, "business_line": line}, version=version)
    assert changed.status_code == 200, changed.get_json()

    assert shop.owner.send("POST", shop.path).status_code == 409
    assert rows(shop.admin_url, "select id from app.outbox") == []


def test_the_proof_may_be_first(shop: Shop) -> None:
    """The line is forwarded at once: the call is back before Twilio's answer has been recorded."""
    test_id = shop.start()
    test = rows(shop.admin_url, "select id from app.forwarding_tests")[0]["id"]
    with shop.worker.database.unit_of_work(shop.scope) as session:
        forwarding.prove(session, shop.number_id, reached=True)
    with shop.worker.database.unit_of_work(shop.scope) as session:
        placing.record(session, test, PlacedCall("CA" + "5" * 32, "queued"))
    assert shop.shown(test_id)["state"] == "works"
    with shop.worker.database.unit_of_work(shop.scope) as session:
        assert forwarding.take_status(session, "CA" + "5" * 32, "busy") == "stale"


def test_the_proof_may_be_last(shop: Shop) -> None:
    shop.line()
    assert shop.played()["state"] == "not_forwarded"
    ring(shop)

    assert shop.owner.get(shop.path)["items"][0]["state"] == "works"


def test_a_notice_before_the_record_waits(shop: Shop) -> None:
    shop.start()
    with pytest.raises(NotYet), shop.worker.database.unit_of_work(shop.scope) as session:
        forwarding.take_status(session, "CA" + "5" * 32, "completed")


def test_calls_of_others_on_the_account_are_nobodys_here(shop: Shop) -> None:
    sid = "CA" + "6" * 32
    event = twilio_event("call.status", sid, CallSid=sid, CallStatus="completed", Direction="outbound-api", From=NUMBER)
    handle = HANDLERS["twilio", "call.status"]
    with pytest.raises(NotYet), shop.worker.database.unit_of_work(shop.scope) as session:
        handle(session, event, shop.worker.providers)
    with (
        clock.frozen(clock.now() + timedelta(minutes=2)),
        shop.worker.database.unit_of_work(shop.scope) as session,
    ):
        assert handle(session, event, shop.worker.providers) == "ignored"


def ring(shop: Shop) -> bytes:
    """A call from our own number to itself; the document that answers it."""
    settings = shop.worker.settings
    form = {"CallSid": "CA" + "7" * 32, "From": NUMBER, "To": NUMBER, "AccountSid": settings.twilio_account_sid}
    token = settings.twilio_auth_token.get_secret_value()
    return posted(shop, twilio_delivery(shop.source, form, below="/voice", token=token))


def posted(shop: Shop, delivery: Delivery) -> bytes:
    answer = shop.owner.app.test_client().post(delivery.path, data=delivery.body, headers=delivery.headers)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data()


def test_our_own_number_is_never_answered(shop: Shop) -> None:
    """Without a test too: a call that comes late would go round."""
    assert b'<Reject reason="busy"' in ring(shop)
    assert shop.traces() == (0, 0, 0)


def test_it_proves_nothing_after_its_time(shop: Shop) -> None:
    shop.line()
    test_id = shop.played()["id"]
    shop.age(minutes=11)
    ring(shop)

    assert shop.shown(test_id)["state"] == "not_forwarded"


def test_another_merchants_account_proves_nothing(shop: Shop, stranger: ApiClient) -> None:
    """Whoever signs for an account of their own could say that any number calls."""
    test_id = shop.start()
    theirs = make_source(
        shop.worker, "twilio", scope=stranger.scope, account="AC" + "3" * 32, secret="the-token-of-theirs"
    )
    delivery = twilio_delivery(
        theirs,
        {"AccountSid": "AC" + "3" * 32, "CallSid": "CA" + "8" * 32, "From": NUMBER, "To": NUMBER},
        below="/voice",
        token="the-token-of-theirs",
    )

    assert b'<Reject reason="busy"' in posted(shop, delivery)
    assert shop.shown(test_id)["state"] == "planned"


def test_others_still_get_through_meanwhile(shop: Shop) -> None:
    shop.start()
    account = {"AccountSid": shop.worker.settings.twilio_account_sid, "ForwardedFrom": LINE}
    phone = SignedPhone(shop.owner.app.test_client(), shop.source, extra=account)
    phone.token = shop.worker.settings.twilio_auth_token.get_secret_value()

    assert "automated assistant" in phone.dial()
    assert shop.traces()[0] == 1


class SignedPhone(Telephone):
    token = ""

    def fetch(self, below: str, **params: str) -> bytes:
        known = {"CallSid": self.call_sid, "From": self.caller, "To": self.called, "CallStatus": "in-progress"}
        delivery = twilio_delivery(self.source, {**known, **self.extra, **params}, below=below, token=self.token)
        return self.client.post(delivery.path, data=delivery.body, headers=delivery.headers).get_data()


def test_the_line_is_sealed(shop: Shop) -> None:
    shop.start()
    (kept,) = rows(shop.admin_url, "select line_sealed from app.forwarding_tests")

    assert LINE[-7:].encode() not in bytes(kept["line_sealed"])


def test_setting_up_knows_of_it(shop: Shop, stranger: ApiClient) -> None:
    def done(who: ApiClient) -> bool:
        return any(step["done"] for step in who.get("/setup")["steps"] if step["name"] == "forwarding")

    shop.line(forwards_to=OTHER)
    shop.played()
    assert not done(shop.owner)
    shop.line(forwards_to=NUMBER)
    shop.played()

    assert (done(shop.owner), done(stranger)) == (True, False)


def test_newest_first(shop: Shop, stranger: ApiClient) -> None:
    shop.line(picks_up=True)
    found = [shop.played()["id"] for _ in range(3)]

    assert [[test["id"] for test in page] for page in shop.owner.pages(shop.path, 2)] == [found[:0:-1], found[:1]]
    assert stranger.send("GET", shop.path).status_code == 404


def test_the_table_of_moves() -> None:
    assert set(NEXT) == set(STATES)
    assert all(after <= set(STATES) for after in NEXT.values())
    assert not NEXT["works"]
