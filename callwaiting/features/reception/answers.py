"""The merchant's standing answers: what callers often ask, in the merchant's own words."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.reception.errors import AnswerNotFound, TooManyAnswers
from callwaiting.features.reception.matching import Entry
from callwaiting.features.reception.models import StandingAnswer

MAX_ANSWERS = 200
ENTRIES = Statement("select topic, asked, answer from app.standing_answers order by id")


def entries(session: Session) -> list[Entry]:
    """All of them, to find the one that is asked for."""
    return [Entry(row.topic, tuple(row.asked), row.answer) for row in ENTRIES(session)]


def by_topic(session: Session, *, after: tuple[str, UUID] | None, limit: int) -> Sequence[StandingAnswer]:
    """Answers by topic and id; those after the given one."""
    query = select(StandingAnswer).order_by(StandingAnswer.topic, StandingAnswer.id).limit(limit)
    if after is not None:
        query = query.where(tuple_(StandingAnswer.topic, StandingAnswer.id) > after)
    return session.scalars(query).all()


def one(session: Session, answer_id: UUID) -> StandingAnswer:
    """Raises AnswerNotFound."""
    row = session.scalar(select(StandingAnswer).where(StandingAnswer.id == answer_id))
    if row is None:
        raise AnswerNotFound(str(answer_id))
    return row


def add(session: Session, *, topic: str, asked: Sequence[str], answer: str) -> StandingAnswer:
    """Add an answer. Raises TooManyAnswers."""
    if (session.scalar(select(func.count()).select_from(StandingAnswer)) or 0) >= MAX_ANSWERS:
        raise TooManyAnswers(message=f"There are {MAX_ANSWERS} answers already.")
    row = StandingAnswer(merchant_id=merchant_of(session), topic=topic, asked=list(asked), answer=answer)
    session.add(row)
    session.flush()
    session.refresh(row)
    audit.record(session, "reception.answer_added", subject=f"answer:{row.id}")
    return row


def change(
    session: Session, answer_id: UUID, version: int, *, topic: str, asked: Sequence[str], answer: str
) -> StandingAnswer:
    """Change an answer as a whole. Raises AnswerNotFound, PreconditionFailed."""
    row = _locked(session, answer_id, version)
    row.topic, row.asked, row.answer = topic, list(asked), answer
    row.version, row.updated_at = version + 1, clock.now()
    session.flush()
    audit.record(session, "reception.answer_changed", subject=f"answer:{answer_id}")
    return row


def remove(session: Session, answer_id: UUID, version: int) -> None:
    """Raises AnswerNotFound, PreconditionFailed."""
    session.delete(_locked(session, answer_id, version))
    session.flush()
    audit.record(session, "reception.answer_removed", subject=f"answer:{answer_id}")


def _locked(session: Session, answer_id: UUID, version: int) -> StandingAnswer:
    row = session.scalar(select(StandingAnswer).where(StandingAnswer.id == answer_id).with_for_update())
    if row is None:
        raise AnswerNotFound(str(answer_id))
    require_version(row.version, version)
    return row
