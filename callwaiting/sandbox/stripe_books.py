"""Stripe's books: one line of the balance for each charge and refund, with the fee that Stripe keeps; of a dispute one
when its money is withdrawn, and one more when that comes back (docs.stripe.com/disputes/how-disputes-work)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwaiting.sandbox.context import Sandbox
from callwaiting.sandbox.store import Row, new_id

_KINDS = {"charge": "charge", "refund": "refund"}


def lines(here: Sandbox, account: str) -> list[Row]:
    """The account's lines, newest first. A charge that failed, or a refund that waits, has none."""
    moved = [
        row["object"]
        for table in ("stripe.charges", "stripe.refunds")
        for row in here.store.rows(table)
        if row["account"] == account and row["object"]["status"] == "succeeded"
    ]
    disputed = [row["object"] for row in here.store.rows("stripe.disputes") if row["account"] == account]
    found = [line(here, source) for source in moved]
    found += [made for dispute in disputed for made in dispute_lines(here, dispute)]
    return sorted(found, key=lambda item: (item["created"], item["id"]), reverse=True)


def dispute_lines(here: Sandbox, dispute: Row) -> list[dict[str, Any]]:
    """None while the bank only asks."""
    status = dispute["status"]
    if status.startswith("warning_"):
        return []
    fee = here.behaviours.dispute_fee_minor
    moves = [("withdrawn", -dispute["amount"], fee)]
    if status == "won":
        moves.append(("reinstated", dispute["amount"], -fee if here.behaviours.dispute_fee_returned else 0))
    made = []
    for what, amount, asked in moves:
        kept = _kept(here, f"{dispute['id']}:{what}", asked)
        made.append(
            {
                "id": kept["id"],
                "object": "balance_transaction",
                "amount": amount,
                "currency": dispute["currency"],
                "created": dispute["created"],
                "fee": kept["fee"],
                "net": amount - kept["fee"],
                "source": dispute,
                "status": "available",
                "type": "adjustment",
            }
        )
    return made


def _kept(here: Sandbox, key: str, fee: int) -> Row:
    """The line's id, and its fee as it was when the line was first asked for."""
    with here.store.transaction():
        kept = here.store.get("stripe.balance", key)
        if kept is None:
            kept = {"id": new_id("txn_", 24), "fee": fee}
            here.store.put("stripe.balance", key, kept)
    return kept


def line(here: Sandbox, source: Row) -> dict[str, Any]:
    """The line about a charge or refund. Its fee is that of the moment in which it was first asked for."""
    kept = _kept(here, source["id"], here.behaviours.fee_minor if source["object"] == "charge" else 0)
    sign = 1 if source["object"] == "charge" else -1
    amount = sign * source["amount_captured" if sign == 1 else "amount"]
    return {
        "id": kept["id"],
        "object": "balance_transaction",
        "amount": amount,
        "currency": source["currency"],
        "created": source["created"],
        "fee": kept["fee"],
        "net": amount - kept["fee"],
        "source": source,
        "status": "available",
        "type": _KINDS[source["object"]],
    }


def change(here: Sandbox, intent_id: str, changed: Mapping[str, Any]) -> Row | None:
    """Make Stripe's books of a payment say something else than its events did: `amount`, `currency` or `fee`.
    None if there is no such payment."""
    intent = here.store.get("stripe.payment_intents", intent_id)
    row = here.store.get("stripe.charges", intent["object"]["latest_charge"]) if intent else None
    if row is None:
        return None
    with here.store.transaction():
        charge = dict(row["object"])
        if "amount" in changed:
            charge |= {"amount": int(changed["amount"]), "amount_captured": int(changed["amount"])}
        if "currency" in changed:
            charge["currency"] = str(changed["currency"])
        here.store.put("stripe.charges", charge["id"], {"account": row["account"], "object": charge})
        if "fee" in changed:
            kept = line(here, charge)
            here.store.put("stripe.balance", charge["id"], {"id": kept["id"], "fee": int(changed["fee"])})
    return line(here, charge)
