"""How the state of an order moves: one table, and nothing else may change it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    DRAFT = "draft"
    AWAITING_PAYMENT = "awaiting_payment"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"


class Move(StrEnum):
    """What happens to an order."""

    PLACE = "place"
    SETTLE = "settle"
    EXPIRE = "expire"
    CANCEL = "cancel"
    RENEW = "renew"
    REFUND_PART = "refund_part"
    REFUND_ALL = "refund_all"
    REFUND_NOTHING = "refund_nothing"


MOVES: Mapping[tuple[State, Move], State] = {
    (State.DRAFT, Move.PLACE): State.AWAITING_PAYMENT,
    (State.DRAFT, Move.CANCEL): State.CANCELLED,
    (State.AWAITING_PAYMENT, Move.SETTLE): State.PAID,
    (State.AWAITING_PAYMENT, Move.EXPIRE): State.EXPIRED,
    (State.AWAITING_PAYMENT, Move.CANCEL): State.CANCELLED,
    (State.AWAITING_PAYMENT, Move.RENEW): State.AWAITING_PAYMENT,
    (State.EXPIRED, Move.RENEW): State.AWAITING_PAYMENT,
    (State.PAID, Move.REFUND_PART): State.PART_REFUNDED,
    (State.PAID, Move.REFUND_ALL): State.REFUNDED,
    (State.PART_REFUNDED, Move.REFUND_PART): State.PART_REFUNDED,
    (State.PART_REFUNDED, Move.REFUND_ALL): State.REFUNDED,
    # A refund that had succeeded may come back: the payer's bank did not take it.
    (State.PART_REFUNDED, Move.REFUND_NOTHING): State.PAID,
    (State.REFUNDED, Move.REFUND_PART): State.PART_REFUNDED,
    (State.REFUNDED, Move.REFUND_NOTHING): State.PAID,
}


def after(state: str, move: Move) -> State | None:
    """The state that `move` leads to, or None where it is impossible; the caller names that outcome."""
    return MOVES.get((State(state), move))
