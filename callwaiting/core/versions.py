"""Optimistic locking: a change names the version of the row that its author has seen."""

from __future__ import annotations

from callwaiting.core.errors import PreconditionFailed


def require_version(found: int, expected: int) -> None:
    """Compare after the row is locked (`with_for_update`), then raise its version by one. Raises PreconditionFailed."""
    if found != expected:
        raise PreconditionFailed(f"the version is {found}, not {expected}")
