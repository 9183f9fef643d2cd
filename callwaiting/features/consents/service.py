"""The consent ledger: declarations of a caller, appended and never changed. The latest one holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from callwaiting.core import events
from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import service as audit
from callwaiting.features.consents.errors import ConsentRevoked
from callwaiting.features.consents.events import TextsRevoked
from callwaiting.features.consents.models import Consent
from callwaiting.features.consents.wording import Declaration, answered_by_twilio, declaration_in, is_free_stop
from callwaiting.features.keys import service as keys

__all__ = [
    "Declaration",
    "Declared",
    "answered_by_twilio",
    "declaration_in",
    "history",
    "honour",
    "is_free_stop",
    "record_declaration",
    "record_revocation_once",
    "require_consent",
]

State = Literal["granted", "revoked"]
Origin = Literal["sms", "voice", "provider", "operator", "web"]
NEWEST = (Consent.recorded_at.desc(), Consent.id.desc())
LATEST = Statement("""
select state from app.consents where caller_id = %(caller_id)s order by recorded_at desc, id desc limit 1
""")


@dataclass(frozen=True, slots=True)
class Declared:
    """One entry of the ledger. `evidence` is what the caller wrote or said, `wording` what asked for it, `source` where
    it happened; empty when nothing was kept."""

    id: UUID
    state: str
    origin: str
    evidence: str
    wording: str
    source: str
    recorded_at: datetime


def require_consent(session: Session, caller_id: UUID) -> None:
    """Raise ConsentRevoked when the caller's latest declaration is a revocation.

    Without any declaration the caller may be answered: whoever is in our tables rang or wrote to us first.
    """
    if _latest(session, caller_id) == "revoked":
        raise ConsentRevoked(message="This caller wants no texts.")


def record_declaration(
    session: Session,
    caller_id: UUID,
    state: State,
    *,
    origin: Origin,
    evidence: str = "",
    wording: str = "",
    source: str = "",
) -> Declared:
    """Append a declaration of one of the merchant's callers.

    `evidence` is what the caller wrote or said, or the provider's code; it is sealed. `wording` is what was shown or
    spoken to ask for it, `source` where it happened: `message:<id>`, `call:<id>`. A revocation is told at once to
    those who have texts waiting.
    """
    consent_id = new_id()
    row = Consent(
        merchant_id=merchant_of(session),
        id=consent_id,
        caller_id=caller_id,
        state=state,
        origin=origin,
        evidence_sealed=keys.seal(session, _place(consent_id), evidence) if evidence else None,
        wording=wording,
        source=source,
        recorded_at=func.clock_timestamp(),  # two in one transaction still have an order
    )
    session.add(row)
    session.flush()
    audit.record(session, f"consent.{state}", subject=f"caller:{caller_id}", details={"origin": origin})
    if state == "revoked":
        events.publish(session, TextsRevoked(caller_id))
    return _declared(session, row)


def history(session: Session, caller_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int) -> list[Declared]:
    """What the caller has declared, the latest first; what was recorded before the given entry."""
    query = select(Consent).where(Consent.caller_id == caller_id).order_by(*NEWEST).limit(limit)
    if before is not None:
        query = query.where(tuple_(Consent.recorded_at, Consent.id) < before)
    return [_declared(session, row) for row in session.scalars(query)]


def record_revocation_once(
    session: Session, caller_id: UUID, *, origin: Origin, evidence: str, source: str = ""
) -> None:
    """Append a revocation unless one holds already: a provider repeats its refusal with every attempt."""
    if _latest(session, caller_id) != "revoked":
        record_declaration(session, caller_id, "revoked", origin=origin, evidence=evidence, source=source)


def honour(session: Session, caller_id: UUID, text: str, *, origin: Origin, source: str = "") -> Declaration | None:
    """Record what the text declares, at once; returns the declaration that now needs its one confirmation.

    None: an ordinary text, a second STOP (nothing more may be sent), a bare YES of somebody who never stopped us, or
    HELP from somebody who did.
    """
    declared = declaration_in(text)
    if declared is None:
        return None
    revoked = _latest(session, caller_id) == "revoked"
    if declared == "help":
        return None if revoked else "help"
    if declared == "start" and not revoked and "yes" in text.casefold():
        return None
    state: State = "revoked" if declared == "stop" else "granted"
    record_declaration(session, caller_id, state, origin=origin, evidence=text, source=source)
    return None if declared == "stop" and revoked else declared


def _latest(session: Session, caller_id: UUID) -> str | None:
    state: str | None = LATEST(session, caller_id=caller_id).scalar()
    return state


def _declared(session: Session, row: Consent) -> Declared:
    sealed = row.evidence_sealed
    evidence = "" if sealed is None else keys.unseal(session, _place(row.id), sealed).decode()
    return Declared(row.id, row.state, row.origin, evidence, row.wording, row.source, row.recorded_at)


def _place(consent_id: UUID) -> Place:
    return Place("consents", "evidence", consent_id)
