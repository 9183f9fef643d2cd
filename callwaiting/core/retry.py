"""When a failed attempt is made again, and when it is given up. The due time lives in Postgres, never in the broker."""

from __future__ import annotations

import random
import traceback
from enum import StrEnum
from pathlib import Path

from sqlalchemy.exc import OperationalError

from callwaiting.core.crypto import Undecipherable
from callwaiting.core.deadline import DeadlineExceeded
from callwaiting.core.errors import CallwaitingError, Permanent, ServiceUnavailable, Transient
from callwaiting.core.logging import redact_text

# How long to wait after each failed attempt, at most; half of it at least. In the first minute what was overtaken or
# restarted is back; after that somebody is away, and twelve attempts outlast an outage of 2.6 to 5.3 hours.
WINDOWS_SECONDS = (2.0, 4.0, 8.0, 16.0, 60.0, 900.0, 3600.0)


class FailureClass(StrEnum):
    """How a worker judges a failure."""

    TRANSIENT = "transient"
    BUG = "bug"
    PERMANENT = "permanent"


ATTEMPTS = {FailureClass.TRANSIENT: 12, FailureClass.BUG: 6, FailureClass.PERMANENT: 1}


def classify(error: BaseException) -> FailureClass:
    """Transient: may go well unchanged. Permanent: never will. Whatever was not foreseen is a bug of ours, which the
    next release may mend."""
    if isinstance(error, Permanent | Undecipherable):
        return FailureClass.PERMANENT
    if isinstance(error, Transient | ServiceUnavailable | DeadlineExceeded | OperationalError):
        return FailureClass.TRANSIENT  # OperationalError: deadlocks and lock timeouts too
    return FailureClass.BUG


def delay_s(error: BaseException, attempts: int) -> float | None:
    """Seconds until the next attempt after `attempts` failed ones, or None when it is given up.

    Jitter over the second half of a growing window, the last of which stays; and at least what the provider asked
    for.
    """
    if attempts >= ATTEMPTS[classify(error)]:
        return None
    asked = error.retry_after if isinstance(error, CallwaitingError) else None
    window = WINDOWS_SECONDS[min(attempts, len(WINDOWS_SECONDS)) - 1]
    return max(random.uniform(window / 2, window), float(asked or 0))  # noqa: S311 - spread, not secrecy


def describe(error: BaseException) -> str:
    """What an operator may read of an error. The text of a foreign exception may quote a body: only its type and
    place are kept."""
    if isinstance(error, CallwaitingError):
        return redact_text(f"{error.reason}: {error.detail}".removesuffix(": "))
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
