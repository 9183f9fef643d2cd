"""Which service handles which event. A type that is not listed here is acknowledged, kept and ignored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Literal
from urllib.parse import parse_qsl

import orjson
from sqlalchemy.orm import Session

from callwaiting.core import clock, phone
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.calls import service as calls
from callwaiting.features.forwarding import service as forwarding
from callwaiting.features.messages import incoming, sending
from callwaiting.features.messages.incoming import IncomingText
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.service import PaymentProvider
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.webhooks.service import Handler, NotYet, StoredEvent
from callwaiting.providers import paypal_disputes, paypal_refunds, stripe_disputes, stripe_refunds
from callwaiting.providers.registry import Providers

Verdict = Literal["done", "ignored"]
Json = Mapping[str, object]
# How long a notice may overtake the request that it belongs to: Twilio waits 15 s for TwiML and tries again once.
OVERTAKING = timedelta(seconds=60)


def _settle(provider: PaymentProvider) -> Handler:
    """Money that has come. A completed session whose money is still on its way (bank debits) changes nothing."""

    def handle(session: Session, event: StoredEvent, providers: Providers) -> Verdict:
        settlement = providers.payments[provider].settlement_of(event.raw)
        if settlement is None or not settlement.settled:
            return "ignored"
        # The mode is that of the endpoint whose signature held.
        outcome = payments.settle(session, replace(settlement, mode=event.mode), provider=provider)
        return "ignored" if outcome == "foreign" else "done"

    return handle


def _end_session(state: Literal["failed", "expired"]) -> Handler:
    """A Checkout Session that closed without money."""

    def handle(session: Session, event: StoredEvent, providers: Providers) -> Verdict:
        checkout = _object(_object(orjson.loads(event.raw)).get("data")).get("object")
        reference = _text(_object(checkout), "client_reference_id")
        return _changed(payments.end_checkout(session, "stripe", event.object_key, reference, state))

    return handle


def _order_approved(session: Session, event: StoredEvent, providers: Providers) -> Verdict:
    """The payer has approved a PayPal order; now it is ours to capture."""
    order = _object(_object(orjson.loads(event.raw)).get("resource"))
    units = order.get("purchase_units")
    reference = _text(_object(units[0]), "custom_id") if isinstance(units, list) and units else ""
    return _changed(payments.request_capture(session, event.object_key, reference))


def _approval_reversed(session: Session, event: StoredEvent, providers: Providers) -> Verdict:
    """What was approved was not captured in time (developer.paypal.com, uncaptured payments)."""
    order = _object(_object(orjson.loads(event.raw)).get("resource"))
    units = order.get("purchase_units")
    reference = _text(_object(units[0]), "custom_id") if isinstance(units, list) and units else ""
    return _changed(payments.take_lapsed(session, _text(order, "order_id"), reference))


def _capture_denied(session: Session, event: StoredEvent, providers: Providers) -> Verdict:
    """PayPal kept the money back, after a review perhaps."""
    capture = _object(_object(orjson.loads(event.raw)).get("resource"))
    order_id = _text(_object(_object(capture.get("supplementary_data")).get("related_ids")), "order_id")
    return _changed(payments.end_checkout(session, "paypal", order_id, _text(capture, "custom_id"), "failed"))


def _refund(provider: PaymentProvider) -> Handler:
    """A refund that moved on, asked for here or at the provider's own desk."""

    def handle(session: Session, event: StoredEvent, providers: Providers) -> Verdict:
        told = providers.payments[provider].refund_of(event.raw)
        if told is None:
            return "ignored"
        return _changed(payments.take_refund(session, told, provider=provider, received_at=event.received_at))

    return handle


def _dispute(provider: PaymentProvider) -> Handler:
    """A payment that its payer disputes, and what becomes of it."""

    def handle(session: Session, event: StoredEvent, providers: Providers) -> Verdict:
        told = providers.payments[provider].dispute_of(event.raw)
        if told is None:
            return "ignored"
        return _changed(payments.take_dispute(session, told, provider=provider, received_at=event.received_at))

    return handle


def _charge_refunded(session: Session, event: StoredEvent, providers: Providers) -> Verdict:
    """Something was given back of a Stripe payment; what, is looked up."""
    charge = _object(_object(_object(orjson.loads(event.raw)).get("data")).get("object"))
    reference = _text(_object(charge.get("metadata")), "reference")
    payment_id = _text(charge, "payment_intent")
    return _changed(
        payments.request_refund_list(session, payment_id, reference=reference, received_at=event.received_at)
    )


def _message_status(session: Session, event: StoredEvent, providers: Providers) -> Verdict:
    form = _form(event)
    outcome = sending.apply_status(session, event.object_key, form["MessageStatus"], form.get("ErrorCode", ""))
    return "done" if outcome == "moved" else "ignored"


def _message_received(session: Session, event: StoredEvent, providers: Providers) -> Verdict:
    """A text that reached us as a notice or by reconciliation: kept and honoured, though it can get no answer."""
    form = _form(event)
    owner = phone_numbers.owner_of(session, form.get("To", ""))
    if owner is None or owner.merchant_id != merchant_of(session):
        return "ignored"
    text = IncomingText(
        event.object_key,
        form.get("From", ""),
        form.get("Body", ""),
        form.get("OptOutType", ""),
        incoming.media_count(form.get("NumMedia", "")),
    )
    incoming.receive(session, owner.phone_number_id, text)
    return "done"


def _call_status(session: Session, event: StoredEvent, providers: Providers) -> Verdict:
    """A call's progress. A call whose first turn we failed to answer is known by its last notice only."""
    form = _form(event)
    if form.get("Direction") == "outbound-api":
        return _own_call_status(session, event, form["CallStatus"])
    status, caller = form["CallStatus"], phone.caller_number(form.get("From", ""))
    try:
        return _changed(calls.apply_status(session, event.object_key, status, event.seq, event.occurred_at))
    except NotYet:
        if caller is not None and phone_numbers.owner_of(session, caller) is not None:
            return "ignored"  # a call of our own that was forwarded back: it proved what it had to, and is no call
        owner = phone_numbers.owner_of(session, form.get("To", ""))
        if owner is None or owner.merchant_id != merchant_of(session) or clock.now() < event.received_at + OVERTAKING:
            raise
        return _changed(
            calls.adopt(
                session,
                event.object_key,
                status,
                phone_number_id=owner.phone_number_id,
                caller=caller,
                occurred_at=event.occurred_at,
            )
        )


def _own_call_status(session: Session, event: StoredEvent, status: str) -> Verdict:
    """What became of a call that we made, to test a merchant's forwarding. Others who use the account make calls too:
    theirs are nobody's here."""
    try:
        return _changed(forwarding.take_status(session, event.object_key, status))
    except NotYet:
        if clock.now() < event.received_at + OVERTAKING:
            raise
        return "ignored"


def _changed(outcome: str) -> Verdict:
    return "done" if outcome in {"moved", "planned"} else "ignored"


def _form(event: StoredEvent) -> Mapping[str, str]:
    """The first value of each parameter, as the signed request had them."""
    return dict(reversed(parse_qsl(event.raw.decode(), keep_blank_values=True)))


def _object(value: object) -> Json:
    return value if isinstance(value, dict) else {}


def _text(fields: Json, name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


HANDLERS: Mapping[tuple[str, str], Handler] = {  # by (provider, event type)
    ("stripe", "checkout.session.completed"): _settle("stripe"),
    ("stripe", "checkout.session.async_payment_succeeded"): _settle("stripe"),
    ("stripe", "checkout.session.async_payment_failed"): _end_session("failed"),
    ("stripe", "checkout.session.expired"): _end_session("expired"),
    ("stripe", "charge.refunded"): _charge_refunded,
    **{("stripe", event_type): _refund("stripe") for event_type in stripe_refunds.EVENTS},
    **{("paypal", event_type): _refund("paypal") for event_type in paypal_refunds.EVENTS},
    **{("stripe", event_type): _dispute("stripe") for event_type in stripe_disputes.EVENTS},
    **{("paypal", event_type): _dispute("paypal") for event_type in paypal_disputes.EVENTS},
    ("paypal", "CHECKOUT.ORDER.APPROVED"): _order_approved,
    ("paypal", "CHECKOUT.PAYMENT-APPROVAL.REVERSED"): _approval_reversed,
    ("paypal", "PAYMENT.CAPTURE.COMPLETED"): _settle("paypal"),
    ("paypal", "PAYMENT.CAPTURE.DECLINED"): _capture_denied,
    ("paypal", "PAYMENT.CAPTURE.DENIED"): _capture_denied,
    ("twilio", "call.status"): _call_status,
    ("twilio", "message.status"): _message_status,
    ("twilio", "message.received"): _message_received,
}
