"""Money here and at a provider, compared thing by thing. Pure: no database, no calls."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Literal

from callwaiting.features.payments.service import REFERENCE_PREFIX, BookedMoney
from callwaiting.features.reconciliation.findings import Difference, Key
from callwaiting.providers.lists import MoneyEntry


def compare(
    ours: Sequence[BookedMoney], theirs: Sequence[MoneyEntry], complete: Collection[str]
) -> Iterator[Difference]:
    """What differs. `complete` names the payments of which `theirs` holds every movement: of others, what is not in
    it may still be there. What is nobody's order of ours is the merchant's own business and no difference."""
    known: dict[Key, BookedMoney] = {(one.subject, one.object_id): one for one in ours}
    payments = {one.payment_id for one in ours}
    told = told_by_key(theirs)
    for key, entry in told.items():
        booked = known.get(key)
        if booked is not None:
            yield from _differing(booked, entry)
        elif entry.done and (entry.payment_id in payments or entry.reference.startswith(REFERENCE_PREFIX)):
            yield _difference(entry, "missing_here", theirs=str(entry.amount))
    for key, one in known.items():
        if key not in told and one.done and one.payment_id in complete:
            yield _difference(one, "missing_there", ours=str(one.amount))


def told_by_key(theirs: Sequence[MoneyEntry]) -> dict[Key, MoneyEntry]:
    """Payments and refunds by what they are; of one that is listed twice (it failed later), the last line. Disputes
    are told by their events: here only their fees count."""
    return {(entry.subject, entry.object_id): entry for entry in theirs if entry.subject != "dispute"}


def _differing(booked: BookedMoney, entry: MoneyEntry) -> Iterator[Difference]:
    both = {"ours": str(booked.amount), "theirs": str(entry.amount)}
    if booked.amount.currency != entry.amount.currency:
        yield _difference(entry, "currency_differs", **both)
    elif booked.amount.minor != entry.amount.minor:
        yield _difference(entry, "amount_differs", **both)
    if booked.done != entry.done:
        yield _difference(entry, "state_differs", ours=_word(booked.done), theirs=_word(entry.done))


def _difference(
    of: BookedMoney | MoneyEntry,
    kind: Literal["missing_here", "missing_there", "amount_differs", "currency_differs", "state_differs"],
    *,
    ours: str = "",
    theirs: str = "",
) -> Difference:
    subject: Literal["payment", "refund"] = "refund" if of.subject == "refund" else "payment"
    return Difference(subject, of.object_id, kind, ours, theirs, of.payment_id, of.checkout_id)


def _word(done: bool) -> str:
    return "done" if done else "not done"
