"""Recovery codes: ten of 80 bits, shown once, good once each, kept as keyed hashes."""

from __future__ import annotations

import base64
import os

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.tenancy import person_of
from callwaiting.features.accounts.errors import MfaInvalid
from callwaiting.features.accounts.models import RecoveryCode
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys

CODES, CODE_BYTES, GROUP = 10, 10, 4
LABEL = "recovery_codes.code"


def renew(session: Session) -> list[str]:
    """New codes for the session's person; the old ones are good no more."""
    forget(session)
    codes = [base64.b32encode(os.urandom(CODE_BYTES)).decode() for _ in range(CODES)]
    user_id = person_of(session)
    session.add_all(RecoveryCode(user_id=user_id, code_hash=_hash(session, code)) for code in codes)
    session.flush()
    audit.record(session, "recovery_codes.renewed", subject=f"user:{user_id}")
    return ["-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP)) for code in codes]


def use(session: Session, code: str) -> None:
    """`code` without its hyphens. Raises MfaInvalid for one that is not the person's, or was used before."""
    mine = (RecoveryCode.user_id == person_of(session), RecoveryCode.code_hash == _hash(session, code))
    spend = update(RecoveryCode).where(*mine, RecoveryCode.used_at.is_(None)).values(used_at=clock.now())
    if session.scalar(spend.returning(RecoveryCode.id)) is None:
        raise MfaInvalid("no unused recovery code")
    audit.record(session, "recovery_code.used", subject=f"user:{person_of(session)}")


def left(session: Session) -> int:
    """How many are good still."""
    unused = (RecoveryCode.user_id == person_of(session), RecoveryCode.used_at.is_(None))
    return session.scalar(select(func.count()).where(*unused)) or 0


def forget(session: Session) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == person_of(session)))


def _hash(session: Session, code: str) -> bytes:
    """Keyed by the platform, and bound to the person."""
    return keys.platform_lookup_hash(session, LABEL, f"{person_of(session)}:{code}")
