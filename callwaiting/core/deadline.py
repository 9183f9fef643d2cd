"""How long the present request or job may still take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from callwaiting.core.errors import CallwaitingError, ErrorCode

REQUEST_SECONDS = 28.0  # nginx gives up at 30 s; the answer must be on its way before
STATEMENT_SECONDS = 10.0

_end: ContextVar[float | None] = ContextVar("deadline", default=None)


class DeadlineExceeded(CallwaitingError):
    code = ErrorCode.REQUEST_TIMEOUT
    reason = "core.deadline_exceeded"


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Everything in the block shares one deadline; a nested block can only shorten it."""
    outer = _end.get()
    end = time.monotonic() + seconds
    token = _end.set(end if outer is None else min(outer, end))
    try:
        yield
    finally:
        _end.reset(token)


def remaining(ceiling: float) -> float:
    """Seconds left, at most `ceiling`. Raises DeadlineExceeded when none are."""
    end = _end.get()
    if end is None:
        return ceiling
    left = end - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded
    return min(left, ceiling)
