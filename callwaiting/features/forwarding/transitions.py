"""How a test of the forwarding moves. The call that comes back is proof, whatever became of the one that we made: its
end may be told first, or by mistake. After that nothing moves any more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

State = Literal["planned", "calling", "works", "wrong_number", "not_forwarded", "answered", "could_not_call"]
RUNNING: tuple[State, ...] = ("planned", "calling")
_PROOF: frozenset[State] = frozenset({"works", "wrong_number"})
NEXT: Mapping[str, frozenset[State]] = {
    "planned": _PROOF | {"calling", "could_not_call"},
    "calling": _PROOF | {"not_forwarded", "answered", "could_not_call"},
    "not_forwarded": _PROOF,
    "answered": _PROOF,
    "could_not_call": _PROOF,
    "wrong_number": frozenset({"works"}),
    "works": frozenset(),
}
ENDS: Mapping[str, State] = {
    "completed": "answered",
    "busy": "not_forwarded",
    "no-answer": "not_forwarded",
    "canceled": "not_forwarded",
    "failed": "could_not_call",
}
"""What the last status of our own call means while no call has come back."""
