"""The merchant's reception: what callers are told, and whether and where they can be put through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.ids import new_id
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.catalogue.service import words_of
from callwaiting.features.keys import service as keys
from callwaiting.features.merchants import hours
from callwaiting.features.merchants.service import Profile
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.reception import answers, spoken_hours
from callwaiting.features.reception.matching import best, questions_in
from callwaiting.features.reception.models import Reception

TransferWhen = Literal["never", "open", "always"]
FOUND = Statement("""
select id, address, business_line_sealed, transfer_to_sealed, transfer_when, voicemail, record_calls, language_model,
    version
from app.reception
""")
ABOUT_HOURS = frozenset({"close", "closed", "closes", "closing", "hours", "open", "opening", "opens"})
ABOUT_PLACE = frozenset({"address", "directions", "find", "located", "location", "where"})


@dataclass(frozen=True, slots=True)
class Desk:
    """How calls are taken. Numbers are in E.164. One that nobody has changed has the first version."""

    address: str = ""
    business_line: str | None = None
    transfer_to: str | None = None
    transfer_when: TransferWhen = "never"
    voicemail: bool = False
    record_calls: bool = False
    language_model: bool = False
    version: int = 1


def desk(session: Session) -> Desk:
    """How the session's merchant takes calls."""
    row = FOUND(session).one_or_none()
    if row is None:
        return Desk()
    return Desk(
        address=row.address,
        business_line=_opened(session, "business_line", row.id, row.business_line_sealed),
        transfer_to=_opened(session, "transfer_to", row.id, row.transfer_to_sealed),
        transfer_when=row.transfer_when,
        voicemail=row.voicemail,
        record_calls=row.record_calls,
        language_model=row.language_model,
        version=row.version,
    )


def change(
    session: Session,
    version: int,
    *,
    address: str,
    business_line: str | None,
    transfer_to: str | None,
    transfer_when: TransferWhen,
    voicemail: bool,
    record_calls: bool,
    language_model: bool,
) -> Desk:
    """Change the desk as a whole.

    Raises ValidationFailed when a caller could be put through to where the call comes from, PreconditionFailed.
    """
    wrong = []
    if transfer_to is not None and transfer_to == business_line:
        wrong.append(FieldError("transfer_to", "Must not be the line whose calls are forwarded: it would ring here."))
    if transfer_to is not None and phone_numbers.owner_of(session, transfer_to) is not None:
        wrong.append(FieldError("transfer_to", "Must not be a number that is answered here."))
    if transfer_to is None and transfer_when != "never":
        wrong.append(FieldError("transfer_to", "Is needed to put callers through."))
    if wrong:
        raise ValidationFailed(*wrong)
    row = _locked(session, version)
    row.address, row.transfer_when = address, transfer_when
    row.voicemail, row.record_calls, row.language_model = voicemail, record_calls, language_model
    row.business_line_sealed = _sealed(session, "business_line", row, business_line)
    row.transfer_to_sealed = _sealed(session, "transfer_to", row, transfer_to)
    row.version = version + 1
    session.flush()
    audit.record(
        session,
        "reception.changed",
        subject=f"merchant:{row.merchant_id}",
        details={"transfer_when": transfer_when, "record_calls": record_calls, "language_model": language_model},
    )
    return desk(session)


def may_ring(session: Session, profile: Profile, found: Desk, *, never: frozenset[str]) -> bool:
    """Whether a caller can be put through now. `never` are the numbers that are part of this very call."""
    if found.transfer_to is None or found.transfer_when == "never" or found.transfer_to in never:
        return False
    if found.transfer_when == "always":
        return True
    return spoken_hours.is_open(hours.week(session).periods, clock.now(), profile.timezone)


def answer_all(session: Session, profile: Profile, said: str) -> str | None:
    """The answers to all that is asked in a sentence: `are you open on Sunday, and where can I park`."""
    found = [text for part in questions_in(said) if (text := answer(session, profile, part))]
    return " ".join(dict.fromkeys(found)) or answer(session, profile, said)


def answer(session: Session, profile: Profile, question: str) -> str | None:
    """The merchant's own answer: an entry of the merchant's, the opening hours, or the address. None for none."""
    entry = best(question, answers.entries(session))
    if entry is not None:
        return entry
    words, said = set(words_of(question)), []
    if words & ABOUT_HOURS and (periods := hours.week(session).periods):
        said.append(spoken_hours.about_hours(periods, clock.now(), profile.timezone))
    if words & ABOUT_PLACE and (address := desk(session).address):
        said.append(f"Our address is {address}.")
    return " ".join(said) or None


def _locked(session: Session, version: int) -> Reception:
    made = insert(Reception).values(merchant_id=merchant_of(session), id=new_id())
    session.execute(made.on_conflict_do_nothing(index_elements=["merchant_id"]))
    row = session.scalars(select(Reception).with_for_update().execution_options(populate_existing=True)).one()
    require_version(row.version, version)
    return row


def _sealed(session: Session, column: str, row: Reception, number: str | None) -> bytes | None:
    return None if number is None else keys.seal(session, Place("reception", column, row.id), number)


def _opened(session: Session, column: str, row_id: UUID, sealed: memoryview | None) -> str | None:
    return None if sealed is None else keys.unseal(session, Place("reception", column, row_id), bytes(sealed)).decode()
