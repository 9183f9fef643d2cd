"""The log of deliveries, and asking for one again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callwaiting.features.audit import service as audit
from callwaiting.features.outbox import service as outbox
from callwaiting.features.outgoing import endpoints
from callwaiting.features.outgoing.errors import DeliveryNotFound, EndpointOff, StillUnderWay
from callwaiting.features.outgoing.models import OutgoingDelivery
from callwaiting.features.outgoing.service import EFFECT

State = Literal["waiting", "delivered", "failed"]


def newest(
    session: Session, endpoint_id: UUID, *, state: State | None, before: UUID | None, limit: int
) -> Sequence[OutgoingDelivery]:
    """Deliveries to an endpoint, newest first. Raises EndpointNotFound."""
    endpoints.one(session, endpoint_id)
    query = (
        select(OutgoingDelivery)
        .where(OutgoingDelivery.endpoint_id == endpoint_id)
        .order_by(OutgoingDelivery.id.desc())
        .limit(limit)
    )
    if state is not None:
        query = query.where(OutgoingDelivery.state == state)
    return session.scalars(query if before is None else query.where(OutgoingDelivery.id < before)).all()


def redeliver(session: Session, delivery_id: UUID) -> OutgoingDelivery:
    """Send one again that was delivered or given up, with the same id and a full round of attempts.

    Raises DeliveryNotFound, StillUnderWay, EndpointOff.
    """
    row = session.scalar(select(OutgoingDelivery).where(OutgoingDelivery.id == delivery_id).with_for_update())
    if row is None:
        raise DeliveryNotFound(str(delivery_id))
    if row.state == "waiting":
        raise StillUnderWay(message="This delivery is still under way.")
    if endpoints.one(session, row.endpoint_id).state != "active":
        raise EndpointOff(message="The endpoint is off.")
    row.state, row.attempts, row.rounds = "waiting", 0, row.rounds + 1
    row.next_at = session.scalar(select(func.now()))
    outbox.plan(session, EFFECT, effect_key=f"webhook:{row.id}:{row.rounds}:1", subject_id=row.id)
    audit.record(session, "outgoing_delivery.repeated", subject=f"outgoing_delivery:{row.id}")
    return row
