"""A pizzeria with a menu, a number and a Twilio endpoint, and a telephone to ring it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from callwaiting.core.crypto import Place
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.calls.models import Call
from callwaiting.features.keys import service as keys
from callwaiting.features.messages.models import Message
from callwaiting.features.orders import deposits
from callwaiting.features.orders.deposits import Terms
from callwaiting.features.orders.models import Order
from callwaiting.features.webhooks.source_admin import RegisteredSource
from tests.factories.catalogue import create_menu
from tests.factories.phone_numbers import create_number
from tests.factories.telephone import Telephone
from tests.factories.webhooks import make_source


@dataclass
class Pizzeria:
    app: Flask
    worker: Runtime
    scope: MerchantScope
    items: dict[str, UUID]
    number_id: UUID
    source: RegisteredSource

    def phone(self, **changes: object) -> Telephone:
        return Telephone(self.app.test_client(), self.source, **changes)  # type: ignore[arg-type]

    def orders(self) -> list[Order]:
        with self.worker.database.unit_of_work(self.scope) as session:
            return list(session.scalars(select(Order).order_by(Order.number)))

    def deposit(self, *, basis_points: int) -> None:
        """From now on this share of an order is due first."""
        with self.app.extensions["database"].unit_of_work(self.scope) as session:
            deposits.change_rules(session, deposits.rules_of(session).version, Terms(basis_points=basis_points))

    def calls(self) -> list[Call]:
        with self.worker.database.unit_of_work(self.scope) as session:
            return list(session.scalars(select(Call)))

    def texts(self) -> list[tuple[str, str, str]]:
        """(kind, status, body) of every outgoing text, oldest first."""
        with self.worker.database.unit_of_work(self.scope) as session:
            rows = session.scalars(select(Message).order_by(Message.id)).all()
            return [
                (
                    row.kind,
                    row.status,
                    keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode(),
                )
                for row in rows
            ]


@pytest.fixture
def pizzeria(app: Flask, worker: Runtime, merchant: MerchantScope) -> Pizzeria:
    return Pizzeria(
        app=app,
        worker=worker,
        scope=merchant,
        items=create_menu(worker, merchant),
        number_id=create_number(worker, merchant),
        source=make_source(worker, "twilio"),
    )


@pytest.fixture
def phone(pizzeria: Pizzeria) -> Telephone:
    return pizzeria.phone()
