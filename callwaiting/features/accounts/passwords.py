"""Passwords: which are good enough, and hashing them without letting a flood take the processor.

Argon2id with 19 MiB, two passes, one lane (OWASP's second choice of equal strength; the library's default takes six
times as long). Hashes of one process that run, and those that wait, are capped: beyond that an attempt is told to
come again, while webhooks keep their threads.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from callwaiting.core.errors import FieldError, ServiceUnavailable, ValidationFailed
from callwaiting.features.accounts.errors import CredentialsInvalid

MIN_CHARACTERS, MAX_CHARACTERS = 12, 128
MIN_GUESSES_LOG10 = 9.0  # what an online attacker cannot try and a lazy offline one would
JUDGED_CHARACTERS = 72  # zxcvbn's own limit: its work grows with the square
RUNNING = max(1, (os.cpu_count() or 2) // 2)
WAITING = 8
WAIT_SECONDS = 2.0
ATTEMPTS = 6  # at once, of a process: fewer than its connections to the database, and than its threads by far

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1, hash_len=32, salt_len=16)
_running = threading.BoundedSemaphore(RUNNING)
_admitted = threading.BoundedSemaphore(RUNNING + WAITING)
_attempts = threading.BoundedSemaphore(ATTEMPTS)


def hash_password(password: str) -> str:
    """Raises ServiceUnavailable when too many hashes are asked for at once."""
    with _slot():
        return _hasher.hash(_normal(password))


def require_password(stored: str | None, password: str) -> str | None:
    """Compare with the stored hash, or with nobody's when there is none, which takes as long.

    Returns a new hash when the stored one was made by older parameters, else None. Raises CredentialsInvalid, and
    ServiceUnavailable when too many hashes are asked for at once.
    """
    with _slot():
        try:
            _hasher.verify(stored or _nobodys(), _normal(password))
        except (VerificationError, InvalidHashError) as error:
            raise CredentialsInvalid from error
        if stored is None:
            raise CredentialsInvalid
        return _hasher.hash(_normal(password)) if _hasher.check_needs_rehash(stored) else None


def require_good_password(password: str, *, field: str, known: tuple[str, ...] = ()) -> None:
    """Raises ValidationFailed for one that is too short, too long or easily guessed. `known` are words that an
    attacker knows: the address, the name. No rules about kinds of characters: they make people predictable."""
    if len(password) < MIN_CHARACTERS:
        raise ValidationFailed(FieldError(field, f"Please use at least {MIN_CHARACTERS} characters."))
    if len(password) > MAX_CHARACTERS:
        raise ValidationFailed(FieldError(field, f"Please use at most {MAX_CHARACTERS} characters."))
    from zxcvbn import zxcvbn  # a megabyte of word lists

    words = ["callwaiting", *(part for word in known for part in (word, *word.replace("@", " ").split()))]
    judged = zxcvbn(password[:JUDGED_CHARACTERS], user_inputs=words)
    if judged["guesses_log10"] < MIN_GUESSES_LOG10:
        raise ValidationFailed(FieldError(field, "This password is easily guessed. Four unrelated words are better."))


@contextmanager
def attempt() -> Iterator[None]:
    """A turn to sign in, taken before its first statement. Attempts are counted in rows that all of them want, so that
    those of a flood would wait there for each other, each with a thread and a connection that others need.

    Raises ServiceUnavailable when as many as may are under way.
    """
    if not _attempts.acquire(blocking=False):
        raise ServiceUnavailable("too many attempts to sign in", reason="accounts.sign_in_busy", retry_after=2)
    try:
        yield
    finally:
        _attempts.release()


@contextmanager
def _slot() -> Iterator[None]:
    if not _admitted.acquire(blocking=False):
        raise ServiceUnavailable("too many password hashes wait", reason="accounts.hashing_busy", retry_after=2)
    try:
        if not _running.acquire(timeout=WAIT_SECONDS):
            raise ServiceUnavailable("no password hash got its turn", reason="accounts.hashing_busy", retry_after=2)
        try:
            yield
        finally:
            _running.release()
    finally:
        _admitted.release()


def _normal(password: str) -> bytes:
    """The same password typed on another keyboard may come in another form of Unicode."""
    return unicodedata.normalize("NFC", password).encode()


def _nobodys() -> str:
    """What an unknown account is compared with, by the present parameters, so that it takes as long."""
    parameters = f"m={_hasher.memory_cost},t={_hasher.time_cost},p={_hasher.parallelism}"
    return f"$argon2id$v=19${parameters}$Y2FsbHdhaXRpbmctbm9ib2R5$" + "A" * 43
