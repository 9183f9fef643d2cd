"""What the senders know to be true: orders with open checkouts, texts, calls, and all that is going to be said of them.

The expectation is that of an in-order run, computed here and not by the code under test.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from uuid import UUID

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.callers import service as callers
from callwaiting.features.calls import repository as calls
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.service import LineRequest
from callwaiting.features.payments import service as payments
from callwaiting.features.webhooks.source_admin import RegisteredSource
from tasks.outbox import drain_effects
from tests.factories.merchants import create_merchant
from tests.factories.payments import make_accounts
from tests.factories.phone_numbers import NUMBER, create_number
from tests.factories.webhooks import (
    STRIPE_SECRET,
    TWILIO_TOKEN,
    make_source,
    stripe_body,
    stripe_delivery,
    twilio_delivery,
)
from tests.faults.probe import COUNTED
from tests.faults.sender import Event
from tests.faults.stage import Stage

ACCOUNT = "acct_1FaultProof00000"
FORGED_SECRET = "whsec_of_somebody_else_0123456789"
CALL_ENDS = ("completed", "busy", "no-answer", "canceled")


@dataclass(frozen=True)
class Subject:
    """An order with its checkout and the text that carried its link."""

    order_id: UUID
    total_minor: int
    checkout_id: str
    message_sid: str


@dataclass
class World:
    """`events` are each rightly signed event once, `forged` those that nobody may believe."""

    scope: MerchantScope
    stripe: RegisteredSource
    twilio: RegisteredSource
    number_id: UUID
    subjects: list[Subject] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    forged: list[Event] = field(default_factory=list)
    counted: list[str] = field(default_factory=list)
    # The expectation: order → state, checkout → state, MessageSid → status, CallSid → status.
    orders: dict[str, str] = field(default_factory=dict)
    checkouts: dict[str, str] = field(default_factory=dict)
    messages: dict[str, str] = field(default_factory=dict)
    calls: dict[str, str] = field(default_factory=dict)

    def stripe_event(
        self, event_id: str, event_type: str, subject: dict[str, object], secret: str = STRIPE_SECRET
    ) -> Event:
        body = stripe_body(event_id, type=event_type, account=ACCOUNT, data={"object": subject})
        return Event(event_id, lambda: stripe_delivery(self.stripe, body, secret=secret))

    def twilio_event(self, key: str, params: dict[str, str], token: str = TWILIO_TOKEN) -> Event:
        return Event(key, lambda: twilio_delivery(self.twilio, params, token=token))

    def counted_event(self, event_id: str, *, stalls: bool = False) -> Event:
        """An event whose handler does nothing but count."""
        self.counted.append(event_id)
        return self.stripe_event(event_id, COUNTED, {"id": f"obj_{event_id}", "stalls": stalls})


def make_world(stage: Stage, runtime: Runtime, web: Runtime, size: int, chance: random.Random) -> World:
    """About eight events for each unit of `size`; their texts have been sent through the sandbox when it returns."""
    scope = create_merchant(runtime)
    make_accounts(runtime, scope, stripe=ACCOUNT, paypal=False)
    stripe = make_source(runtime, "stripe", scope=scope, account=ACCOUNT)
    world = World(scope, stripe, make_source(runtime, "twilio"), create_number(runtime, scope))
    placed = [_place(runtime, web, world, number) for number in range(size)]
    _send_all(stage, runtime)
    sids = {row["message_key"]: row["provider_id"] for row in stage.execute("select * from app.messages")}
    world.subjects = [
        Subject(order_id, total, checkout, sids[f"link:{order_id}:v1"]) for order_id, total, checkout in placed
    ]
    for number, subject in enumerate(world.subjects):
        world.events += _payment_events(world, subject, number)
        world.events += _text_events(world, subject, number)
    for number in range(size // 2):
        world.events += _call_events(runtime, world, number, CALL_ENDS[number % len(CALL_ENDS)])
    for number in range(size):
        world.events.append(world.counted_event(f"evt_counted{number}"))
        if number % 2:
            world.events.append(world.stripe_event(f"evt_unknown{number}", "customer.updated", {"id": f"cus_{number}"}))
            world.forged += _forged_events(world, number)
    chance.shuffle(world.events)
    return world


def _send_all(stage: Stage, runtime: Runtime) -> None:
    """One drain begins no more than fits into a job, which on a slow machine is not all of it."""
    end = time.monotonic() + 60
    while stage.execute("select id from app.outbox where state <> 'done'"):
        assert time.monotonic() < end, "the texts could not be sent"
        drain_effects(runtime)


def _place(runtime: Runtime, web: Runtime, world: World, number: int) -> tuple[UUID, int, str]:
    """An order with an open page at Stripe: (order, total, id of the page)."""
    with runtime.database.unit_of_work(world.scope) as session:
        caller_id = callers.remember(session, f"+1212556{number:04d}")
        item = catalogue.add_item(session, name=f"Pizza {number}", price_minor=900 + number)
        made = orders.place_order(
            session,
            caller_id=caller_id,
            call_id=None,
            phone_number_id=world.number_id,
            lines=[LineRequest(item, 1 + number % 3)],
        )
        expires_at = orders.summary(session, made.id).expires_at
        assert expires_at is not None
        link = payments.create_link(
            session, order_id=made.id, order_version=1, amount=made.total, expires_at=expires_at
        )
    page = payments.start_checkout(web.database, web.providers, link.rpartition("/")[2], "stripe")
    return made.id, made.total.minor, page.rpartition("/")[2]


def _payment_events(world: World, subject: Subject, number: int) -> Iterator[Event]:
    """Most pages are paid, every third of them told by two Event objects; every fifth page expires instead."""
    session: dict[str, object] = {"id": subject.checkout_id, "object": "checkout.session", "client_reference_id": None}
    if number % 5 == 4:
        world.orders[str(subject.order_id)], world.checkouts[subject.checkout_id] = "awaiting_payment", "expired"
        yield world.stripe_event(f"evt_expired{number}", "checkout.session.expired", session)
        return
    world.orders[str(subject.order_id)], world.checkouts[subject.checkout_id] = "paid", "completed"
    session |= {"amount_total": subject.total_minor, "currency": "usd", "payment_status": "paid"}
    session |= {"payment_intent": f"pi_faults{number}"}
    yield world.stripe_event(f"evt_paid{number}", "checkout.session.completed", session)
    if number % 3 == 0:
        yield world.stripe_event(f"evt_twin{number}", "checkout.session.completed", session)


def _text_events(world: World, subject: Subject, number: int) -> Iterator[Event]:
    end = "undelivered" if number % 4 == 3 else "delivered"
    world.messages[subject.message_sid] = end
    for status in ("sent", end):
        params = {"MessageSid": subject.message_sid, "MessageStatus": status, "From": NUMBER}
        params |= {"ErrorCode": "30008"} if status == "undelivered" else {}
        key = f"{subject.message_sid}|{status}|{params.get('ErrorCode', '')}"
        yield world.twilio_event(key, params)


def _call_events(runtime: Runtime, world: World, number: int, end: str) -> Iterator[Event]:
    sid = f"CA{number:032x}"
    with runtime.database.unit_of_work(world.scope) as session:
        caller_id = callers.remember(session, f"+1212557{number:04d}")
        calls.insert_if_new(session, sid, phone_number_id=world.number_id, caller_id=caller_id)
    world.calls[sid] = end
    for sequence, status in enumerate(("ringing", "in-progress", end)):
        params = {"CallSid": sid, "CallStatus": status, "To": NUMBER, "SequenceNumber": str(sequence)}
        yield world.twilio_event(f"{sid}|{status}|{sequence}", params)


def _forged_events(world: World, number: int) -> Iterator[Event]:
    subject = {"id": f"obj_forged{number}", "stalls": False}
    yield world.stripe_event(f"evt_forged{number}", COUNTED, subject, secret=FORGED_SECRET)
    params = {"MessageSid": f"SM{number:032x}", "MessageStatus": "delivered", "From": NUMBER}
    yield world.twilio_event(f"SM{number:032x}|delivered|", params, token=FORGED_SECRET)
