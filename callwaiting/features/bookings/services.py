"""What is done in an appointment, for how long and how much, and who or what can do it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select, tuple_
from sqlalchemy.orm import Session

from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.money import Money
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.bookings.errors import ServiceNotFound
from callwaiting.features.bookings.models import BookingResource, BookingService, BookingServiceResource
from callwaiting.features.merchants import service as merchants


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """A service as its merchant describes it: times in minutes, the price, and the deposit on it (None: no deposit), in
    the merchant's currency. Without a `tax_rate_id` the merchant's default rate holds."""

    name: str
    minutes: int
    step_minutes: int
    buffer_before: int
    buffer_after: int
    price: Money
    capacity: int | None
    active: bool
    resource_ids: tuple[UUID, ...]
    deposit: Money | None = None
    tax_rate_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Service(Description):
    id: UUID
    version: int


def add_service(session: Session, description: Description) -> UUID:
    """Add a service; returns its id. Raises ValidationFailed."""
    _check(session, description)
    merchants.require_usable(session, description.tax_rate_id)
    row = BookingService(merchant_id=merchant_of(session), **_values(description))
    session.add(row)
    session.flush()
    _give(session, row.id, description.resource_ids)
    audit.record(session, "booking_service.added", subject=f"booking_service:{row.id}")
    return row.id


def change_service(session: Session, service_id: UUID, version: int, description: Description) -> None:
    """Change a service as a whole. What was booked keeps its length and its price.

    Raises ServiceNotFound, PreconditionFailed, ValidationFailed.
    """
    row = session.scalar(
        select(BookingService)
        .where(BookingService.id == service_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise ServiceNotFound(str(service_id))
    require_version(row.version, version)
    _check(session, description)
    merchants.require_usable(session, description.tax_rate_id, row.tax_rate_id)
    for name, value in _values(description).items():
        setattr(row, name, value)
    row.version += 1
    session.flush()
    session.execute(delete(BookingServiceResource).where(BookingServiceResource.service_id == service_id))
    _give(session, service_id, description.resource_ids)
    audit.record(session, "booking_service.changed", subject=f"booking_service:{service_id}")


def by_name(session: Session, *, after: tuple[str, UUID] | None, limit: int) -> list[Service]:
    """Services by name and id; those after the given one."""
    query = select(BookingService).order_by(BookingService.name, BookingService.id).limit(limit)
    if after is not None:
        query = query.where(tuple_(BookingService.name, BookingService.id) > after)
    return _shown(session, session.scalars(query).all())


def service(session: Session, service_id: UUID) -> Service:
    """Raises ServiceNotFound."""
    found = _shown(session, session.scalars(select(BookingService).where(BookingService.id == service_id)).all())
    if not found:
        raise ServiceNotFound(str(service_id))
    return found[0]


def _shown(session: Session, rows: Sequence[BookingService]) -> list[Service]:
    currency, able = merchants.profile(session).currency, _able(session, [row.id for row in rows])
    return [
        Service(
            id=row.id,
            name=row.name,
            minutes=row.minutes,
            step_minutes=row.step_minutes,
            buffer_before=row.buffer_before,
            buffer_after=row.buffer_after,
            price=Money(row.price_minor, currency),
            deposit=Money(row.deposit_minor, currency) if row.deposit_minor else None,
            capacity=row.capacity,
            active=row.active,
            tax_rate_id=row.tax_rate_id,
            resource_ids=tuple(able.get(row.id, ())),
            version=row.version,
        )
        for row in rows
    ]


def _able(session: Session, service_ids: Collection[UUID]) -> Mapping[UUID, Sequence[UUID]]:
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    of_both = (BookingServiceResource.service_id, BookingServiceResource.resource_id)
    for service_id, resource_id in session.execute(
        select(*of_both).where(BookingServiceResource.service_id.in_(service_ids)).order_by(*of_both)
    ):
        found[service_id].append(resource_id)
    return found


def _give(session: Session, service_id: UUID, resource_ids: Collection[UUID]) -> None:
    session.add_all(
        BookingServiceResource(merchant_id=merchant_of(session), service_id=service_id, resource_id=resource_id)
        for resource_id in dict.fromkeys(resource_ids)
    )
    session.flush()


def _check(session: Session, description: Description) -> None:
    wrong = []
    currency = merchants.profile(session).currency
    if description.price.currency != currency:
        wrong.append(FieldError("price.currency", f"Must be {currency}."))
    elif not 0 <= description.price.minor <= 99_999_999:
        wrong.append(FieldError("price.amount", "Must be between 0 and 99999999."))
    deposit = description.deposit or Money(0, currency)
    if deposit.currency != currency:
        wrong.append(FieldError("deposit.currency", f"Must be {currency}."))
    elif not 0 <= deposit.minor <= max(description.price.minor, 0):
        wrong.append(FieldError("deposit.amount", "Must not be more than the price."))
    known = set(session.scalars(select(BookingResource.id).where(BookingResource.id.in_(description.resource_ids))))
    wrong += [
        FieldError(f"resource_ids.{place}", "There is nothing like this to book.")
        for place, resource_id in enumerate(description.resource_ids)
        if resource_id not in known
    ]
    if wrong:
        raise ValidationFailed(*wrong)


def _values(description: Description) -> dict[str, object]:
    return {
        "name": description.name,
        "minutes": description.minutes,
        "step_minutes": description.step_minutes,
        "buffer_before": description.buffer_before,
        "buffer_after": description.buffer_after,
        "price_minor": description.price.minor,
        "deposit_minor": description.deposit.minor if description.deposit else 0,
        "capacity": description.capacity,
        "active": description.active,
        "tax_rate_id": description.tax_rate_id,
    }
