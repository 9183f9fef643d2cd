"""Sessions: opening, refreshing with rotation, ending. Postgres is the truth; each request asks it.

Lifetimes: 24 h, of which an hour idle; 30 days of both when the person asked to stay signed in. At most ten at once.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, select, text, update
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.errors import NotFound
from callwaiting.core.http.jwt import TokenSubject, issue
from callwaiting.core.http.permissions import Role
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import person_of
from callwaiting.features.accounts import people, refresh_tokens, signing_keys
from callwaiting.features.accounts.clients import Client, client_hash
from callwaiting.features.accounts.errors import RefreshInvalid, SessionExpired
from callwaiting.features.accounts.models import User, UserSession
from callwaiting.features.accounts.people import Team
from callwaiting.features.accounts.process_keys import csrf_token, key_for
from callwaiting.features.accounts.refresh_tokens import PresentedToken
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys

LIFETIME, IDLE, REMEMBERED = timedelta(hours=24), timedelta(hours=1), timedelta(days=30)
LEEWAY = timedelta(seconds=30)  # for a client that lost the answer to its refresh, or two tabs at once
MAX_SESSIONS = 10
KEY_BYTES = 32
OWNER_OF = text("select user_id, refresh_key from auth.refresh_session(:session_id)")


@dataclass(frozen=True, slots=True)
class SignedIn:
    """What a client gets. `merchant_id` is None for an operator, and for a person in no team."""

    session_id: UUID
    access_token: str
    expires_in: int
    refresh_token: str
    csrf_token: str
    remembered: bool
    merchant_id: UUID | None
    role: str


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session as its owner sees it."""

    id: UUID
    device: str
    network: str
    created_at: datetime
    refreshed_at: datetime
    expires_at: datetime


def open_session(
    session: Session, client: Client, *, amr: Sequence[str], remember: bool, operator: bool = False
) -> SignedIn:
    """Sign the session's person in on this client. The oldest idle session ends when there are more than ten."""
    now, session_id, span = clock.now(), new_id(), REMEMBERED if remember else LIFETIME
    _end(session, _beyond_the_newest(session, MAX_SESSIONS - 1), "superseded")
    place = None if operator else _first_place(session, None)
    row = UserSession(
        id=session_id,
        user_id=person_of(session),
        current_merchant_id=place.merchant_id if place else None,
        refresh_key=secrets.token_bytes(KEY_BYTES),
        counter=0,
        client_hash=client_hash(session, client),
        device=client.device,
        network_sealed=keys.seal_for_platform(session, _network_place(session_id), client.network),
        amr=list(amr),
        auth_time=now,
        remembered=remember,
        refreshed_at=now,
        idle_until=now + (REMEMBERED if remember else IDLE),
        expires_at=now + span,
    )
    session.add(row)
    session.flush()
    people.mark_signed_in(session)
    audit.record(session, "session.opened", subject=f"session:{session_id}", details={"amr": " ".join(amr)})
    return _signed_in(session, row, place, operator=operator)


def owner_of(session: Session, presented: PresentedToken) -> UUID:
    """Whose session a refresh token belongs to. Raises RefreshInvalid."""
    found = session.execute(OWNER_OF, {"session_id": presented.session_id}).one_or_none()
    if found is None:
        raise RefreshInvalid("no such session")
    presented.require_proof(bytes(found.refresh_key))
    user_id: UUID = found.user_id
    return user_id


def refresh(session: Session, presented: PresentedToken, client: Client, *, operator: bool) -> SignedIn | None:
    """New tokens, or None when the token was spent: the session is ended then, and the caller tells everybody.

    Only the token before the present one may come again, for half a minute and from the same client, and gets the
    present one. Raises RefreshInvalid and SessionExpired.
    """
    row = session.scalars(
        select(UserSession).where(UserSession.id == presented.session_id).with_for_update()
    ).one_or_none()
    now = clock.now()
    if row is None or row.ended_at is not None:
        raise RefreshInvalid("the session has ended")
    if min(row.idle_until, row.expires_at) <= now:
        raise SessionExpired
    if presented.counter == row.counter:
        row.counter += 1
        row.refreshed_at, row.client_hash = now, client_hash(session, client)
        row.idle_until = min(row.expires_at, now + (REMEMBERED if row.remembered else IDLE))
    elif not _is_late_twin(session, row, presented, client, now):
        _end(session, [row.id], "reused")
        audit.record(session, "session.refresh_reused", subject=f"session:{row.id}", outcome="denied")
        return None
    place = None if operator else _first_place(session, row.current_merchant_id)
    row.current_merchant_id = place.merchant_id if place else None
    session.flush()
    return _signed_in(session, row, place, operator=operator)


def switch_merchant(session: Session, session_id: UUID, merchant_id: UUID) -> SignedIn:
    """An access token for another team of the person. Raises NotFound when the person is not in it."""
    place = next((place for place in people.merchants(session) if place.merchant_id == merchant_id), None)
    if place is None:
        raise NotFound("not a member of this merchant", reason="accounts.no_such_team")
    row = session.scalars(select(UserSession).where(UserSession.id == session_id).with_for_update()).one()
    row.current_merchant_id = merchant_id
    session.flush()
    audit.record(session, "session.switched", subject=f"session:{session_id}", details={"to": str(merchant_id)})
    return _signed_in(session, row, place, operator=False)


def prove_again(session: Session, session_id: UUID, amr: Sequence[str]) -> SignedIn:
    """An access token that says that the person has proved itself just now, by `amr`."""
    row = session.scalars(select(UserSession).where(UserSession.id == session_id).with_for_update()).one()
    operator = bool(session.scalar(select(User.operator).where(User.id == row.user_id)))
    row.amr, row.auth_time = list(dict.fromkeys([*row.amr, *amr])), clock.now()
    place = None if operator else _first_place(session, row.current_merchant_id)
    session.flush()
    audit.record(session, "session.proved_again", subject=f"session:{session_id}", details={"amr": " ".join(amr)})
    return _signed_in(session, row, place, operator=operator)


def list_sessions(session: Session) -> Sequence[ListedSession]:
    """Those of the session's person that are alive, the latest used first."""
    rows = session.scalars(select(UserSession).where(*_alive()).order_by(UserSession.refreshed_at.desc()))
    return [
        ListedSession(
            id=row.id,
            device=row.device,
            network=keys.unseal_for_platform(session, _network_place(row.id), row.network_sealed).decode(),
            created_at=row.created_at,
            refreshed_at=row.refreshed_at,
            expires_at=min(row.idle_until, row.expires_at),
        )
        for row in rows
    ]


def end_session(session: Session, session_id: UUID, reason: Literal["signed_out", "revoked"]) -> None:
    """Works on the next request, everywhere. Raises NotFound for one that is not the person's, or over."""
    if not _end(session, [session_id], reason):
        raise NotFound("no such session", reason="accounts.no_such_session")


def end_all(session: Session, reason: str, *, but: UUID | None = None) -> int:
    """End every session of the person, or all but one; returns how many."""
    mine = select(UserSession.id).where(UserSession.user_id == person_of(session), *_alive())
    return _end(session, [found for found in session.scalars(mine) if found != but], reason)


def _end(session: Session, ids: Sequence[UUID], reason: str) -> int:
    if not ids:
        return 0
    ended = update(UserSession).where(UserSession.id.in_(ids), UserSession.ended_at.is_(None))
    result = session.execute(ended.values(ended_at=clock.now(), end_reason=reason))
    for session_id in ids:
        audit.record(session, "session.ended", subject=f"session:{session_id}", reason=reason)
    return result.rowcount if isinstance(result, CursorResult) else 0


def _alive() -> tuple[ColumnElement[bool], ...]:
    now = clock.now()
    return UserSession.ended_at.is_(None), UserSession.idle_until > now, UserSession.expires_at > now


def _beyond_the_newest(session: Session, kept: int) -> Sequence[UUID]:
    mine = select(UserSession.id).where(UserSession.user_id == person_of(session), *_alive())
    return session.scalars(mine.order_by(UserSession.refreshed_at.desc()).offset(kept)).all()


def _first_place(session: Session, wanted: UUID | None) -> Team | None:
    """The merchant that was last looked at, else the first that is not suspended, else any."""
    places = people.merchants(session)
    ranked = sorted(places, key=lambda place: (place.merchant_id != wanted, place.status != "active"))
    return ranked[0] if ranked else None


def _is_late_twin(session: Session, row: UserSession, presented: PresentedToken, client: Client, now: datetime) -> bool:
    parent = presented.counter == row.counter - 1
    return parent and now - row.refreshed_at <= LEEWAY and row.client_hash == client_hash(session, client)


def _signed_in(session: Session, row: UserSession, place: Team | None, *, operator: bool) -> SignedIn:
    role = Role.OPERATOR.value if operator else place.role if place else Role.PERSON.value
    lifetime_s = session.info["settings"].jwt_expires_in
    subject = TokenSubject(
        user_id=row.user_id,
        session_id=row.id,
        merchant_id=place.merchant_id if place else None,
        role=role,
        membership_version=place.version if place else 0,
        amr=tuple(row.amr),
        auth_time=row.auth_time,
    )
    return SignedIn(
        session_id=row.id,
        access_token=issue(signing_keys.load(session), subject, lifetime_s=lifetime_s),
        expires_in=lifetime_s,
        refresh_token=refresh_tokens.make(key_for(session, "refresh token"), row.refresh_key, row.id, row.counter),
        csrf_token=csrf_token(session, row.id),
        remembered=row.remembered,
        merchant_id=subject.merchant_id,
        role=role,
    )


def _network_place(session_id: UUID) -> Place:
    return Place("sessions", "network_sealed", session_id)
