"""Sealing and opening with the key of whom a value belongs to.

The key ring is one object per process (`session.info["keys"]`); it keeps unwrapped keys for five minutes at most.
"""

from __future__ import annotations

import os
import time
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import crypto
from callwaiting.core.crypto import DataKey, KeyDomain, KeyEncryptionKeys, Place, Undecipherable
from callwaiting.core.tenancy import merchant_of, person_of
from callwaiting.features.keys.models import MerchantKey, PlatformKey, UserKey

CACHE_SECONDS = 300.0
PLATFORM = "platform"
# The label of our own numbers' hashes. It stands here because the inbox, which lies below the numbers, routes by it.
NUMBER_LABEL = "phone_numbers.number"


class KeyRing:
    """Unwrapped data keys of this process. Reads through the session that asks, so RLS decides what it can get."""

    def __init__(self, keks: KeyEncryptionKeys) -> None:
        self._keks = keks
        self._cache: dict[tuple[KeyDomain, str, int], tuple[float, DataKey]] = {}
        self._active: dict[tuple[KeyDomain, str], tuple[float, int]] = {}

    @property
    def keks(self) -> KeyEncryptionKeys:
        return self._keks

    def platform(self, session: Session, version: int | None = None) -> DataKey:
        """The platform's key: the newest, or the given version. Raises Undecipherable when it is not there."""
        cached = self._cached(KeyDomain.PLATFORM, PLATFORM, version)
        if cached:
            return cached
        query = select(PlatformKey).order_by(PlatformKey.version.desc()).limit(1)
        row = session.scalar(query if version is None else query.where(PlatformKey.version == version))
        if row is None:
            raise Undecipherable("the platform has no data key; run `callwaiting db upgrade`")
        return self._keep(KeyDomain.PLATFORM, PLATFORM, row.version, row.kek_version, row.wrapped, version is None)

    def merchant(self, session: Session, version: int | None = None) -> DataKey:
        """The key of the session's merchant. Raises Undecipherable when it is absent or destroyed."""
        owner = str(merchant_of(session))
        cached = self._cached(KeyDomain.MERCHANT, owner, version)
        if cached:
            return cached
        query = select(MerchantKey).where(MerchantKey.merchant_id == merchant_of(session))
        query = query.order_by(MerchantKey.version.desc()).limit(1)
        row = session.scalar(query if version is None else query.where(MerchantKey.version == version))
        if row is None or row.wrapped is None:
            raise Undecipherable("the merchant's data key is absent or destroyed")
        return self._keep(KeyDomain.MERCHANT, owner, row.version, row.kek_version, row.wrapped, version is None)

    def user(self, session: Session, version: int | None = None) -> DataKey:
        """The key of the session's person. Raises Undecipherable when it is absent or destroyed."""
        owner = str(person_of(session))
        cached = self._cached(KeyDomain.USER, owner, version)
        if cached:
            return cached
        query = select(UserKey).where(UserKey.user_id == person_of(session)).order_by(UserKey.version.desc()).limit(1)
        row = session.scalar(query if version is None else query.where(UserKey.version == version))
        if row is None or row.wrapped is None:
            raise Undecipherable("the person's data key is absent or destroyed")
        return self._keep(KeyDomain.USER, owner, row.version, row.kek_version, row.wrapped, version is None)

    def forget(self, owner: str) -> None:
        """Drop all cached keys of an owner, after its key has changed."""
        self._cache = {key: value for key, value in self._cache.items() if key[1] != owner}
        self._active = {key: value for key, value in self._active.items() if key[1] != owner}

    def _cached(self, domain: KeyDomain, owner: str, version: int | None) -> DataKey | None:
        now = time.monotonic()
        if version is None:
            until, version = self._active.get((domain, owner), (0.0, 0))
            if until < now:
                return None
        until, key = self._cache.get((domain, owner, version), (0.0, None))
        return key if until >= now else None

    def _keep(
        self, domain: KeyDomain, owner: str, version: int, kek_version: int, wrapped: bytes, active: bool
    ) -> DataKey:
        until = time.monotonic() + CACHE_SECONDS
        key = self._keks.unwrap(kek_version, domain, owner, version, wrapped)
        self._cache[(domain, owner, version)] = (until, key)
        if active:
            self._active[(domain, owner)] = (until, version)
        return key


def key_ring(session: Session) -> KeyRing:
    ring: KeyRing = session.info["keys"]
    return ring


def seal(session: Session, place: Place, plain: str | bytes) -> bytes:
    """Seal with the key of the session's merchant."""
    return key_ring(session).merchant(session).seal(place, _bytes(plain))


def unseal(session: Session, place: Place, sealed: bytes) -> bytes:
    """Open what `seal` made. Raises Undecipherable."""
    return key_ring(session).merchant(session, crypto.key_version(sealed)).open(place, sealed)


def seal_for_platform(session: Session, place: Place, plain: str | bytes) -> bytes:
    return key_ring(session).platform(session).seal(place, _bytes(plain))


def unseal_for_platform(session: Session, place: Place, sealed: bytes) -> bytes:
    return key_ring(session).platform(session, crypto.key_version(sealed)).open(place, sealed)


def seal_for_user(session: Session, place: Place, plain: str | bytes) -> bytes:
    """Seal with the key of the session's person, which `ensure_user_key` makes."""
    return key_ring(session).user(session).seal(place, _bytes(plain))


def unseal_for_user(session: Session, place: Place, sealed: bytes) -> bytes:
    """Open what `seal_for_user` made. Raises Undecipherable."""
    return key_ring(session).user(session, crypto.key_version(sealed)).open(place, sealed)


def lookup_hash(session: Session, label: str, value: str) -> bytes:
    """The merchant's keyed hash of a normalised value, for equality look-ups (`callers.phone`, …)."""
    return key_ring(session).merchant(session, 1).lookup_hash(label, value)


def platform_lookup_hash(session: Session, label: str, value: str) -> bytes:
    """The platform's keyed hash, for look-ups that come before the merchant (`phone_numbers.number`)."""
    return key_ring(session).platform(session, 1).lookup_hash(label, value)


def ensure_platform_key(session: Session) -> None:
    """Make the platform's first data key when there is none. Safe to run at every start, by several at once."""
    kek_version, wrapped = key_ring(session).keks.wrap(KeyDomain.PLATFORM, PLATFORM, 1, os.urandom(32))
    session.execute(
        insert(PlatformKey).values(version=1, kek_version=kek_version, wrapped=wrapped).on_conflict_do_nothing()
    )


def ensure_user_key(session: Session) -> None:
    """Make the first data key of the session's person when there is none."""
    user_id = person_of(session)
    kek_version, wrapped = key_ring(session).keks.wrap(KeyDomain.USER, str(user_id), 1, os.urandom(32))
    row = insert(UserKey).values(user_id=user_id, version=1, kek_version=kek_version, wrapped=wrapped)
    session.execute(row.on_conflict_do_nothing())


def create_merchant_key(session: Session) -> None:
    """Make the first data key of the session's merchant."""
    merchant_id = merchant_of(session)
    kek_version, wrapped = key_ring(session).keks.wrap(KeyDomain.MERCHANT, str(merchant_id), 1, os.urandom(32))
    session.add(MerchantKey(merchant_id=merchant_id, version=1, kek_version=kek_version, wrapped=wrapped))
    session.flush()


def destroy_merchant_key(session: Session) -> None:
    """Empty every version of the session's merchant's key: what it sealed is unreadable from here on, everywhere.

    Other processes may hold the key for up to five minutes more.
    """
    merchant_id: UUID = merchant_of(session)
    session.execute(
        update(MerchantKey).where(MerchantKey.merchant_id == merchant_id).values(wrapped=None, destroyed_at=func.now())
    )
    key_ring(session).forget(str(merchant_id))


def _bytes(plain: str | bytes) -> bytes:
    return plain.encode() if isinstance(plain, str) else plain
