"""Things to book in tests."""

from __future__ import annotations

from datetime import time
from uuid import UUID

from callwaiting.core.money import Money
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.bookings import service, services


def create_resource(runtime: Runtime, scope: MerchantScope, *, units: int = 1, name: str = "Chair") -> UUID:
    """Open from nine to five, slots of an hour."""
    with runtime.database.unit_of_work(scope) as session:
        return service.add_resource(session, name=name, opens=time(9), closes=time(17), slot_minutes=60, units=units)


def create_salon(runtime: Runtime, scope: MerchantScope) -> dict[str, UUID]:
    """Anna and Ben, who both cut hair; beards are Ben's. By name, people and services alike."""
    made = {name: create_resource(runtime, scope, name=name) for name in ("Anna", "Ben")}
    with runtime.database.unit_of_work(scope) as session:
        for name, minor, minutes, by in (("Haircut", 4000, 45, ("Anna", "Ben")), ("Beard trim", 1500, 20, ("Ben",))):
            made[name] = services.add_service(
                session,
                services.Description(
                    name=name,
                    minutes=minutes,
                    step_minutes=60,
                    buffer_before=0,
                    buffer_after=0,
                    price=Money(minor, "USD"),
                    capacity=None,
                    active=True,
                    resource_ids=tuple(made[who] for who in by),
                ),
            )
    return made


def create_tables(runtime: Runtime, scope: MerchantScope) -> dict[str, UUID]:
    """A table for two and one for six, from nine to five."""
    with runtime.database.unit_of_work(scope) as session:
        return {
            name: service.add_resource(session, name=name, opens=time(9), closes=time(17), slot_minutes=60, seats=seats)
            for name, seats in (("Small table", 2), ("Large table", 6))
        }
