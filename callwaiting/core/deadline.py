"""How long the present request or job may still take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token

from callwaiting.core.errors import CallwaitingError, ErrorCode

STATEMENT_SECONDS = 10.0

_end: ContextVar[float | None] = ContextVar("deadline", default=None)


class DeadlineExceeded(CallwaitingError):
    code = ErrorCode.REQUEST_TIMEOUT
    reason = "core.deadline_exceeded"


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Everything in the block shares one deadline; a nested block can only shorten it."""
    token = begin(seconds)
    try:
        yield
    finally:
        end(token)


def begin(seconds: float) -> Token[float | None]:
    """`within` for a request, which begins and ends in two hooks; `end` takes what this returns, in the same thread."""
    outer, mine = _end.get(), time.monotonic() + seconds
    return _end.set(mine if outer is None else min(outer, mine))


def end(token: Token[float | None]) -> None:
    _end.reset(token)


def remaining(ceiling: float) -> float:
    """Seconds left, at most `ceiling`. Raises DeadlineExceeded when none are."""
    until = _end.get()
    if until is None:
        return ceiling
    left = until - time.monotonic()
    if left <= 0:
        raise DeadlineExceeded
    return min(left, ceiling)


def left() -> float | None:
    """Seconds left, 0 when none are; None when nothing limits this work."""
    until = _end.get()
    return None if until is None else max(0.0, until - time.monotonic())
