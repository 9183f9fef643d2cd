"""What a caller can choose among when booking: services, who does them, and for how many there is room."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.money import Money
from callwaiting.core.statements import Statement

MOST = 100
SERVICES = Statement("""
select s.id, s.name, s.minutes, s.price_minor, s.deposit_minor,
    array_agg(r.resource_id order by r.resource_id) as resource_ids
from app.booking_services s
join app.booking_service_resources r on r.merchant_id = s.merchant_id and r.service_id = s.id
where s.active group by s.id, s.name, s.minutes, s.price_minor, s.deposit_minor order by s.name, s.id limit %(most)s
""")
RESOURCES = Statement("select id, name, seats from app.booking_resources order by name, id limit %(most)s")


@dataclass(frozen=True, slots=True)
class Offer:
    """A service that is offered at present, and what or who can do it. `deposit`: what of the price is due first."""

    id: UUID
    name: str
    price: Money
    resource_ids: tuple[UUID, ...] = ()
    aliases: tuple[str, ...] = ()
    deposit: Money | None = None
    minutes: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """A chair, a table, a member of staff. `seats`: for how many people, None where that does not matter."""

    id: UUID
    name: str
    seats: int | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """All of it, by name. Without services, plain slots of the places are booked."""

    services: tuple[Offer, ...] = ()
    places: tuple[Place, ...] = ()


def choice(session: Session, currency: str) -> Choice:
    """What can be booked at present, in two statements; the first hundred of each."""
    services = SERVICES(session, most=MOST)
    return Choice(
        tuple(
            Offer(
                row.id,
                row.name,
                Money(row.price_minor, currency),
                tuple(row.resource_ids),
                deposit=Money(row.deposit_minor, currency) if row.deposit_minor else None,
                minutes=row.minutes,
            )
            for row in services
        ),
        tuple(Place(row.id, row.name, row.seats) for row in RESOURCES(session, most=MOST)),
    )
