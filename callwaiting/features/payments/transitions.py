"""How the state of a checkout may move. Money that was taken ends it, whatever we thought of it before."""

from __future__ import annotations

from collections.abc import Mapping

NEXT: Mapping[str, frozenset[str]] = {
    "claimed": frozenset({"open", "failed"}),
    "open": frozenset({"approved", "completed", "failed", "expired"}),
    "approved": frozenset({"completed", "failed"}),
    "failed": frozenset({"completed"}),
    "expired": frozenset({"completed"}),
    "completed": frozenset(),
}
