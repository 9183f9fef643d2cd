"""What happens to a Stripe refund: made by the app or at Stripe's own desk, it succeeds, waits, or comes back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwaiting.sandbox.checkout import NotOpen, put
from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.store import Row
from callwaiting.sandbox.stripe_answers import StripeRefusal
from callwaiting.sandbox.stripe_events import emit
from callwaiting.sandbox.stripe_objects import new_refund


def create(here: Sandbox, account: str, charge: Row, amount: int | None, form: Mapping[str, Any]) -> Row:
    """Give back `amount`, or all that is left, of a charge, and send the events. Raises StripeRefusal."""
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = left if amount is None else amount
    if left <= 0:
        raise StripeRefusal(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if not 0 < amount <= left:
        raise StripeRefusal(f"Refund amount ({amount}) is greater than unrefunded amount ({left}).", param="amount")
    refund = new_refund(charge, amount, form, "pending" if here.behaviours.refunds_wait else "succeeded")
    charge = {**charge, "amount_refunded": charge["amount_refunded"] + amount, "refunded": amount == left}
    put(here, "stripe.refunds", account, refund)
    put(here, "stripe.charges", account, charge)
    emit(here, "refund.created", account, refund)
    emit(here, "charge.refunded", account, charge)
    return refund


def at_the_desk(here: Sandbox, intent_id: str, amount: int | None) -> Row | None:
    """A refund that somebody makes in Stripe's own dashboard; None if there is no such payment."""
    intent = here.store.get("stripe.payment_intents", intent_id)
    charge = here.store.get("stripe.charges", intent["object"]["latest_charge"]) if intent else None
    return create(here, charge["account"], charge["object"], amount, {}) if charge else None


def settle(here: Sandbox, refund_id: str, *, succeeded: bool) -> Row | None:
    """The outcome of a refund that waits, or the return of one that had succeeded. None if there is no such refund.

    Raises NotOpen.
    """
    with here.store.transaction():
        row = here.store.get("stripe.refunds", refund_id)
        if row is None:
            return None
        account, refund = row["account"], row["object"]
        if refund["status"] not in ({"pending"} if succeeded else {"pending", "succeeded"}):
            raise NotOpen(f"the refund is {refund['status']}")
        refund = {**refund, "status": "succeeded" if succeeded else "failed"}
        if not succeeded:
            refund["failure_reason"] = "expired_or_canceled_card"
            _take_back(here, account, refund)
        put(here, "stripe.refunds", account, refund)
        emit(here, "refund.updated", account, refund)
        if not succeeded:
            emit(here, "refund.failed", account, refund)
        return refund


def _take_back(here: Sandbox, account: str, refund: Row) -> None:
    row = here.store.get("stripe.charges", refund["charge"])
    if row is not None:
        given = row["object"]["amount_refunded"] - refund["amount"]
        put(here, "stripe.charges", account, {**row["object"], "amount_refunded": given, "refunded": False})
