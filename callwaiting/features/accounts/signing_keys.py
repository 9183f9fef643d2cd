"""The keys of access tokens: next → active → retired, or revoked.

A key is published as `next` long enough for every process to know it before it signs; a retired one verifies until
its last token has expired. Revoking a key ends every token that it has signed, on their next request.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.db import Database
from callwaiting.core.errors import Conflict, NotFound, ServiceUnavailable
from callwaiting.core.http.jwt import RELOAD_SECONDS, SigningKeys
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import SystemScope
from callwaiting.features.accounts.models import SigningKey
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys

KEY_BYTES = 32
PUBLISHED_FOR = timedelta(seconds=2 * RELOAD_SECONDS)
VERIFIES_FOR = timedelta(minutes=16)  # the longest life of an access token, and a minute
ROTATION_LOCK = text("select pg_advisory_xact_lock(7243002)")


@dataclass(frozen=True, slots=True)
class KeyState:
    """A key as an operator may see it."""

    kid: UUID
    state: str
    created_at: datetime
    activated_at: datetime | None
    retired_at: datetime | None
    revoked_at: datetime | None


def load_ring(database: Database) -> SigningKeys:
    """In a transaction of its own; what a process looks at every half minute."""
    with database.unit_of_work(SystemScope("signing keys")) as session:
        return load(session)


def load(session: Session) -> SigningKeys:
    """The keys that verify, and the one that signs. Raises ServiceUnavailable when there is none."""
    rows = session.execute(
        select(SigningKey.kid, SigningKey.state, SigningKey.secret_sealed).where(
            SigningKey.state.in_(("next", "active"))
            | ((SigningKey.state == "retired") & (SigningKey.retired_at > func.now() - VERIFIES_FOR))
        )
    ).all()
    signing = next((str(row.kid) for row in rows if row.state == "active"), None)
    if signing is None:
        raise ServiceUnavailable("no signing key; run `callwaiting db upgrade`", reason="accounts.no_signing_key")
    secrets = {str(row.kid): keys.unseal_for_platform(session, _place(row.kid), row.secret_sealed) for row in rows}
    return SigningKeys(signing, secrets)


def ensure_keys(session: Session) -> None:
    """Make the first active key and the next one, when there are none. Safe to repeat, and by several at once."""
    session.execute(ROTATION_LOCK)
    states = set(session.scalars(select(SigningKey.state)))
    if "active" not in states:
        _add(session, "active")
    if "next" not in states:
        _add(session, "next")


def rotate(session: Session) -> UUID:
    """The next key signs from now on, the active one retires, a new next is published. Returns the signing kid.

    Raises Conflict when the next key is younger than a minute: not every process knows it yet.
    """
    session.execute(ROTATION_LOCK)
    young = session.scalar(
        select(SigningKey.kid).where(SigningKey.state == "next", SigningKey.created_at > func.now() - PUBLISHED_FOR)
    )
    if young is not None:
        raise Conflict("the next key was published less than a minute ago; try again then", reason="accounts.key_young")
    return _promote(session, "retired")


def revoke(session: Session, kid: UUID) -> None:
    """End every token that this key has signed. When it is the active one, the next takes over at once.

    Raises NotFound.
    """
    session.execute(ROTATION_LOCK)
    state = session.scalar(select(SigningKey.state).where(SigningKey.kid == kid))
    if state is None:
        raise NotFound(f"no signing key {kid}", reason="accounts.no_such_key")
    if state == "active":
        _promote(session, "revoked")
        return
    _set_state(session, kid, "revoked")
    audit.record(session, "signing_key.revoked", subject=f"signing_key:{kid}")
    if state == "next":
        _add(session, "next")


def list_keys(session: Session) -> Sequence[KeyState]:
    """The newest first."""
    columns = [getattr(SigningKey, name) for name in KeyState.__slots__]
    return [KeyState(*row) for row in session.execute(select(*columns).order_by(SigningKey.created_at.desc()))]


def _promote(session: Session, old_state: str) -> UUID:
    active = session.scalars(select(SigningKey.kid).where(SigningKey.state == "active")).one()
    following = session.scalars(select(SigningKey.kid).where(SigningKey.state == "next")).one()
    _set_state(session, active, old_state)
    _set_state(session, following, "active")
    _add(session, "next")
    audit.record(session, f"signing_key.{old_state}", subject=f"signing_key:{active}")
    audit.record(session, "signing_key.activated", subject=f"signing_key:{following}")
    return following


def _set_state(session: Session, kid: UUID, state: str) -> None:
    stamp = {"active": "activated_at", "retired": "retired_at", "revoked": "revoked_at"}[state]
    values = {"state": state, stamp: clock.now()}
    session.execute(update(SigningKey).where(SigningKey.kid == kid).values(values))


def _add(session: Session, state: str) -> None:
    kid = new_id()
    sealed = keys.seal_for_platform(session, _place(kid), os.urandom(KEY_BYTES))
    activated_at = clock.now() if state == "active" else None
    session.add(SigningKey(kid=kid, secret_sealed=sealed, state=state, activated_at=activated_at))
    session.flush()


def _place(kid: UUID) -> Place:
    return Place("signing_keys", "secret_sealed", kid)
