"""What of callers the principal of a request may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.http.auth import principal
from callwaiting.core.http.permissions import permissions_of
from callwaiting.core.http.schemas import Schema
from callwaiting.features.callers import service

Face = TypeVar("Face", bound=Schema)


class OfCaller(Protocol):
    """A row that tells whose it is."""

    @property
    def caller_id(self) -> UUID | None: ...


def numbers_of(session: Session, caller_ids: Iterable[UUID | None]) -> Mapping[UUID, str]:
    """The numbers of these callers by one statement; none for a principal who may not see callers."""
    known = {caller_id for caller_id in caller_ids if caller_id is not None}
    if not known or "callers.read" not in permissions_of(principal().role):
        return {}
    return service.numbers_of(session, known)


def faces(session: Session, face: type[Face], rows: Sequence[OfCaller]) -> list[Face]:
    """The rows as a schema that has a `caller_number`; it stays null for a principal who may not see callers."""
    numbers = numbers_of(session, [row.caller_id for row in rows])
    shown = ((row, numbers.get(row.caller_id) if row.caller_id else None) for row in rows)
    return [face.model_validate(row).model_copy(update={"caller_number": number}) for row, number in shown]
