"""API keys: what a machine of one merchant shows, and what it may do.

`cwk_<id>_<secret>`. The secret is 256 random bits and a tag by the platform's key, so that what was not made here costs
a hash and no query. Only the secret's hash is kept. A key may what its scopes name, for as long as whoever made it may
that too.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import FieldError, ValidationFailed
from callwaiting.core.http.permissions import SCOPES, permissions_of
from callwaiting.core.ids import new_id, new_token
from callwaiting.core.tenancy import MerchantScope, merchant_of, person_of, scope_of
from callwaiting.features.accounts.errors import ApiKeyNotFound
from callwaiting.features.accounts.models import ApiKey
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys

LABEL = "api_keys.tag"
TAG_CHARS = 16
State = Literal["live", "expired", "revoked"]


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key as its merchant sees it: all but the secret. `prefix` is how it begins, to find it where it is used."""

    id: UUID
    name: str
    prefix: str
    scopes: Sequence[str]
    state: State
    created_by: UUID
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


def make(session: Session, *, name: str, scopes: Collection[str], expires_at: datetime | None) -> tuple[UUID, str]:
    """A new key of the session's merchant: (id, the key as it is shown, once).

    Raises ValidationFailed for a scope that is none, or that whoever makes the key has not, and for a past end.
    """
    scope = scope_of(session)
    own = permissions_of(scope.role) if isinstance(scope, MerchantScope) else frozenset()
    if not scopes or not set(scopes) <= SCOPES & own:
        raise ValidationFailed(FieldError("scopes", "Name permissions that a key can have, and that you have."))
    if expires_at is not None and expires_at <= clock.now():
        raise ValidationFailed(FieldError("expires_at", "Must lie in the future."))
    key_id, random = new_id(), new_token(256)
    secret = random + _tag(session, key_id, random)
    session.add(
        ApiKey(
            merchant_id=merchant_of(session),
            id=key_id,
            name=name,
            secret_hash=secret_hash(secret),
            scopes=sorted(set(scopes)),
            created_by=person_of(session),
            expires_at=expires_at,
        )
    )
    session.flush()
    details = {"scopes": " ".join(sorted(set(scopes)))}
    audit.record(session, "api_key.created", subject=f"api_key:{key_id}", details=details)
    return key_id, f"{_prefix(key_id)}_{secret}"


def newest(session: Session, *, before: UUID | None, limit: int) -> list[ListedKey]:
    """The merchant's keys by their ids, which rise with time, newest first."""
    query = select(ApiKey).order_by(ApiKey.id.desc()).limit(limit)
    rows = session.scalars(query if before is None else query.where(ApiKey.id < before))
    return [_listed(row) for row in rows]


def one(session: Session, key_id: UUID) -> ListedKey:
    """Raises ApiKeyNotFound."""
    return _listed(_found(session.scalar(select(ApiKey).where(ApiKey.id == key_id)), key_id))


def revoke(session: Session, key_id: UUID) -> None:
    """Works on the next request. A second time does nothing. Raises ApiKeyNotFound."""
    _revoke(session, _found(session.scalar(select(ApiKey).where(ApiKey.id == key_id).with_for_update()), key_id))


def revoke_beyond(session: Session, user_id: UUID, allowed: frozenset[str]) -> None:
    """Revoke the keys that a person made and that may more than `allowed`, which the person may from now on."""
    mine = select(ApiKey).where(ApiKey.created_by == user_id, ApiKey.revoked_at.is_(None)).order_by(ApiKey.id)
    for row in session.scalars(mine.with_for_update()):
        if not set(row.scopes) <= allowed:
            _revoke(session, row, reason="maker_lost_permission")


def secret_hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def made_here(session: Session, key_id: UUID, secret: str) -> bool:
    """Whether the secret's tag is ours; no query once the platform's key is at hand."""
    return hmac.compare_digest(secret[-TAG_CHARS:], _tag(session, key_id, secret[:-TAG_CHARS]))


def _tag(session: Session, key_id: UUID, random: str) -> str:
    return keys.platform_lookup_hash(session, LABEL, f"{key_id.hex}.{random}").hex()[:TAG_CHARS]


def _prefix(key_id: UUID) -> str:
    return f"cwk_{key_id.hex}"


def _found(row: ApiKey | None, key_id: UUID) -> ApiKey:
    if row is None:
        raise ApiKeyNotFound(str(key_id))
    return row


def _revoke(session: Session, row: ApiKey, *, reason: str = "") -> None:
    if row.revoked_at is None:
        row.revoked_at = clock.now()
        session.flush()
        audit.record(session, "api_key.revoked", subject=f"api_key:{row.id}", reason=reason)


def _listed(row: ApiKey) -> ListedKey:
    over = row.expires_at is not None and row.expires_at <= clock.now()
    state: State = "revoked" if row.revoked_at else "expired" if over else "live"
    return ListedKey(
        id=row.id,
        name=row.name,
        prefix=_prefix(row.id),
        scopes=row.scopes,
        state=state,
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
    )
