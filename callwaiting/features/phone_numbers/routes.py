"""`/api/v1/phone-numbers`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode, FieldError, ValidationFailed
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.core.phone import PhoneNumberInvalid, normalize
from callwaiting.features.phone_numbers import service
from callwaiting.features.phone_numbers.schemas import LabelBody, NumberBody, NumberFace

api = Api("phone_numbers")


@api.get("/phone-numbers", requires="phone_numbers.read", query=PageQuery, answers=Page[NumberFace])
def oldest(session: Session, query: PageQuery) -> Page[NumberFace]:
    """The business's own numbers, oldest first."""
    rows = service.oldest(session, after=query.position(UUID), limit=query.limit + 1)
    return Page[NumberFace].of(rows, query, key=lambda row: row.id)


@api.post(
    "/phone-numbers",
    requires="phone_numbers.write",
    body=NumberBody,
    answers=NumberFace,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def add(session: Session, body: NumberBody) -> NumberFace:
    """Add a number to which the business's calls are forwarded.

    A number leads to one business only; 409 when it leads to one already.
    """
    try:
        number = normalize(body.number)
    except PhoneNumberInvalid as error:
        raise ValidationFailed(FieldError("number", "No such number can be dialled.")) from error
    number_id = service.add_number(session, number, label=body.label)
    return NumberFace.model_validate(service.one(session, number_id))


@api.get("/phone-numbers/<uuid:number_id>", requires="phone_numbers.read", answers=NumberFace)
def one(session: Session, number_id: UUID) -> NumberFace:
    """One of the business's own numbers."""
    return NumberFace.model_validate(service.one(session, number_id))


@api.put("/phone-numbers/<uuid:number_id>", requires="phone_numbers.write", body=LabelBody, answers=NumberFace)
def relabel(session: Session, number_id: UUID, body: LabelBody, version: int) -> NumberFace:
    """Change what a number is called."""
    service.relabel(session, number_id, version, body.label)
    return NumberFace.model_validate(service.one(session, number_id))
