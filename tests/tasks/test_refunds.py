"""Refunds from the request to their end, against the providers' stand-ins, whatever order the news comes in."""

from __future__ import annotations

import random
from collections.abc import Sequence
from uuid import UUID

import httpx
import pytest
from sqlalchemy import select, update

from callwaiting.core.money import Money
from callwaiting.features.alerts.models import Alert
from callwaiting.features.messages.models import Message
from callwaiting.features.outbox.models import Effect
from callwaiting.features.payments import ledger, refunds
from callwaiting.features.payments.errors import RefundTooLarge
from callwaiting.features.payments.models import Payment, Refund
from callwaiting.features.webhooks.service import NotYet, StoredEvent
from callwaiting.providers.ports import ProviderRejected, ProviderUnavailable
from callwaiting.sandbox.app import sandbox_of
from tasks.effects import PERFORMERS
from tests.tasks.test_handlers import World, server, world

__all__ = ["server", "world"]  # fixtures
KINDS = ("stripe.refund", "paypal.refund", "stripe.refund_list")


def pay(world: World, provider: str) -> Payment:
    """Pay the order and settle it."""
    checkout = world.open(provider)
    if provider == "stripe":
        world.pay(f"stripe/sessions/{checkout}/pay")
        drain(world, world.events("stripe"))
    else:
        world.pay(f"paypal/orders/{checkout}/approve")
        drain(world, world.events("paypal"))
        world.perform_capture()
    return payment(world)


def payment(world: World) -> Payment:
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        return session.scalars(select(Payment)).one()


def ask(world: World, minor: int | None = None) -> UUID:
    amount = None if minor is None else Money(minor, "USD")
    with world.web.database.unit_of_work(world.payable.scope) as session:
        payment_id = session.scalars(select(Payment.id)).one()
        return refunds.request_refund(session, payment_id, amount=amount, reason="other").id


def perform(world: World, *, unclear: bool = False) -> None:
    """What the outbox does with the effects about refunds that are planned."""
    database, scope = world.worker.database, world.payable.scope
    with database.unit_of_work(scope) as session:
        due = select(Effect.id, Effect.kind, Effect.subject_id).where(Effect.kind.in_(KINDS), Effect.state == "planned")
        planned = session.execute(due.order_by(Effect.id)).all()
    for effect_id, kind, subject_id in planned:
        performer = PERFORMERS[kind]
        with database.unit_of_work(scope) as session:
            request = performer.load(session, subject_id)
        if request is not None:
            try:
                result = performer.call(world.providers, request, unclear)
            except ProviderRejected as error:
                with database.unit_of_work(scope) as session:
                    performer.reject(session, subject_id, error)
            else:
                with database.unit_of_work(scope) as session:
                    performer.record(session, subject_id, result)
        with database.unit_of_work(scope) as session:
            session.execute(update(Effect).where(Effect.id == effect_id).values(state="done"))


def drain(world: World, events: Sequence[StoredEvent]) -> None:
    """Handle all events as workers do: what is not possible yet comes again later."""
    waiting = list(events)
    for _ in range(4):
        later = []
        for event in waiting:
            try:
                world.handle(event)
            except NotYet:
                later.append(event)
        perform(world)
        waiting = later
    assert waiting == []


def outcome(world: World) -> tuple[str, str, int, list[tuple[str, str, int]]]:
    """State of the order and of its payment, what has gone back, and each refund's origin, state and amount. Whatever
    the order of the news, the ledger agrees."""
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        assert ledger.differences(session) == []
        kept = session.scalars(select(Refund).order_by(Refund.amount_minor, Refund.origin)).all()
        return (
            world.state()[0],
            payment(world).state,
            payment(world).refunded_minor,
            [(row.origin, row.state, row.amount_minor) for row in kept],
        )


def asked(world: World) -> list[tuple[str, int]]:
    """The keys under which refunds were asked for at the provider, and how often."""
    effects = httpx.get(f"{world.server.url}/_sandbox/effects").json()["effects"]
    return [(item["key"], item["asked"]) for item in effects if item["kind"] == "refund"]


def texts(world: World) -> list[str]:
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        return list(session.scalars(select(Message.message_key).where(Message.kind == "refund").order_by(Message.id)))


def alerts(world: World) -> list[tuple[str, str]]:
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        return [(row.rule, row.state) for row in session.scalars(select(Alert).order_by(Alert.id))]


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
def test_a_refund_in_two_parts_gives_everything_back_once(world: World, provider: str) -> None:
    total = pay(world, provider).amount_minor
    first = ask(world, 500)
    perform(world)
    half = outcome(world)
    second = ask(world)
    perform(world)
    drain(world, world.events(provider) * 2)

    assert half == ("part_refunded", "part_refunded", 500, [("api", "succeeded", 500)])
    assert outcome(world) == (
        "refunded",
        "refunded",
        total,
        [("api", "succeeded", 500), ("api", "succeeded", total - 500)],
    )
    assert texts(world) == [f"refund:{first}", f"refund:{second}"]
    assert asked(world) == [(f"refund:{first}", 1), (f"refund:{second}", 1)]


@pytest.mark.parametrize("seed", range(4))
def test_refunds_at_stripes_own_desk_appear_whatever_comes_twice_or_backwards(world: World, seed: int) -> None:
    checkout = world.open("stripe")
    world.pay(f"stripe/sessions/{checkout}/pay")
    intent = sandbox_of(world.server.app).store.rows("stripe.payment_intents")[0]["object"]["id"]
    world.pay(f"stripe/payments/{intent}/refund", amount=700)
    back = httpx.post(f"{world.server.url}/_sandbox/stripe/payments/{intent}/refund", json={"amount": 300}).json()
    world.pay(f"stripe/refunds/{back['id']}/fail")
    events = world.events("stripe") * 2
    random.Random(seed).shuffle(events)
    drain(world, events)

    assert outcome(world) == (
        "part_refunded",
        "part_refunded",
        700,
        [("provider", "failed", 300), ("provider", "succeeded", 700)],
    )
    assert alerts(world) == [("payments.refund_failed", "open")]


def test_stripes_sum_alone_is_enough_to_find_each_refund(world: World) -> None:
    kept = pay(world, "stripe")
    for amount in (700, 300):
        world.pay(f"stripe/payments/{kept.payment_id}/refund", amount=amount)
    drain(world, [event for event in world.events("stripe") if event.event_type == "charge.refunded"])

    assert outcome(world)[2:] == (1000, [("provider", "succeeded", 300), ("provider", "succeeded", 700)])


@pytest.mark.parametrize("order", [1, -1])
def test_a_refund_at_paypals_own_desk_that_takes_its_time(world: World, order: int) -> None:
    kept = pay(world, "paypal")
    world.pay(f"paypal/captures/{kept.payment_id}/refund", amount={"currency_code": "USD", "value": "7.00"})
    httpx.put(f"{world.server.url}/_sandbox/behaviours", json={"refunds_wait": True})
    path = f"{world.server.url}/_sandbox/paypal/captures/{kept.payment_id}/refund"
    slow = httpx.post(path, json={"amount": {"currency_code": "USD", "value": "3.00"}}).json()
    world.pay(f"paypal/refunds/{slow['id']}/succeed")
    drain(world, world.events("paypal")[::order] * 2)

    assert outcome(world)[1:] == (
        "part_refunded",
        1000,
        [("provider", "succeeded", 300), ("provider", "succeeded", 700)],
    )


def test_a_refund_that_waits_holds_its_amount_and_one_that_failed_gives_it_free(world: World) -> None:
    total = pay(world, "stripe").amount_minor
    httpx.put(f"{world.server.url}/_sandbox/behaviours", json={"refunds_wait": True})
    ask(world)
    perform(world)
    with pytest.raises(RefundTooLarge):
        ask(world, 1)
    made = httpx.get(
        f"{world.server.url}/stripe/v1/refunds", headers={"Authorization": "Bearer sk_test_of_the_tests"}
    ).json()["data"][0]["id"]
    waiting = outcome(world)
    world.pay(f"stripe/refunds/{made}/fail")
    drain(world, world.events("stripe")[::-1])

    assert waiting == ("paid", "settled", 0, [("api", "pending", total)])
    assert outcome(world) == ("paid", "settled", 0, [("api", "failed", total)])
    assert texts(world) == []
    assert alerts(world) == [("payments.refund_failed", "open")]
    ask(world)


def test_a_refund_that_comes_back_from_the_bank_undoes_what_it_did(world: World) -> None:
    kept = pay(world, "stripe")
    made = httpx.post(f"{world.server.url}/_sandbox/stripe/payments/{kept.payment_id}/refund", json={}).json()
    drain(world, world.events("stripe"))
    before = outcome(world)[:3]
    world.pay(f"stripe/refunds/{made['id']}/fail")
    drain(world, world.events("stripe"))

    assert before == ("refunded", "refunded", kept.amount_minor)
    assert outcome(world)[:3] == ("paid", "settled", 0)


def test_old_news_of_success_does_not_undo_a_failure(world: World) -> None:
    kept = pay(world, "stripe")
    made = httpx.post(f"{world.server.url}/_sandbox/stripe/payments/{kept.payment_id}/refund", json={}).json()
    world.pay(f"stripe/refunds/{made['id']}/fail")
    drain(world, [event for event in world.events("stripe") if event.event_type.startswith("refund.")][::-1])

    assert outcome(world)[2:] == (0, [("provider", "failed", kept.amount_minor)])
    assert texts(world) == []


def test_a_lost_answer_is_looked_for_before_anything_is_asked_again(world: World) -> None:
    pay(world, "stripe")
    refund_id = ask(world, 500)
    httpx.put(f"{world.server.url}/_sandbox/behaviours", json={"api": {"stripe": {"drop_after_effect": 1}}})
    with pytest.raises(ProviderUnavailable):
        perform(world)
    perform(world, unclear=True)

    assert outcome(world)[2:] == (500, [("api", "succeeded", 500)])
    effects = httpx.get(f"{world.server.url}/_sandbox/effects").json()["effects"]
    assert [(item["key"], item["asked"]) for item in effects if item["kind"] == "refund"] == [
        (f"refund:{refund_id}", 1)
    ]


def test_events_that_overtake_our_own_record_belong_to_the_refund_that_was_asked_for(world: World) -> None:
    pay(world, "paypal")
    refund_id = ask(world, 500)
    performer = PERFORMERS["paypal.refund"]
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        request = performer.load(session, refund_id)
    answer = performer.call(world.providers, request, False)
    drain_without_performing = [world.handle(event) for event in world.events("paypal")[-1:]]
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        assert performer.load(session, refund_id) is None
        performer.record(session, refund_id, answer)

    assert drain_without_performing == ["done"]
    assert outcome(world)[2:] == (500, [("api", "succeeded", 500)])


def test_a_refund_without_our_reference_waits_for_the_answer_to_our_own(world: World) -> None:
    """PayPal need not repeat a reference: then only the answer tells which refund is the one that was asked for."""
    pay(world, "paypal")
    refund_id = ask(world, 500)
    performer = PERFORMERS["paypal.refund"]
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        request = performer.load(session, refund_id)
    answer = performer.call(world.providers, request, False)
    event = world.events("paypal")[-1]
    bare = StoredEvent(**{name: getattr(event, name) for name in event.__slots__} | {"raw": strip_reference(event.raw)})
    with pytest.raises(NotYet):
        world.handle(bare)
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        performer.record(session, refund_id, answer)

    assert world.handle(bare) == "ignored"
    assert outcome(world)[2:] == (500, [("api", "succeeded", 500)])


def strip_reference(raw: bytes) -> bytes:
    return raw.replace(b'"custom_id":"cwr-', b'"custom_id":"')


def test_what_was_given_back_elsewhere_meanwhile_cannot_be_given_back_again(world: World) -> None:
    kept = pay(world, "stripe")
    ask(world)
    world.pay(f"stripe/payments/{kept.payment_id}/refund")
    perform(world)
    drain(world, world.events("stripe"))

    total = kept.amount_minor
    assert outcome(world) == (
        "refunded",
        "refunded",
        total,
        [("api", "failed", total), ("provider", "succeeded", total)],
    )


def test_a_second_payment_is_given_back_and_the_order_stays_paid(world: World) -> None:
    stripe, paypal = world.open("stripe"), world.open("paypal")
    world.pay(f"stripe/sessions/{stripe}/pay")
    world.pay(f"paypal/orders/{paypal}/approve")
    drain(world, world.events("paypal"))
    capture = PERFORMERS["paypal.capture"]
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        subject = session.scalars(select(Effect.subject_id).where(Effect.kind == "paypal.capture")).one()
        request = capture.load(session, subject)
    taken = capture.call(world.providers, request, False)
    drain(world, world.events("stripe"))
    with world.worker.database.unit_of_work(world.payable.scope) as session:
        capture.record(session, subject, taken)
        surplus = session.scalars(select(Payment.id).where(Payment.state == "surplus")).one()
        refunds.request_refund(session, surplus, amount=None, reason="duplicate")
    before = alerts(world)
    perform(world)

    assert before == [("payments.surplus", "open")]
    assert alerts(world) == [("payments.surplus", "resolved")]
    assert world.state()[:2] == ("paid", ["settled", "refunded"])
    assert len(texts(world)) == 1


def test_a_refund_of_a_strangers_payment_is_foreign_once_its_payment_cannot_come_any_more(world: World) -> None:
    kept = pay(world, "stripe")
    world.pay(f"stripe/payments/{kept.payment_id}/refund")
    event = next(event for event in world.events("stripe") if event.event_type == "refund.created")
    fields = {name: getattr(event, name) for name in event.__slots__}
    fields["raw"] = event.raw.replace(kept.payment_id.encode(), b"pi_of_a_stranger")
    with pytest.raises(NotYet):
        world.handle(StoredEvent(**fields))
    fields["received_at"] = event.received_at - refunds.OVERTAKING

    assert world.handle(StoredEvent(**fields)) == "ignored"
    assert outcome(world)[2:] == (0, [])
