"""`/api/v1/outgoing-webhooks`."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.outgoing import endpoints, log
from callwaiting.features.outgoing.schemas import (
    DeliveryFace,
    DeliveryQuery,
    EndpointBody,
    EndpointChange,
    EndpointFace,
    NewEndpoint,
    Overlap,
    SecretFace,
)

api = Api("outgoing-webhooks")
ENDPOINT = "/outgoing-webhooks/<uuid:endpoint_id>"


@api.get("/outgoing-webhooks", requires="webhooks.read", query=PageQuery, answers=Page[EndpointFace])
def newest(session: Session, query: PageQuery) -> Page[EndpointFace]:
    """The business's own endpoints, newest first."""
    rows = endpoints.newest(session, before=query.position(UUID), limit=query.limit + 1)
    return Page[EndpointFace].of(rows, query, key=lambda row: row.id)


# No Idempotency-Key: its kept answer would be a second place where the secret lies.
@api.post(
    "/outgoing-webhooks",
    requires="webhooks.manage",
    idempotent=False,
    body=EndpointBody,
    answers=NewEndpoint,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def add(session: Session, body: EndpointBody) -> NewEndpoint:
    """Have events sent to an address of the business's own.

    They are signed after the Standard Webhooks specification, with the secret that only this answer shows.
    """
    endpoint_id, secret = endpoints.add(session, url=body.url, events=body.events)
    face = EndpointFace.model_validate(endpoints.one(session, endpoint_id))
    return NewEndpoint(secret=secret, **face.model_dump())


@api.get(ENDPOINT, requires="webhooks.read", answers=EndpointFace)
def one(session: Session, endpoint_id: UUID) -> EndpointFace:
    """One endpoint."""
    return EndpointFace.model_validate(endpoints.one(session, endpoint_id))


@api.put(ENDPOINT, requires="webhooks.manage", body=EndpointChange, answers=EndpointFace)
def change(session: Session, endpoint_id: UUID, body: EndpointChange, version: int) -> EndpointFace:
    """Change an endpoint as a whole, pause it, or switch it on again."""
    changed = endpoints.change(session, endpoint_id, version, url=body.url, events=body.events, state=body.state)
    return EndpointFace.model_validate(changed)


@api.post(f"{ENDPOINT}/rotate", requires="webhooks.manage", idempotent=False, body=Overlap, answers=SecretFace)
def rotate(session: Session, endpoint_id: UUID, body: Overlap) -> SecretFace:
    """Make a new secret. For the hours of the overlap both secrets sign; older ones go at once."""
    return SecretFace(secret=endpoints.rotate(session, endpoint_id, overlap=timedelta(hours=body.overlap_hours)))


@api.delete(ENDPOINT, requires="webhooks.manage", if_match=True)
def remove(session: Session, endpoint_id: UUID, version: int) -> None:
    """Remove an endpoint with its log."""
    endpoints.remove(session, endpoint_id, version)


@api.get(f"{ENDPOINT}/deliveries", requires="webhooks.read", query=DeliveryQuery, answers=Page[DeliveryFace])
def deliveries(session: Session, endpoint_id: UUID, query: DeliveryQuery) -> Page[DeliveryFace]:
    """What was sent to an endpoint and what came of it, newest first."""
    rows = log.newest(session, endpoint_id, state=query.state, before=query.position(UUID), limit=query.limit + 1)
    return Page[DeliveryFace].of(rows, query, key=lambda row: row.id)


@api.post(
    "/outgoing-deliveries/<uuid:delivery_id>/redeliver",
    requires="webhooks.replay",
    answers=DeliveryFace,
    status=200,
    refuses=[ErrorCode.CONFLICT],
)
def redeliver(session: Session, delivery_id: UUID) -> DeliveryFace:
    """Send one again, with the same `webhook-id`."""
    return DeliveryFace.model_validate(log.redeliver(session, delivery_id))
