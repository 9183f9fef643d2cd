"""What a call has led to: the weightiest of all that happened in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from callwaiting.features.calls.models import Call

OutcomeName = Literal["none", "answer", "message", "transfer", "change", "booking", "order"]
WEIGHTS: Mapping[str, int] = {
    "none": 0, "answer": 1, "message": 2, "transfer": 3, "change": 4, "booking": 5, "order": 6,
}  # fmt: skip


def keep(call: Call, outcome: OutcomeName) -> None:
    """Note what has happened, unless the call has led to more already."""
    if WEIGHTS[outcome] > WEIGHTS.get(call.outcome, 0):
        call.outcome = outcome
