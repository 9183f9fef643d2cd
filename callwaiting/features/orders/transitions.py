"""How the state of an order moves: one table, and nothing else may change it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    AWAITING_PAYMENT = "awaiting_payment"
    DEPOSIT_PAID = "deposit_paid"
    AWAITING_REST = "awaiting_rest"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"


class Move(StrEnum):
    """What happens to an order. `settle` is all that is left to pay, or all of it; `ask_rest` gives a link for what is
    left after the deposit, `settle_here` takes that on the spot."""

    SETTLE = "settle"
    SETTLE_DEPOSIT = "settle_deposit"
    ASK_REST = "ask_rest"
    SETTLE_HERE = "settle_here"
    EXPIRE = "expire"
    CANCEL = "cancel"
    RENEW = "renew"
    REFUND_PART = "refund_part"
    REFUND_ALL = "refund_all"
    REFUND_NOTHING = "refund_nothing"
    REFUND_DEPOSIT = "refund_deposit"
    KEEP_DEPOSIT = "keep_deposit"


MOVES: Mapping[tuple[State, Move], State] = {
    (State.AWAITING_PAYMENT, Move.SETTLE): State.PAID,
    (State.AWAITING_PAYMENT, Move.EXPIRE): State.EXPIRED,
    (State.AWAITING_PAYMENT, Move.CANCEL): State.CANCELLED,
    (State.AWAITING_PAYMENT, Move.RENEW): State.AWAITING_PAYMENT,
    (State.EXPIRED, Move.RENEW): State.AWAITING_PAYMENT,
    (State.AWAITING_PAYMENT, Move.SETTLE_DEPOSIT): State.DEPOSIT_PAID,
    (State.DEPOSIT_PAID, Move.ASK_REST): State.AWAITING_REST,
    # A link for the rest that has run out leaves the rest due; what is paid through it late still fits.
    (State.AWAITING_REST, Move.RENEW): State.AWAITING_REST,
    (State.AWAITING_REST, Move.SETTLE): State.PAID,
    (State.DEPOSIT_PAID, Move.SETTLE_HERE): State.PAID,
    (State.AWAITING_REST, Move.SETTLE_HERE): State.PAID,
    # The deposit is kept then, unless it is given back.
    (State.DEPOSIT_PAID, Move.CANCEL): State.CANCELLED,
    (State.AWAITING_REST, Move.CANCEL): State.CANCELLED,
    (State.DEPOSIT_PAID, Move.REFUND_DEPOSIT): State.REFUNDED,
    (State.AWAITING_REST, Move.REFUND_DEPOSIT): State.REFUNDED,
    (State.REFUNDED, Move.KEEP_DEPOSIT): State.DEPOSIT_PAID,
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
