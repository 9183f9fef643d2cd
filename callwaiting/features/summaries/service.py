"""When a merchant's days are told, and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of, person_of, scope_of
from callwaiting.core.versions import require_version
from callwaiting.features.accounts import members
from callwaiting.features.accounts.members import Member
from callwaiting.features.audit import service as audit
from callwaiting.features.summaries.models import DailySummary, SummaryChoice, SummarySettings

MAX_TEAM = 500  # so many of a team are told at most


@dataclass(frozen=True, slots=True)
class Settings:
    enabled: bool = True
    hour: int = 7
    version: int = 1


@dataclass(frozen=True, slots=True)
class Choice:
    mail: bool
    when_empty: bool = False
    version: int = 1


def settings_of(session: Session) -> Settings:
    """The session's merchant's, or what holds without any being given."""
    row = session.scalar(select(SummarySettings))
    return Settings() if row is None else Settings(row.enabled, row.hour, row.version)


def change_settings(session: Session, version: int, *, enabled: bool, hour: int) -> None:
    """A day that was told already is not told again. Raises PreconditionFailed."""
    merchant_id = merchant_of(session)
    made = insert(SummarySettings).values(merchant_id=merchant_id, id=merchant_id)
    session.execute(made.on_conflict_do_nothing())
    row = session.scalars(select(SummarySettings).with_for_update().execution_options(populate_existing=True)).one()
    require_version(row.version, version)
    row.enabled, row.hour, row.version = enabled, hour, row.version + 1
    session.flush()
    audit.record(
        session,
        "summary_settings.changed",
        subject=f"merchant:{merchant_id}",
        details={"enabled": enabled, "hour": hour},
    )


def my_choice(session: Session) -> Choice:
    """That of the session's person."""
    role = getattr(scope_of(session), "role", "")
    return _choice(session.scalar(_of(person_of(session))), role)


def choose(session: Session, version: int, *, mail: bool, when_empty: bool) -> None:
    """The session's person wants the mail, or not. Raises PreconditionFailed."""
    user_id = person_of(session)
    made = insert(SummaryChoice).values(
        merchant_id=merchant_of(session), id=new_id(), user_id=user_id, mail=mail, when_empty=when_empty
    )
    session.execute(made.on_conflict_do_nothing())
    row = session.scalars(_of(user_id).with_for_update().execution_options(populate_existing=True)).one()
    require_version(row.version, version)
    row.mail, row.when_empty, row.version = mail, when_empty, row.version + 1
    session.flush()
    details = {"mail": mail, "when_empty": when_empty}
    audit.record(session, "summary.chosen", subject=f"user:{user_id}", details=details)


def recipients(session: Session, *, empty: bool) -> list[Member]:
    """Who of the team wants to be told of such a day."""
    chosen = {row.user_id: row for row in session.scalars(select(SummaryChoice))}
    found = []
    for member in members.oldest(session, after=None, limit=MAX_TEAM):
        choice = _choice(chosen.get(member.user_id), member.role)
        if member.status == "active" and choice.mail and (choice.when_empty or not empty):
            found.append(member)
    return found


def newest(session: Session, *, before: date | None, limit: int) -> Sequence[DailySummary]:
    """The days that were told, the newest first; those before the given one."""
    query = select(DailySummary).order_by(DailySummary.day.desc()).limit(limit)
    return session.scalars(query if before is None else query.where(DailySummary.day < before)).all()


def _of(user_id: UUID) -> Select[SummaryChoice]:
    return select(SummaryChoice).where(SummaryChoice.user_id == user_id)


def _choice(row: SummaryChoice | None, role: str) -> Choice:
    return Choice(role == "owner") if row is None else Choice(row.mail, row.when_empty, row.version)
