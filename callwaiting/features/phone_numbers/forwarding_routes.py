"""`/api/v1/phone-numbers/ID/forwarding`: what to dial so that calls come to one of our numbers."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.features.phone_numbers import forwarding, service
from callwaiting.features.phone_numbers.forwarding_schemas import (
    CarrierFace,
    CarriersFace,
    CodeFace,
    ForwardingFace,
    ForwardingQuery,
)

api = Api("forwarding")


@api.get("/forwarding-carriers", requires="phone_numbers.read", answers=CarriersFace)
def carriers() -> CarriersFace:
    """The carriers whose codes are known, what holds on every mobile network first."""
    return CarriersFace(items=[_face(carrier) for carrier in forwarding.carriers().values()])


@api.get(
    "/phone-numbers/<uuid:number_id>/forwarding",
    requires="phone_numbers.read",
    query=ForwardingQuery,
    answers=ForwardingFace,
)
def codes(session: Session, number_id: UUID, query: ForwardingQuery) -> ForwardingFace:
    """The exact codes to dial on the business's own line, so that calls nobody takes come to this number."""
    own = service.one(session, number_id)
    found = forwarding.codes(query.carrier, own.number, query.seconds)
    carrier = forwarding.carriers()[query.carrier]
    return ForwardingFace(
        carrier=_face(carrier),
        number=own.number,
        seconds=query.seconds if carrier.timed else None,
        codes=[CodeFace.model_validate(code) for code in found],
        notes=list(carrier.notes),
    )


def _face(carrier: forwarding.Carrier) -> CarrierFace:
    return CarrierFace(key=carrier.key, label=carrier.label, countries=list(carrier.countries))
