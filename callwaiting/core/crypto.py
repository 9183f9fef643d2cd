"""Encryption of fields and keyed look-up hashes.

Three domains of data keys: the platform's (routing numbers, webhook secrets, bodies before their merchant is known),
one per user, and one per merchant for all else, so that destroying a merchant's key makes its data unreadable.
Data keys are random, stored wrapped by a key-encryption key (KEK) that lives outside the database.

A sealed value is `0x01 ‖ key version (2 bytes) ‖ nonce (12) ‖ AES-256-GCM ciphertext and tag`. The associated data
binds it to its table, column, owner and row, so that a value moved elsewhere does not open.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

FORMAT = 1
HEADER = struct.Struct(">BH")
NONCE_BYTES = 12


class KeyDomain(StrEnum):
    PLATFORM = "platform"
    USER = "user"
    MERCHANT = "merchant"


class Undecipherable(Exception):
    """The sealed value was not made with this key for this place: moved, altered, or its key is gone."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value lives. Part of its associated data."""

    table: str
    column: str
    row_id: UUID | str


_nonces: list[bytes] = []
# A child must not go on with its parent's nonces: the same one twice under one key would open both values.
os.register_at_fork(after_in_child=_nonces.clear)


def _fresh_nonce() -> bytes:
    """96 random bits. The system is asked for 256 of them at once: each question lets another thread take the
    interpreter's lock, which costs a busy process more than all the rest of sealing."""
    try:
        return _nonces.pop()
    except IndexError:
        many = os.urandom(NONCE_BYTES * 256)
        _nonces.extend(many[at : at + NONCE_BYTES] for at in range(NONCE_BYTES, len(many), NONCE_BYTES))
        return many[:NONCE_BYTES]


@dataclass(frozen=True)
class DataKey:
    """One version of the key of one owner. `owner` is the merchant's or user's id, or `platform`."""

    domain: KeyDomain
    owner: str
    version: int
    secret: bytes

    @cached_property
    def _ciphers(self) -> dict[str, AESGCM]:
        """By column: deriving a key costs more than sealing with it."""
        return {}

    @cached_property
    def _lookup_keys(self) -> dict[str, bytes]:
        return {}

    def _cipher(self, label: str) -> AESGCM:
        cipher = self._ciphers.get(label)
        if cipher is None:
            cipher = self._ciphers[label] = AESGCM(self._derive(f"seal:{label}"))
        return cipher

    def _lookup_key(self, label: str) -> bytes:
        key = self._lookup_keys.get(label)
        if key is None:
            key = self._lookup_keys[label] = self._derive(f"look-up:{label}")
        return key

    def _derive(self, label: str) -> bytes:
        return HKDFExpand(SHA256(), 32, label.encode()).derive(self.secret)

    def _associated(self, place: Place) -> bytes:
        return f"{place.table}|{place.column}|{self.domain}|{self.owner}|{place.row_id!s}|{self.version}".encode()

    def seal(self, place: Place, plain: bytes) -> bytes:
        nonce = _fresh_nonce()
        sealed = self._cipher(f"{place.table}.{place.column}").encrypt(nonce, plain, self._associated(place))
        return HEADER.pack(FORMAT, self.version) + nonce + sealed

    def open(self, place: Place, sealed: bytes) -> bytes:
        """The plain value. Raises Undecipherable."""
        try:
            nonce, ciphertext = sealed[HEADER.size : HEADER.size + NONCE_BYTES], sealed[HEADER.size + NONCE_BYTES :]
            return self._cipher(f"{place.table}.{place.column}").decrypt(nonce, ciphertext, self._associated(place))
        except (InvalidTag, ValueError) as error:
            raise Undecipherable(f"{place.table}.{place.column}") from error

    def lookup_hash(self, label: str, value: str) -> bytes:
        """16 bytes that are equal for equal values of one owner and label, and tell nothing without the key."""
        return hmac.digest(self._lookup_key(label), value.encode(), hashlib.sha256)[:16]


def key_version(sealed: bytes) -> int:
    """Which version of the owner's data key made this value. Raises Undecipherable."""
    if len(sealed) < HEADER.size + NONCE_BYTES or sealed[0] != FORMAT:
        raise Undecipherable("unknown format")
    version: int = HEADER.unpack_from(sealed)[1]
    return version


@dataclass(frozen=True)
class KeyEncryptionKeys:
    """Versions of the KEK, 32 bytes each. The highest wraps; all unwrap."""

    secrets: Mapping[int, bytes]

    @cached_property
    def active(self) -> int:
        return max(self.secrets)

    def wrap(self, domain: KeyDomain, owner: str, version: int, secret: bytes) -> tuple[int, bytes]:
        """(KEK version, wrapped data key)."""
        nonce = os.urandom(NONCE_BYTES)
        associated = f"{domain}|{owner}|{version}".encode()
        return self.active, nonce + AESGCM(self.secrets[self.active]).encrypt(nonce, secret, associated)

    def unwrap(self, kek_version: int, domain: KeyDomain, owner: str, version: int, wrapped: bytes) -> DataKey:
        """Raises Undecipherable when the KEK is missing or wrong."""
        kek = self.secrets.get(kek_version)
        if kek is None:
            raise Undecipherable(f"key-encryption key {kek_version} is not configured")
        associated = f"{domain}|{owner}|{version}".encode()
        try:
            secret = AESGCM(kek).decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], associated)
        except InvalidTag as error:
            raise Undecipherable("the wrapped data key does not open") from error
        return DataKey(domain, owner, version, secret)
