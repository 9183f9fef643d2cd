"""The id that follows one request through answers, logs, jobs and audit rows, and the caller's own trace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar, Token

from callwaiting.core.ids import new_id_text

ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")
# Version, trace, parent and flags; version ff and zeros are not valid (w3.org/TR/trace-context, 3.2.2).
TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")
Tokens = tuple[Token[str], Token[str]]

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_trace_id: ContextVar[str] = ContextVar("trace_id", default="")


def accept_request_id(offered: str | None) -> str:
    """The client's id when it is well-formed, else a new one."""
    return offered if offered and ACCEPTED.match(offered) else new_id_text().replace("-", "")


def current_request_id() -> str:
    """Empty outside of a request or job."""
    return _request_id.get()


@contextmanager
def request_id(value: str) -> Iterator[None]:
    token = _request_id.set(value)
    try:
        yield
    finally:
        _request_id.reset(token)


def accept_trace_id(traceparent: str | None) -> str:
    """The trace that a well-formed `traceparent` names, else empty."""
    found = TRACEPARENT.match(traceparent) if traceparent else None
    return found[1] if found else ""


def current_trace_id() -> str:
    """The caller's trace; empty when it named none, and outside of a request."""
    return _trace_id.get()


def follow(request_id: str, trace_id: str) -> Tokens:
    """For a request, which begins and ends in two hooks: hand what this returns to `unfollow`, in the same thread."""
    return _request_id.set(request_id), _trace_id.set(trace_id)


def unfollow(tokens: Tokens) -> None:
    _request_id.reset(tokens[0])
    _trace_id.reset(tokens[1])
