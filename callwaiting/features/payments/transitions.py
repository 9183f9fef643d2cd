"""How the states of a checkout, of a refund and of a dispute may move. Money that was taken ends a checkout, whatever
we thought of it before. A refund that has succeeded may still fail: the payer's bank sends it back."""

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

REFUND_NEXT: Mapping[str, frozenset[str]] = {
    "pending": frozenset({"succeeded", "failed"}),
    "succeeded": frozenset({"failed"}),
    "failed": frozenset(),
}

DISPUTE_NEXT: Mapping[str, frozenset[str]] = {
    "new": frozenset({"inquiry", "open", "won", "lost"}),
    "inquiry": frozenset({"open", "won", "lost"}),
    "open": frozenset({"won", "lost"}),
    "won": frozenset(),
    "lost": frozenset(),
}
