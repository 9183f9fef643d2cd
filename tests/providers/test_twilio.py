"""The Twilio adapter through the official SDK, against a loopback server that speaks Twilio's wire format."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from callwaiting.providers.calling import OutgoingCall, PlacedCall
from callwaiting.providers.ports import (
    OutgoingMessage,
    ProviderOutcomeUnknown,
    ProviderRejected,
    ProviderUnavailable,
)
from callwaiting.providers.twilio import TwilioTelephony
from tests.providers.api_server import Answer, api_server, closed_port_url, json_answer

ACCOUNT = "AC" + "1" * 32
MESSAGE = OutgoingMessage(
    "+14155550199", "+14155550100", "Your order: $12.50 ☕", "https://example.test/webhooks/twilio/x"
)
CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def resource(sid: str = "SM" + "2" * 32, body: str = MESSAGE.body, created: datetime = CREATED) -> dict[str, object]:
    """A Message resource as twilio.com/docs/messaging/api/message-resource shows it."""
    return {
        "sid": sid,
        "account_sid": ACCOUNT,
        "api_version": "2010-04-01",
        "body": body,
        "date_created": created.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "date_sent": None,
        "date_updated": created.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": MESSAGE.sender,
        "messaging_service_sid": None,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "status": "queued",
        "subresource_uris": {"media": "/x"},
        "to": MESSAGE.recipient,
        "uri": f"/2010-04-01/Accounts/{ACCOUNT}/Messages/{sid}.json",
    }


def telephony(base_url: str, read_timeout_s: float = 10.0) -> TwilioTelephony:
    return TwilioTelephony(
        account_sid=ACCOUNT, auth_token="token-of-the-account", base_url=base_url, read_timeout_s=read_timeout_s
    )


def test_sends_a_message_as_the_sdk_does() -> None:
    with api_server(json_answer(resource(), 201)) as server:
        sent = telephony(server.url).send_message(MESSAGE)
        request = server.received[0]
    assert (sent.provider_id, sent.status, sent.sent_at) == ("SM" + "2" * 32, "queued", CREATED)
    assert (request.method, request.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    assert (
        request.headers["authorization"]
        == "Basic " + base64.b64encode(f"{ACCOUNT}:token-of-the-account".encode()).decode()
    )
    assert parse_qs(request.body.decode()) == {
        "From": [MESSAGE.sender],
        "To": [MESSAGE.recipient],
        "Body": [MESSAGE.body],
        "StatusCallback": [MESSAGE.status_callback],
    }


def test_rings_as_the_sdk_does() -> None:
    """What is said is escaped; only the end is told; the line rings shorter than a minute."""
    placed = {"sid": "CA" + "2" * 32, "status": "queued", "from": MESSAGE.sender, "to": MESSAGE.recipient}
    call = OutgoingCall(MESSAGE.sender, MESSAGE.recipient, "Fish & chips", MESSAGE.status_callback)
    with api_server(json_answer(placed, 201)) as server:
        assert telephony(server.url).place_call(call) == PlacedCall("CA" + "2" * 32, "queued")
        request = server.received[0]
    assert (request.method, request.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Calls.json")
    assert parse_qs(request.body.decode()) == {
        "From": [call.caller],
        "To": [call.called],
        "Twiml": ["<Response><Say>Fish &amp; chips</Say></Response>"],
        "StatusCallback": [call.status_callback],
        "StatusCallbackEvent": ["completed"],
        "Timeout": ["50"],
    }


def test_a_refusal_carries_twilios_code() -> None:
    refusal = {"code": 21610, "message": "unsubscribed recipient", "more_info": "", "status": 400}
    with api_server(json_answer(refusal, 400)) as server, pytest.raises(ProviderRejected) as caught:
        telephony(server.url).send_message(MESSAGE)
    assert caught.value.provider_code == "21610"
    assert MESSAGE.recipient not in caught.value.detail


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_overloaded_twilio_sent_nothing(status: int) -> None:
    with (
        api_server(json_answer({"code": 20429, "message": "later"}, status)) as server,
        pytest.raises(ProviderUnavailable),
    ):
        telephony(server.url).send_message(MESSAGE)


@pytest.mark.parametrize(
    "answer", [Answer(b"", 502), Answer(b"<html>", 504), Answer(drop=True)], ids=["502", "504", "drop"]
)
def test_a_broken_answer_leaves_the_outcome_open(answer: Answer) -> None:
    with api_server(answer) as server:
        with pytest.raises(ProviderOutcomeUnknown):
            telephony(server.url).send_message(MESSAGE)
        assert len(server.received) == 1


def test_silence_leaves_the_outcome_open() -> None:
    import threading

    release = threading.Event()

    def wait(request: object) -> Answer:
        release.wait(10)
        return Answer()

    with api_server() as server:
        server.answer = wait
        with pytest.raises(ProviderOutcomeUnknown):
            telephony(server.url, read_timeout_s=0.2).send_message(MESSAGE)
        release.set()


def test_where_nobody_listens_nothing_was_sent() -> None:
    adapter = telephony(closed_port_url())
    with pytest.raises(ProviderUnavailable):
        adapter.send_message(MESSAGE)
    with pytest.raises(ProviderUnavailable):
        adapter.ping()


def test_finds_a_message_by_its_numbers_body_and_time() -> None:
    page = {
        "messages": [
            resource("SM" + "3" * 32, body="another text"),
            resource("SM" + "4" * 32),
            resource("SM" + "5" * 32, created=CREATED - timedelta(hours=1)),
        ],
        "page": 0, "page_size": 100, "next_page_uri": None, "uri": "/x",
    }  # fmt: skip
    with api_server(json_answer(page), json_answer(page)) as server:
        adapter = telephony(server.url)
        found = adapter.find_message(MESSAGE, CREATED + timedelta(microseconds=900))
        assert found is not None
        assert found.provider_id == "SM" + "4" * 32
        assert adapter.find_message(MESSAGE, CREATED + timedelta(seconds=1)) is None
        query = parse_qs(urlsplit(server.received[0].path).query)
    assert (query["From"], query["To"]) == ([MESSAGE.sender], [MESSAGE.recipient])


def test_ping_reads_the_account() -> None:
    with api_server(json_answer({"sid": ACCOUNT, "status": "active"})) as server:
        telephony(server.url).ping()
        assert server.received[0].path == f"/2010-04-01/Accounts/{ACCOUNT}.json"


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [(503, 20500, ProviderUnavailable), (429, 20429, ProviderUnavailable), (404, 20404, ProviderRejected)],
)
def test_a_list_that_is_refused_is_judged_like_all_else(status: int, code: int, expected: type[Exception]) -> None:
    """The SDK's lists raise another error than its other calls, without status and code of their own."""
    refusal = {"code": code, "message": "no", "more_info": "", "status": status}
    now = datetime.now(UTC)
    asked: list[Callable[[TwilioTelephony], object]] = [
        lambda api: api.find_message(MESSAGE, now),
        lambda api: api.list_calls(now, now),
        lambda api: api.recordings("CA" + "1" * 32),
    ]
    for ask in asked:
        with api_server(json_answer(refusal, status)) as server, pytest.raises(expected) as caught:
            ask(telephony(server.url))
        if isinstance(caught.value, ProviderRejected):
            assert caught.value.provider_code == str(code)
