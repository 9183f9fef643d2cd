"""`/api/v1/reception`: how calls are taken, and what callers are told."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode, FieldError, ValidationFailed
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.core.phone import PhoneNumberInvalid, normalize
from callwaiting.features.reception import answers, service
from callwaiting.features.reception.schemas import AnswerBody, AnswerFace, DeskBody, DeskFace

api = Api("reception")
ANSWER = "/reception/answers/<uuid:answer_id>"


@api.get("/reception", requires="merchant.read", answers=DeskFace)
def desk(session: Session) -> DeskFace:
    """How calls are taken."""
    return DeskFace.model_validate(service.desk(session))


@api.put("/reception", requires="merchant.write", body=DeskBody, answers=DeskFace)
def change_desk(session: Session, body: DeskBody, version: int) -> DeskFace:
    """Change how calls are taken, as a whole.

    The line whose calls are forwarded here can never be rung, nor can a number that is answered here.
    """
    numbers = {name: _number(name, getattr(body, name)) for name in ("business_line", "transfer_to")}
    return DeskFace.model_validate(service.change(session, version, **(body.model_dump() | numbers)))


@api.get("/reception/answers", requires="merchant.read", query=PageQuery, answers=Page[AnswerFace])
def by_topic(session: Session, query: PageQuery) -> Page[AnswerFace]:
    """What callers are told when they ask, by topic."""
    rows = answers.by_topic(session, after=query.position(str, UUID), limit=query.limit + 1)
    return Page[AnswerFace].of(rows, query, key=lambda row: (row.topic, row.id))


@api.post(
    "/reception/answers",
    requires="merchant.write",
    body=AnswerBody,
    answers=AnswerFace,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def add(session: Session, body: AnswerBody) -> AnswerFace:
    """Add an answer. 409 when there are too many."""
    return AnswerFace.model_validate(answers.add(session, **body.model_dump()))


@api.get(ANSWER, requires="merchant.read", answers=AnswerFace)
def one(session: Session, answer_id: UUID) -> AnswerFace:
    """One answer."""
    return AnswerFace.model_validate(answers.one(session, answer_id))


@api.put(ANSWER, requires="merchant.write", body=AnswerBody, answers=AnswerFace)
def change(session: Session, answer_id: UUID, body: AnswerBody, version: int) -> AnswerFace:
    """Change an answer as a whole."""
    return AnswerFace.model_validate(answers.change(session, answer_id, version, **body.model_dump()))


@api.delete(ANSWER, requires="merchant.write", if_match=True)
def remove(session: Session, answer_id: UUID, version: int) -> None:
    """Remove an answer."""
    answers.remove(session, answer_id, version)


def _number(field: str, given: str | None) -> str | None:
    try:
        return None if given is None else normalize(given)
    except PhoneNumberInvalid as error:
        raise ValidationFailed(FieldError(field, "No such number can be dialled.")) from error
