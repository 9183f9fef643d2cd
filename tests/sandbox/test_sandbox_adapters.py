"""The app's own adapters and verifiers get along with the sandbox, through nothing but configured addresses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from callwaiting.core.money import Money
from callwaiting.providers import paypal_signature, stripe_signature, twilio_signature
from callwaiting.providers.calling import OutgoingCall
from callwaiting.providers.paypal import PayPalPayments
from callwaiting.providers.paypal_certificates import FetchedCertificates
from callwaiting.providers.ports import (
    CheckoutRequest,
    OutgoingMessage,
    ProviderOutcomeUnknown,
    ProviderRejected,
    RefundRequest,
    SignedRequest,
    SourceSecrets,
)
from callwaiting.providers.stripe import StripePayments
from callwaiting.providers.twilio import TwilioTelephony
from tests.sandbox.conftest import (
    ACCOUNT,
    CALLER,
    CONNECT_SECRET,
    CONNECTED,
    PAYPAL_ID,
    PAYPAL_SECRET,
    SHOP,
    STRIPE_KEY,
    TOKEN,
    WEBHOOK_ID,
    Control,
    Listener,
    Received,
)


def _request(received: Received) -> SignedRequest:
    return SignedRequest(received.method, received.url, received.headers, received.raw)


def _checkout(account: str = "") -> CheckoutRequest:
    return CheckoutRequest(
        idempotency_key="order:1:checkout:1",
        account=account,
        reference="order-1",
        description="2 Margherita",
        amount=Money(2060, "USD"),
        return_url="http://shop.test/p/1",
        cancel_url="http://shop.test/p/1?cancelled=1",
        expires_at=datetime.now(UTC) + timedelta(hours=2),
    )


def test_messages(control: Control, listener: Listener) -> None:
    telephony = TwilioTelephony(account_sid=ACCOUNT, auth_token=TOKEN, base_url=f"{control.url}/twilio")
    telephony.ping()
    before = datetime.now(UTC)
    message = OutgoingMessage(SHOP, CALLER, "Pay: http://shop.test/p/1", f"{listener.url}/message")
    assert telephony.find_message(message, before) is None
    control.put("behaviours", {"api": {"twilio": {"drop_after_effect": 1}}})
    with pytest.raises(ProviderOutcomeUnknown):
        telephony.send_message(message)
    found = telephony.find_message(message, before)
    assert found is not None
    for received in listener.wait(3, "/message"):
        source = SourceSecrets("test", ACCOUNT, (TOKEN,))
        event = twilio_signature.verify(_request(received), source, datetime.now(UTC))
        assert event.object_key == found.provider_id
    with pytest.raises(ProviderRejected) as caught:
        telephony.send_message(OutgoingMessage(SHOP, "+15005550610", "hi", listener.url))
    assert caught.value.provider_code == "21610"


def test_calls_of_ours(control: Control, listener: Listener) -> None:
    """One that is picked up; the answer to our request is lost, and the call is found."""
    telephony = TwilioTelephony(account_sid=ACCOUNT, auth_token=TOKEN, base_url=f"{control.url}/twilio")
    control.put("config", {"twilio": {"lines": {CALLER: {"picks_up": True}}}})
    before = datetime.now(UTC)
    call = OutgoingCall(SHOP, CALLER, "A test & no more.", f"{listener.url}/call")
    assert telephony.find_call(call, before) is None
    control.put("behaviours", {"api": {"twilio": {"drop_after_effect": 1}}})
    with pytest.raises(ProviderOutcomeUnknown):
        telephony.place_call(call)
    found = telephony.find_call(call, before)
    assert found is not None
    (notice,) = listener.wait(1, "/call")
    event = twilio_signature.verify(_request(notice), SourceSecrets("test", ACCOUNT, (TOKEN,)), datetime.now(UTC))
    assert (event.event_type, event.object_key, event.our_number) == ("call.status", found.provider_id, SHOP)
    listed = telephony.call(found.provider_id)
    assert listed is not None
    assert (listed.direction, listed.status, listed.called) == ("outbound-api", "completed", CALLER)
    assert telephony.call("CA" + "f" * 32) is None
    with pytest.raises(ProviderRejected) as caught:
        telephony.place_call(OutgoingCall(SHOP, "+15005550610", "hi", listener.url))
    assert caught.value.provider_code == "21610"


def test_stripe_payment(control: Control, listener: Listener) -> None:
    payments = StripePayments(api_key=STRIPE_KEY, base_url=f"{control.url}/stripe")
    payments.ping()
    before = datetime.now(UTC)
    checkout = payments.create_checkout(_checkout(CONNECTED))
    control.post(f"stripe/sessions/{checkout.provider_id}/pay")
    source = SourceSecrets("test", CONNECTED, (CONNECT_SECRET,))
    settlements = []
    delivered = set()
    for received in listener.wait(3, "/connect"):
        event = stripe_signature.verify(_request(received), source, datetime.now(UTC))
        delivered.add(event.dedupe_key)
        settlements += [found] if (found := payments.settlement_of(received.raw)) else []
    [settlement] = settlements
    assert (settlement.provider_id, settlement.account, settlement.mode) == (checkout.provider_id, CONNECTED, "test")
    assert (settlement.amount, settlement.settled, settlement.reference) == (Money(2060, "USD"), True, "order-1")
    listed = payments.list_events(account=CONNECTED, since=before, until=datetime.now(UTC))
    assert {item.event.dedupe_key for item in listed} == delivered
    assert listed[0].event.event_type == "checkout.session.completed"
    wanted = RefundRequest("refund:1", settlement.payment_id, CONNECTED, Money(60, "USD"), "cwr-1")
    refund = payments.refund(wanted)
    assert (refund.amount, refund.state, refund.reference) == (Money(60, "USD"), "succeeded", "cwr-1")
    assert payments.refund(wanted) == refund
    assert payments.refunds_of(settlement.payment_id, account=CONNECTED) == [refund]
    told = [payments.refund_of(received.raw) for received in listener.wait(5, "/connect")]
    assert [found for found in told if found] == [refund]


def test_paypal_payment(control: Control, listener: Listener, tmp_path: Path) -> None:
    payments = PayPalPayments(client_id=PAYPAL_ID, client_secret=PAYPAL_SECRET, base_url=f"{control.url}/paypal")
    payments.ping()
    before = datetime.now(UTC)
    checkout = payments.create_checkout(_checkout())
    assert checkout.url == f"{control.url}/paypal/approve/{checkout.provider_id}"
    control.post(f"paypal/orders/{checkout.provider_id}/approve")
    settlement = payments.capture(checkout.provider_id, account="", idempotency_key="capture:1")
    again = payments.capture(checkout.provider_id, account="", idempotency_key="capture:2")
    assert settlement == again
    roots = tmp_path / "ca.pem"
    roots.write_bytes(control.client.get(f"{control.url}/_sandbox/paypal/ca.pem").content)
    certificates = FetchedCertificates(base_url=f"{control.url}/paypal", extra_roots=roots)
    source = SourceSecrets("test", webhook_id=WEBHOOK_ID)
    requests = [_request(received) for received in listener.wait(2, "/paypal")]
    events = [paypal_signature.verify(request, source, datetime.now(UTC), certificates) for request in requests]
    assert {event.event_type for event in events} == {"CHECKOUT.ORDER.APPROVED", "PAYMENT.CAPTURE.COMPLETED"}
    assert settlement in [payments.settlement_of(request.raw) for request in requests]
    assert (settlement.amount, settlement.settled, settlement.reference) == (Money(2060, "USD"), True, "order-1")
    refund = payments.refund(RefundRequest("refund:1", settlement.payment_id, "", Money(60, "USD"), "cwr-1"))
    assert (refund.payment_id, refund.state, refund.reference) == (settlement.payment_id, "succeeded", "cwr-1")
    assert refund in [payments.refund_of(received.raw) for received in listener.wait(3, "/paypal")]
    around = timedelta(seconds=1)
    listed = payments.list_events(account="", since=before - around, until=datetime.now(UTC) + around)
    assert len(listed) == 3
