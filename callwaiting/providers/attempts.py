"""Three attempts at a call to a provider, inside a job's time limit. After that the job itself comes again later."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from callwaiting.providers.ports import ProviderUnavailable

T = TypeVar("T")

ATTEMPTS = 3
BASE_DELAY_S = 0.25
MAX_DELAY_S = 4.0


def three_attempts(call: Callable[[], T], *, deadline_s: float) -> T:
    """What the call returns, tried up to three times while it raises ProviderUnavailable.

    Waits between attempts with exponential backoff and full jitter, and at least as long as the provider asks
    (Retry-After). No attempt starts later than `deadline_s` seconds from now. Other errors are not repeated: a refusal
    stays one, and an unknown outcome must be looked up first. Raises the last error.
    """
    deadline = time.monotonic() + deadline_s
    for attempt in range(1, ATTEMPTS):
        try:
            return call()
        except ProviderUnavailable as error:
            delay = backoff_s(attempt, error.retry_after)
            if time.monotonic() + delay >= deadline:
                raise
        time.sleep(delay)
    return call()


def backoff_s(attempt: int, retry_after: int | None) -> float:
    """Seconds to wait after the given failed attempt (1, 2, …)."""
    delay = random.uniform(0, min(MAX_DELAY_S, BASE_DELAY_S * 2 ** (attempt - 1)))  # noqa: S311 - spread, not secrecy
    return max(delay, float(retry_after or 0))


def retry_after_s(header: str | None) -> int | None:
    """Seconds out of a Retry-After header; None when it is missing, a date or absurd."""
    if header and header.isascii() and header.isdigit() and len(header) <= 4:
        return int(header)
    return None
