"""What a merchant has chosen about its texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.consents import service as consents
from callwaiting.features.messages.models import MessageSettings

Confirmer = Literal["callwaiting", "twilio"]


@dataclass(frozen=True, slots=True)
class Preferences:
    """`keywords_confirmed_by` answers STOP, START and HELP; `assistant_answers`: the assistant answers other texts."""

    keywords_confirmed_by: Confirmer
    assistant_answers: bool
    version: int


def read(session: Session) -> Preferences:
    row = session.scalar(select(MessageSettings))
    if row is None:
        return Preferences("callwaiting", assistant_answers=True, version=1)
    confirmer: Confirmer = "twilio" if row.keywords_confirmed_by == "twilio" else "callwaiting"
    return Preferences(confirmer, row.assistant_answers, row.version)


def change(
    session: Session, version: int, *, keywords_confirmed_by: Confirmer, assistant_answers: bool = True
) -> Preferences:
    """Raises PreconditionFailed when the version is another."""
    session.execute(
        insert(MessageSettings)
        .values(merchant_id=merchant_of(session), id=new_id())
        .on_conflict_do_nothing(index_elements=["merchant_id"])
    )
    row = session.scalars(select(MessageSettings).with_for_update().execution_options(populate_existing=True)).one()
    require_version(row.version, version)
    row.keywords_confirmed_by, row.assistant_answers, row.version = (
        keywords_confirmed_by, assistant_answers, version + 1,
    )  # fmt: skip
    session.flush()
    chosen = {"keywords_confirmed_by": keywords_confirmed_by, "assistant_answers": assistant_answers}
    audit.record(session, "message_settings.changed", details=chosen)
    return Preferences(keywords_confirmed_by, assistant_answers, row.version)


def assistant_answers(session: Session) -> bool:
    """Whether the assistant answers texts that declare nothing about consent."""
    return read(session).assistant_answers


def twilio_confirms(session: Session, text: str) -> bool:
    """Whether Twilio's own opt-out handling answers this text: the bare keywords only, never free wording."""
    return consents.answered_by_twilio(text) and read(session).keywords_confirmed_by == "twilio"
