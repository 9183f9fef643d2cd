"""What operators of the platform do about persons: see who there is, close and open accounts, forget a lost
authenticator. They are in no team, and see no merchant's data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from callwaiting.core.db import Database
from callwaiting.core.errors import Conflict, NotFound
from callwaiting.core.tenancy import SystemScope
from callwaiting.features.accounts import factors_set_up, people, sessions
from callwaiting.features.accounts.models import User
from callwaiting.features.audit import service as audit

# Answers to an operator alone, whatever the transaction says about itself: see migration 0006.
PEOPLE = text("select * from auth.people(:before, :count)")

Status = Literal["active", "disabled"]


@dataclass(frozen=True, slots=True)
class PersonFacts:
    id: UUID
    email: str
    name: str
    status: str
    operator: bool
    created_at: datetime
    last_signed_in_at: datetime | None


def everybody(session: Session, *, before: UUID | None, limit: int) -> Sequence[PersonFacts]:
    """All persons, the newest first; nobody when the session's person is no operator."""
    found = []
    for row in session.execute(PEOPLE, {"before": before, "count": limit}):
        email, name = people.opened(session, row.id, row.email_sealed, row.name_sealed)
        found.append(PersonFacts(row.id, email, name, row.status, row.operator, row.created_at, row.last_signed_in_at))
    return found


def set_status(database: Database, operator_id: UUID, user_id: UUID, status: Status) -> None:
    """`disabled`: nobody signs in with this account, and its sessions end on their next request. `active` opens it
    again. Raises NotFound, and Conflict for the operator's own account or one whose address is not confirmed."""
    if user_id == operator_id:
        raise Conflict("an operator's own account", message="Ask another operator to do this to your own account.")
    with database.unit_of_work(_scope(operator_id, user_id)) as session:
        if _status_of(session, user_id) == "pending":
            raise Conflict("pending", message="This person has not confirmed the address yet.")
        session.execute(update(User).where(User.id == user_id).values(status=status))
        if status == "disabled":
            sessions.end_all(session, "disabled")
        action = "user.disabled" if status == "disabled" else "user.enabled"
        audit.record(session, action, subject=f"user:{user_id}")


def forget_factor(database: Database, operator_id: UUID, user_id: UUID) -> None:
    """For somebody who has lost authenticator and recovery codes, once it is sure who asks. Sessions end, and the
    person is told by mail. Raises NotFound, and Conflict for the operator's own account."""
    if user_id == operator_id:
        raise Conflict("an operator's own factor", message="Ask another operator to do this to your own account.")
    with database.unit_of_work(_scope(operator_id, user_id)) as session:
        _status_of(session, user_id)
        factors_set_up.remove(session, None)


def _status_of(session: Session, user_id: UUID) -> str:
    status = session.scalar(select(User.status).where(User.id == user_id).with_for_update())
    if status is None:
        raise NotFound("no such person", reason="accounts.no_such_user")
    return status


def _scope(operator_id: UUID, user_id: UUID) -> SystemScope:
    """That person's own rows, in the operator's name."""
    return SystemScope("operator", actor=f"user:{operator_id}", user_id=user_id)
