"""A booking with a deposit over real HTTP: the providers' stand-ins, their signed forms of events, the outbox, their
books; every event twice and in the wrong order."""

from __future__ import annotations

import contextlib
import re
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.money import Money
from callwaiting.features.bookings import changes, services
from callwaiting.features.bookings import service as bookings
from callwaiting.features.bookings.models import Booking
from callwaiting.features.keys import service as keys
from callwaiting.features.messages.models import Message
from callwaiting.features.orders import renewal
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.models import Order
from callwaiting.features.outbox import drain
from callwaiting.features.outbox.models import Effect
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.models import Checkout, Refund
from callwaiting.features.webhooks.service import NotYet
from tasks import reconcile as job
from tasks.effects import PERFORMERS
from tests.factories.bookings import create_resource
from tests.features.reconciliation.conftest import Books, books, server
from tests.features.reconciliation.test_money import compare
from tests.tasks.test_handlers import world

__all__ = ["books", "server", "world"]
PRICE, DEPOSIT, TOTAL = 4000, 1000, 4330
TOKEN = re.compile(r"/p/([\w-]{22})")


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What has happened this moment counts as settled."""
    monkeypatch.setattr(job, "SETTLING", -timedelta(minutes=1))


class Visit:
    """A haircut that was booked by phone, and how it is paid for at one provider."""

    def __init__(self, books: Books, provider: str) -> None:
        self.books, self.world, self.provider = books, books.world, provider
        self.database, self.scope = books.runtime.database, books.scope
        chair = create_resource(books.runtime, self.scope)
        with self.database.unit_of_work(self.scope) as session:
            service = services.add_service(
                session,
                services.Description(
                    name="Haircut", minutes=60, step_minutes=60, buffer_before=0, buffer_after=0, capacity=None,
                    price=Money(PRICE, "USD"), deposit=Money(DEPOSIT, "USD"), active=True, resource_ids=(chair,),
                ),
            )  # fmt: skip
        payable = self.world.payable
        with self.database.unit_of_work(self.scope) as session:
            day = (clock.now() + timedelta(days=9)).date()
            slot = bookings.free_slots(session, limit=1, service_id=service, first=day)[0]
            self.booking: UUID = bookings.hold_slot(session, slot, call_id=None, caller_id=payable.caller_id)
            bookings.confirm(session, self.booking, phone_number_id=payable.phone_number_id)

    def order(self) -> Order:
        with self.database.unit_of_work(self.scope) as session:
            return session.scalars(select(Order).where(Order.booking_id == self.booking)).one()

    def state(self) -> tuple[str, str]:
        with self.database.unit_of_work(self.scope) as session:
            return session.scalars(select(Booking.state).where(Booking.id == self.booking)).one(), self.order().state

    def pay(self) -> None:
        """Through the link that was texted last."""
        with self.database.unit_of_work(self.scope) as session:
            kinds = Message.kind.in_(("booking_deposit", "rest_link"))
            row = session.scalars(select(Message).where(kinds).order_by(Message.id.desc())).first()
            assert row is not None
            body = keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode()
        token = TOKEN.findall(body)[0]
        payments.start_checkout(
            self.world.web.database, self.world.providers, token, self.provider, itemised=orders.checkout_lines
        )
        with self.database.unit_of_work(self.scope) as session:
            query = select(Checkout.provider_id).where(Checkout.order_id == self.order().id)
            provider_id = session.scalars(query.order_by(Checkout.id.desc())).first()
        what = "sessions/{}/pay" if self.provider == "stripe" else "orders/{}/approve"
        self.books.control(f"{self.provider}/{what.format(provider_id)}")
        self.hear()

    def hear(self) -> None:
        """All that the provider has ever told, twice and backwards, with what follows from it."""
        for _ in range(3):
            for event in 2 * self.world.events(self.provider)[::-1]:
                with contextlib.suppress(NotYet):  # it is taken up again later
                    self.world.handle(event)
            self.work()

    def work(self) -> None:
        """What is planned for the payment providers; the texts have no provider here."""
        with self.database.unit_of_work(self.scope) as session:
            session.execute(update(Effect).where(Effect.kind.like("message.%")).values(state="done"))
            session.execute(update(Effect).where(Effect.state == "planned").values(next_at=func.now()))
        drain.drain(self.database, self.world.providers, PERFORMERS)

    def cancel(self) -> None:
        with self.database.unit_of_work(self.scope) as session:
            changes.cancel(session, self.booking, by="caller")


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
def test_deposit_rest_and_all_of_it_back(books: Books, provider: str) -> None:
    visit = Visit(books, provider)
    assert visit.state() == ("awaiting_deposit", "awaiting_payment")
    visit.pay()
    assert visit.state() == ("confirmed", "deposit_paid")
    with books.world.web.database.unit_of_work(books.scope) as session:
        renewal.renew(session, visit.order().id, visit.order().revision)
    visit.pay()
    assert visit.state() == ("confirmed", "paid")
    assert books.balances() == {provider: TOTAL, "orders": -TOTAL}
    compare(books, provider)
    assert books.findings() == []

    visit.cancel()
    visit.work()
    visit.hear()
    with visit.database.unit_of_work(books.scope) as session:
        refunds = session.execute(select(Refund.amount_minor, Refund.state).order_by(Refund.amount_minor)).all()
    assert [tuple(refund) for refund in refunds] == [(DEPOSIT, "succeeded"), (TOTAL - DEPOSIT, "succeeded")]
    assert visit.state() == ("cancelled", "refunded")
    assert {name: minor for name, minor in books.balances().items() if minor} == {}
    compare(books, provider)
    assert books.findings() == []
    with visit.database.unit_of_work(books.scope) as session:
        texts = session.execute(select(Message.kind, func.count()).group_by(Message.kind)).all()
    told = {row[0]: row[1] for row in texts}
    assert (told["booking_confirmation"], told["deposit_receipt"], told["receipt"], told["refund"]) == (1, 1, 1, 2)


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
def test_a_refund_asked_for_twice_is_one(books: Books, provider: str) -> None:
    """The booking is cancelled twice, and the worker dies after the provider has given the money back."""
    visit = Visit(books, provider)
    visit.pay()
    visit.cancel()
    with pytest.raises(CallwaitingError):
        visit.cancel()
    with visit.database.unit_of_work(books.scope) as session:
        (refund,) = session.scalars(select(Refund.id)).all()
        asked = PERFORMERS[f"{provider}.refund"].load(session, refund)
    PERFORMERS[f"{provider}.refund"].call(books.world.providers, asked, False)  # and dies before it is recorded
    visit.work()
    visit.hear()
    assert visit.state() == ("cancelled", "cancelled")
    with visit.database.unit_of_work(books.scope) as session:
        assert session.scalars(select(Refund.state)).all() == ["succeeded"]
    assert {name: minor for name, minor in books.balances().items() if minor} == {}
    compare(books, provider)
    assert books.findings() == []
