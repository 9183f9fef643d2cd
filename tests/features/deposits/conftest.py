"""A salon that wants a deposit, and what the provider tells of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from random import randrange
from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.factory import Runtime
from callwaiting.features.keys import service as keys
from callwaiting.features.messages.models import Message
from callwaiting.features.orders.models import Order
from callwaiting.features.payments import ledger
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.models import Checkout, PaymentLink
from callwaiting.providers.ports import Settlement
from tasks.orders import expire_orders
from tests.api_client import ApiClient
from tests.factories.bookings import create_resource
from tests.factories.payments import make_accounts, make_caller, make_line
from tests.features.bookings.test_api import DAY, NINE

PRICE, DEPOSIT = 4000, 1000
TOTAL = 4330  # with 8.25 % on top


def usd(minor: int) -> dict[str, object]:
    return {"amount": minor, "currency": "USD"}


@dataclass
class Salon:
    """Anna cuts hair for 40.00, of which 10.00 are due first."""

    worker: Runtime
    owner: ApiClient
    chair: UUID
    service: UUID
    caller: UUID
    line: UUID
    pages: list[str] = field(default_factory=list)

    def body(self, **changes: object) -> dict[str, Any]:
        return {
            "resource_id": str(self.chair), "service_id": str(self.service), "start": NINE,
            "caller_id": str(self.caller), "phone_number_id": str(self.line),
        } | changes  # fmt: skip

    def book(self, **changes: object) -> Any:
        return self.owner.post("/bookings", self.body(**changes))

    def booking(self, booking: Any) -> Any:
        return self.owner.get(f"/bookings/{booking['id']}")

    def order(self) -> Any:
        (order,) = self.owner.get("/orders")["items"]
        return self.owner.get(f"/orders/{order['id']}")

    def cancel(self, booking: Any, deposit: str = "") -> Any:
        version = self.booking(booking)["version"]
        query = f"?deposit={deposit}" if deposit else ""
        return self.owner.send("POST", f"/bookings/{booking['id']}/cancel{query}", version=version)

    def free(self) -> dict[str, int]:
        found = self.owner.get(f"/booking-resources/{self.chair}/slots?day={DAY}&service_id={self.service}")
        return {slot["start"]: slot["free"] for slot in found["slots"]}

    def open_page(self) -> str:
        """The payer is on Stripe's page of the present link."""
        provider_id = f"cs_{new_id().hex}"
        with self.worker.database.unit_of_work(self.owner.scope) as session:
            query = select(PaymentLink).where(PaymentLink.revoked_at.is_(None)).order_by(PaymentLink.id.desc())
            link = session.scalars(query.limit(1)).one()
            session.add(
                Checkout(
                    merchant_id=self.owner.scope.merchant_id, id=new_id(), link_id=link.id, order_id=link.order_id,
                    provider="stripe", mode="test", account="", attempt=len(self.pages) + 1, state="open",
                    provider_id=provider_id,
                )
            )  # fmt: skip
        self.pages.append(provider_id)
        return provider_id

    def settle(self, page: str, minor: int = DEPOSIT, payment_id: str = "") -> str:
        told = Settlement(page, payment_id or f"pi_{new_id().hex}", "", "test", Money(minor, "USD"), settled=True)
        with self.worker.database.unit_of_work(self.owner.scope) as session:
            return payments.settle(session, told, provider="stripe")

    def pay(self) -> None:
        assert self.settle(self.open_page(), payment_id="pi_deposit") == "settled"

    def run_out(self) -> None:
        """The time for the deposit is over, and the job runs."""
        with self.worker.database.unit_of_work(self.owner.scope) as session:
            session.execute(update(Order).values(expires_at=clock.now() - timedelta(seconds=1)))
        expire_orders(self.worker)

    def texts(self) -> list[tuple[str, str]]:
        with self.worker.database.unit_of_work(self.owner.scope) as session:
            found = session.scalars(select(Message).order_by(Message.id)).all()
            return [
                (row.kind, keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode())
                for row in found
            ]

    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.texts()]

    def column(self, what: Any) -> list[Any]:
        with self.worker.database.unit_of_work(self.owner.scope) as session:
            return list(session.scalars(select(what)))

    def books(self) -> dict[str, int]:
        with self.worker.database.unit_of_work(self.owner.scope) as session:
            assert ledger.differences(session) == []
            return {row.account: row.credit - row.debit for row in ledger.balances(session)}


def service_body(chair: UUID, **changes: object) -> dict[str, object]:
    return {
        "name": "Haircut", "minutes": 60, "step_minutes": 60, "price": usd(PRICE), "deposit": usd(DEPOSIT),
        "resource_ids": [str(chair)],
    } | changes  # fmt: skip


@pytest.fixture
def salon(owner: ApiClient, worker: Runtime) -> Salon:
    make_accounts(worker, owner.scope)
    chair = create_resource(worker, owner.scope)
    made = owner.post("/booking-services", service_body(chair))
    return Salon(
        worker, owner, chair, UUID(made["id"]), make_caller(worker, owner.scope), make_line(worker, owner.scope)
    )


@pytest.fixture
def guest(client: FlaskClient) -> FlaskClient:
    client.environ_base["REMOTE_ADDR"] = f"198.18.{randrange(256)}.{randrange(256)}"
    return client
