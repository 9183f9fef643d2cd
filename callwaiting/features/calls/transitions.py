"""How the status of a call moves: forward by rank only, since Twilio's notices come in any order."""

from __future__ import annotations

from collections.abc import Mapping

TERMINAL = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
RANKS: Mapping[str, int] = {"queued": 0, "ringing": 1, "in-progress": 2, **dict.fromkeys(TERMINAL, 3)}


def after(status: str, reported: str) -> str | None:
    """The status that a report leads to. None when it changes nothing: it is stale, a repeat, or unknown to us."""
    return reported if RANKS.get(reported, -1) > RANKS[status] else None
