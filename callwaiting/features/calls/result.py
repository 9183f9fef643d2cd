"""What a call has led to: the weightiest of all that happened in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from callwaiting.features.calls.models import Call

OutcomeName = Literal[
    "none", "declined", "answer", "person", "message", "emergency", "transfer", "change", "booking", "order"
]
WEIGHTS: Mapping[str, int] = {
    "none": 0, "declined": 0, "answer": 1, "person": 2, "message": 3, "emergency": 4, "transfer": 5, "change": 6,
    "booking": 7, "order": 8,
}  # fmt: skip


def keep(call: Call, outcome: OutcomeName) -> None:
    """Note what has happened, unless the call has led to more already."""
    if WEIGHTS[outcome] > WEIGHTS.get(call.outcome, 0):
        call.outcome = outcome


def keep_declined(call: Call, *, declined: bool) -> None:
    """Note whether the caller wants nothing, as far as it goes at present; what has happened weighs more."""
    if WEIGHTS.get(call.outcome, 0) == 0:
        call.outcome = "declined" if declined else "none"
