"""The second factor: a code of the person's authenticator, or a recovery code.

TOTP by RFC 6238 with what every authenticator knows: SHA-1, six digits, 30 s. The secret is sealed with the person's
own key. A code is good once, in its time step and one step either side.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import pyotp
from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.http.permissions import MUST_ENROL
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import person_of
from callwaiting.features.accounts import people, recovery_codes
from callwaiting.features.accounts.errors import MfaInvalid, NothingToConfirm
from callwaiting.features.accounts.models import TotpFactor, User
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys

ISSUER = "Callwaiting"
STEP_SECONDS = 30
SECRET_CHARACTERS = 32  # of base32: 160 bits, as RFC 4226 recommends
CONFIRM_WITHIN = timedelta(minutes=15)
DIGITS = re.compile(r"[0-9]{6}")

Method = Literal["totp", "recovery_code"]


@dataclass(frozen=True, slots=True)
class NewFactor:
    """Shown once. `uri` is what an authenticator reads from a QR code."""

    secret: str
    uri: str


def begin(session: Session) -> NewFactor:
    """A secret for the session's person, which counts once a code of it has come back. An earlier one that never did
    is forgotten; one that counts goes on until then."""
    keys.ensure_user_key(session)
    session.execute(delete(TotpFactor).where(_mine(session), TotpFactor.confirmed_at.is_(None)))
    secret = pyotp.random_base32(SECRET_CHARACTERS)
    _add(session, secret, confirmed_at=None)
    email, _ = people.contact(session)
    return NewFactor(secret, pyotp.TOTP(secret, issuer=ISSUER, name=email).provisioning_uri())


def confirm(session: Session, code: str) -> list[str]:
    """Make the new secret the person's factor, in place of any other; returns new recovery codes.

    Raises NothingToConfirm when there is no new secret, or it is too old, and MfaInvalid for a wrong code.
    """
    fresh = TotpFactor.created_at > clock.now() - CONFIRM_WITHIN
    row = session.scalars(
        select(TotpFactor).where(_mine(session), TotpFactor.confirmed_at.is_(None), fresh).with_for_update()
    ).one_or_none()
    if row is None:
        raise NothingToConfirm
    row.last_step = _step_of(_secret(session, row), code.replace(" ", ""))
    session.execute(delete(TotpFactor).where(_mine(session), TotpFactor.id != row.id))
    row.confirmed_at = clock.now()
    session.flush()
    audit.record(session, "factor.added", subject=f"user:{person_of(session)}", details={"kind": "totp"})
    return recovery_codes.renew(session)


def enrol(session: Session, secret: str) -> None:
    """Give the person a factor whose secret is known already: the demo's owner."""
    keys.ensure_user_key(session)
    _add(session, secret, confirmed_at=clock.now())
    audit.record(session, "factor.added", subject=f"user:{person_of(session)}", details={"kind": "totp"})


def remove(session: Session) -> None:
    """Forget the person's factor and recovery codes."""
    session.execute(delete(TotpFactor).where(_mine(session)))
    recovery_codes.forget(session)
    audit.record(session, "factor.removed", subject=f"user:{person_of(session)}", details={"kind": "totp"})


def added_at(session: Session) -> datetime | None:
    """Since when the session's person has a factor; None without one."""
    return session.scalar(select(TotpFactor.confirmed_at).where(_mine(session), TotpFactor.confirmed_at.is_not(None)))


def must_enrol(session: Session) -> bool:
    """Whether the person's place, as an operator or in any team, demands a second factor."""
    operator = session.scalar(select(User.operator).where(User.id == person_of(session)))
    return bool(operator) or any(team.role in MUST_ENROL for team in people.merchants(session))


def use_code(session: Session, code: str) -> Method:
    """Take a code of the session's person; it is spent when the transaction commits. Raises MfaInvalid."""
    plain = re.sub(r"[\s-]", "", code).upper()
    if not DIGITS.fullmatch(plain):
        recovery_codes.use(session, plain)
        return "recovery_code"
    row = session.scalars(select(TotpFactor).where(_mine(session), TotpFactor.confirmed_at.is_not(None))).one_or_none()
    if row is None:
        raise MfaInvalid("no factor")
    step = _step_of(_secret(session, row), plain)
    spend = update(TotpFactor).where(TotpFactor.id == row.id, TotpFactor.last_step < step).values(last_step=step)
    if session.scalar(spend.returning(TotpFactor.id)) is None:
        raise MfaInvalid("the code was used before")
    return "totp"


def _step_of(secret: str, code: str) -> int:
    """The time step whose code this is. Raises MfaInvalid."""
    now, totp, found = int(clock.now().timestamp()) // STEP_SECONDS, pyotp.TOTP(secret), None
    for step in (now - 1, now, now + 1):
        if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode()):
            found = step
    if found is None:
        raise MfaInvalid("not a code of now")
    return found


def _add(session: Session, secret: str, *, confirmed_at: datetime | None) -> None:
    factor_id = new_id()
    sealed = keys.seal_for_user(session, Place("totp_factors", "secret_sealed", factor_id), secret)
    session.add(
        TotpFactor(
            id=factor_id,
            user_id=person_of(session),
            secret_sealed=sealed,
            label=ISSUER,
            confirmed_at=confirmed_at,
            created_at=clock.now(),
        )
    )
    session.flush()


def _secret(session: Session, row: TotpFactor) -> str:
    return keys.unseal_for_user(session, Place("totp_factors", "secret_sealed", row.id), row.secret_sealed).decode()


def _mine(session: Session) -> ColumnElement[bool]:
    return TotpFactor.user_id == person_of(session)
