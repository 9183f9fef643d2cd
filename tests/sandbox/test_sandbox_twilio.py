"""The Twilio stand-in, used by the official client and checked by the official validator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response as TwilioResponse
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from werkzeug import Response

from tests.sandbox.conftest import ACCOUNT, CALLER, SHOP, TOKEN, Control, Listener, Received, until


class _Redirected(TwilioHttpClient):  # type: ignore[misc]  # its base class comes from an untyped library
    """Sends the official client's requests to the sandbox."""

    def __init__(self, base: str) -> None:
        super().__init__(pool_connections=False, timeout=5)
        self.base = base

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> TwilioResponse:
        return super().request(method, url.replace("https://api.twilio.com", self.base), *args, **kwargs)


@pytest.fixture
def client(control: Control) -> Client:
    return Client(ACCOUNT, TOKEN, http_client=_Redirected(f"{control.url}/twilio"))


def _assert_signed(received: Received) -> None:
    params = received.form if received.method == "POST" else {}
    signature = received.headers["x-twilio-signature"]
    assert RequestValidator(TOKEN).validate(received.url, params, signature)
    assert not RequestValidator("another").validate(received.url, params, signature)


def test_message_is_taken_delivered_and_found_again(client: Client, control: Control, listener: Listener) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    text, callback = "Pay here: http://x.test/p/1", f"{listener.url}/m"
    sent = client.messages.create(to=CALLER, from_=SHOP, body=text, status_callback=callback)
    assert (sent.status, sent.error_code, sent.num_segments) == ("queued", None, "1")
    statuses = [received.form["MessageStatus"] for received in listener.wait(3)]
    assert sorted(statuses) == ["delivered", "queued", "sent"]
    for received in listener.requests:
        _assert_signed(received)
        assert received.form["SmsSid"] == received.form["MessageSid"] == sent.sid
        assert received.form["AccountSid"] == ACCOUNT
    assert client.messages(sent.sid or "").fetch().status == "delivered"
    assert [found.sid for found in client.messages.list(to=CALLER, from_=SHOP, date_sent_after=before)] == [sent.sid]
    assert client.messages.list(to=CALLER, date_sent_after=before + timedelta(hours=1)) == []
    [shown] = control.get(f"phones/{CALLER}")["messages"]
    assert (shown["how"], shown["body"]) == ("received", text)


def test_lists_go_on_over_pages(client: Client, control: Control) -> None:
    sids = [client.messages.create(to=CALLER, from_=SHOP, body=f"{n}").sid for n in range(5)]
    assert [found.sid for found in client.messages.list(page_size=2)] == sids[::-1]


@pytest.mark.parametrize(
    ("to", "sender", "body", "code"),
    [
        ("+15005550610", SHOP, "hi", 21610),
        ("12", SHOP, "hi", 21211),
        (CALLER, "+15005559999", "hi", 21606),
        (CALLER, SHOP, "", 21602),
        (CALLER, SHOP, "x" * 1601, 21617),
    ],
)
def test_refusals_carry_twilios_codes(client: Client, to: str, sender: str, body: str, code: int) -> None:
    with pytest.raises(TwilioRestException) as caught:
        client.messages.create(to=to, from_=sender, body=body)
    assert (caught.value.status, caught.value.code) == (400, code)


def test_wrong_token_is_refused(control: Control) -> None:
    stranger = Client(ACCOUNT, "wrong", http_client=_Redirected(f"{control.url}/twilio"))
    with pytest.raises(TwilioRestException) as caught:
        stranger.messages.create(to=CALLER, from_=SHOP, body="hi")
    assert (caught.value.status, caught.value.code) == (401, 20003)


def test_unreachable_phone_is_reported_by_callback(client: Client, listener: Listener) -> None:
    client.messages.create(to="+15005550003", from_=SHOP, body="hi", status_callback=f"{listener.url}/m")
    last = until(lambda: [r.form for r in listener.at("/m") if r.form["MessageStatus"] == "undelivered"])
    assert isinstance(last, list)
    assert last[0]["ErrorCode"] == "30003"


def test_incoming_text_is_signed_and_answered(control: Control, listener: Listener) -> None:
    listener.answer = lambda _: Response(
        "<Response><Message>Bye &amp; good luck</Message></Response>", mimetype="text/xml"
    )
    answer = control.post(f"phones/{CALLER}/text", {"to": SHOP, "body": "STOP ünï"})
    assert answer["replies"] == ["Bye & good luck"]
    [received] = listener.at("/sms")
    _assert_signed(received)
    assert (received.form["Body"], received.form["From"]) == ("STOP ünï", CALLER)
    assert received.form["FromZip"] == ""
    assert [shown["how"] for shown in control.get(f"phones/{CALLER}")["messages"]] == ["sent", "received"]


def _menu(received: Received) -> Response:
    pages = {
        "/voice": "<Response><Gather input='dtmf speech' numDigits='1' action='next?step=2' actionOnEmptyResult='true'>"
        "<Say>Welcome.</Say><Say>Press 1.</Say></Gather><Redirect>/lost</Redirect></Response>",
        "/next": "<Response><Say>Thanks.</Say><Redirect method='GET'>/bye?a=b</Redirect></Response>",
        "/bye": "<Response><Say>Goodbye.</Say><Hangup/></Response>",
    }
    return Response(pages.get(received.path, ""), mimetype="text/xml")


def test_call_follows_the_twiml_turn_by_turn(control: Control, listener: Listener, client: Client) -> None:
    listener.answer = _menu
    call = control.post("calls", {"from": CALLER, "to": SHOP, "forwarded_from": "+15005550300"})
    assert (call["spoken"], call["status"]) == ("Welcome. Press 1.", "in-progress")
    assert (call["gather"]["num_digits"], call["gather"]["input"]) == (1, ["dtmf", "speech"])
    ringing = listener.requests[0]
    assert ringing.form["CallStatus"] == "ringing"
    assert (ringing.form["ForwardedFrom"], ringing.form["Direction"]) == ("+15005550300", "inbound")
    turn = control.post(f"calls/{call['call_sid']}/turn", {"digits": "12"})
    assert (turn["spoken"], turn["ended"], turn["gather"]) == ("Thanks. Goodbye.", True, None)
    assert [request["status"] for request in turn["requests"]] == [200, 200]
    pressed, goodbye = listener.requests[1:3]
    assert (pressed.path, pressed.form["Digits"], pressed.form["CallStatus"]) == ("/next", "1", "in-progress")
    assert pressed.url.endswith("/next?step=2")
    assert goodbye.method == "GET"
    [ended] = listener.wait(1, "/status")
    assert (ended.form["CallStatus"], ended.form["SequenceNumber"]) == ("completed", "0")
    assert int(ended.form["CallDuration"]) >= 1
    for received in listener.requests:
        _assert_signed(received)
    [listed] = client.calls.list(to=SHOP, status="completed")
    assert (listed.sid, listed.forwarded_from) == (call["call_sid"], "+15005550300")


def test_speech_silence_and_hang_up(control: Control, listener: Listener) -> None:
    listener.answer = lambda received: _menu(received) if received.path == "/status" else _listen(received)
    call = control.post("calls", {"from": "anonymous", "to": SHOP})
    sid = call["call_sid"]
    control.post(f"calls/{sid}/turn", {"speech": "two margheritas"})
    assert listener.requests[-1].form["SpeechResult"] == "two margheritas"
    assert "Confidence" in listener.requests[-1].form
    silent = control.post(f"calls/{sid}/turn")
    assert silent["spoken"] == "Sorry? Say it."
    control.post(f"calls/{sid}/hangup")
    [ended] = listener.wait(1, "/status")
    assert ended.form["From"] == "anonymous"
    over = control.client.post(f"{control.url}/_sandbox/calls/{sid}/turn", json={})
    assert over.status_code == 409


def _listen(_: Received) -> Response:
    text = "<Response><Gather input='speech'><Say>Say it.</Say></Gather><Say>Sorry?</Say><Redirect/></Response>"
    return Response(text, mimetype="text/xml")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response("oops", status=500), "11200"),
        (Response("no xml"), "12100"),
        (Response("<Response><Dance/></Response>"), "12200"),
    ],
)
def test_application_errors_end_the_call(control: Control, listener: Listener, answer: Response, error: str) -> None:
    listener.answer = lambda received: answer
    call = control.post("calls", {"from": CALLER, "to": SHOP})
    assert (call["status"], call["error"][:5]) == ("failed", error)
    assert "application error" in call["spoken"]


def test_recording_is_kept_and_reported(control: Control, listener: Listener, client: Client) -> None:
    record = "<Response><Record action='/after' recordingStatusCallback='/recorded'/></Response>"
    listener.answer = lambda received: Response(record if received.path == "/voice" else "<Response/>")
    call = control.post("calls", {"from": CALLER, "to": SHOP})
    assert control.post(f"calls/{call['call_sid']}/turn", {"seconds": 7})["ended"]
    [after], [reported] = listener.at("/after"), listener.wait(1, "/recorded")
    assert after.form["RecordingDuration"] == "7"
    assert reported.form["RecordingStatus"] == "completed"
    _assert_signed(reported)
    [listed] = client.recordings.list(call_sid=call["call_sid"])
    assert listed.sid == after.form["RecordingSid"]


def test_each_message_counts_as_an_effect(client: Client, control: Control) -> None:
    for _ in range(2):
        client.messages.create(to=CALLER, from_=SHOP, body="the same")
    [effect] = control.get("effects")["effects"]
    assert (effect["kind"], effect["asked"], effect["count"]) == ("message", 2, 2)
