"""The id that follows one request through answers, logs, jobs and audit rows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from callwaiting.core.ids import new_id

ACCEPTED = re.compile(r"[A-Za-z0-9._-]{8,64}\Z")

_request_id: ContextVar[str] = ContextVar("request_id", default="")


def accept_request_id(offered: str | None) -> str:
    """The client's id when it is well-formed, else a new one."""
    return offered if offered and ACCEPTED.match(offered) else new_id().hex


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
