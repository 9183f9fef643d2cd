"""How the state of a booking moves: one table, and nothing else may change it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    HELD = "held"
    AWAITING_DEPOSIT = "awaiting_deposit"
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    COMPLETED = "completed"
    NO_SHOW = "no_show"


class Move(StrEnum):
    """What happens to a booking. `release` gives up a hold, `expire` ends one whose time is up, `ask_deposit` keeps the
    time until its deposit has come; `move` and `cancel` are for one that is to come, `complete` and `miss` for one that
    has begun, also to correct each other."""

    CONFIRM = "confirm"
    ASK_DEPOSIT = "ask_deposit"
    RELEASE = "release"
    EXPIRE = "expire"
    MOVE = "move"
    CANCEL = "cancel"
    COMPLETE = "complete"
    MISS = "miss"


MOVES: Mapping[tuple[State, Move], State] = {
    (State.HELD, Move.CONFIRM): State.CONFIRMED,
    (State.HELD, Move.ASK_DEPOSIT): State.AWAITING_DEPOSIT,
    (State.AWAITING_DEPOSIT, Move.CONFIRM): State.CONFIRMED,
    (State.AWAITING_DEPOSIT, Move.MOVE): State.AWAITING_DEPOSIT,
    (State.AWAITING_DEPOSIT, Move.CANCEL): State.CANCELLED,
    (State.AWAITING_DEPOSIT, Move.EXPIRE): State.EXPIRED,
    (State.HELD, Move.RELEASE): State.CANCELLED,
    (State.HELD, Move.EXPIRE): State.EXPIRED,
    (State.CONFIRMED, Move.MOVE): State.CONFIRMED,
    (State.CONFIRMED, Move.CANCEL): State.CANCELLED,
    (State.CONFIRMED, Move.COMPLETE): State.COMPLETED,
    (State.CONFIRMED, Move.MISS): State.NO_SHOW,
    (State.NO_SHOW, Move.COMPLETE): State.COMPLETED,
    (State.COMPLETED, Move.MISS): State.NO_SHOW,
}
MADE = (State.CONFIRMED, State.COMPLETED, State.NO_SHOW)
"""The states of a booking that was made and not cancelled."""


def after(state: str, move: Move) -> State | None:
    """The state that `move` leads to, or None where it is impossible; the caller names that outcome."""
    return MOVES.get((State(state), move))
