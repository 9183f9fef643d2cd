"""Proving that the log is whole: every link is recomputed from its stored bytes.

A chain cannot tell that its own end is missing, nor that all of it was made anew. For that an operator keeps an
anchor (a number and its hash, as `verify` prints it) outside of the database and passes it in later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.tenancy import merchant_of
from callwaiting.features.audit import repository
from callwaiting.features.audit.hashing import GENESIS, link_hash
from callwaiting.features.audit.repository import Link

Cause = Literal["hash", "gap", "prev", "merchant", "anchor", "missing_tail"]
EXPLANATIONS: dict[Cause, str] = {
    "hash": "the record, its number or its merchant was altered: the hash does not fit",
    "gap": "this link is missing",
    "prev": "this link does not follow from the one before it",
    "merchant": "this link does not follow from the merchant's previous one",
    "anchor": "the link that the anchor names is not there",
    "missing_tail": "the log ends before the link that the anchor names",
}


class Anchor(NamedTuple):
    """A link that is known to have existed."""

    seq: int
    hash: bytes


class AnchorMalformed(ValueError):
    """Not `number:hash in hex`."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The first link at which the chain does not hold; for a gap, the first that is missing."""

    seq: int
    cause: Cause

    def __str__(self) -> str:
        return f"seq {self.seq}: {EXPLANATIONS[self.cause]}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many links hold, the last of them (to be kept as an anchor), and what broke the chain, if anything."""

    links: int
    head: Anchor | None
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Part:
    """The verdict on a stretch of a merchant's links. When it is not `complete`, go on after its head."""

    verdict: Verdict
    complete: bool


def parse_anchor(text: str) -> Anchor:
    """`1234:<64 hex digits>`. Raises AnchorMalformed."""
    seq, _, digest = text.partition(":")
    try:
        anchor = Anchor(int(seq), bytes.fromhex(digest))
    except ValueError as error:
        raise AnchorMalformed("an anchor looks like 1234:<64 hex digits>") from error
    if anchor.seq < 1 or len(anchor.hash) != len(GENESIS):
        raise AnchorMalformed("an anchor looks like 1234:<64 hex digits>")
    return anchor


def verify(session: Session, *, merchant_id: UUID | None = None, anchor: Anchor | None = None) -> Verdict:
    """Walk the whole log, or one merchant's part of it, up to the first fault.

    A merchant's part is proved by its own links alone; that no other link stood between them, only the whole tells.
    """
    return judge(repository.links(session, merchant_id=merchant_id), whole=merchant_id is None, anchor=anchor)


def verify_own(session: Session, *, after: Anchor | None, limit: int) -> Part:
    """Check at most `limit` links of the session's merchant, from the first on, or from the one after `after`, which
    must still be there."""
    merchant_id = merchant_of(session)
    found = repository.links(session, merchant_id=merchant_id, since_seq=after.seq if after else 0)
    heads: dict[UUID, bytes] = {}
    if after is not None:
        first = next(found, None)
        if first is None or (first.seq, first.hash) != after:
            return Part(Verdict(0, None, Fault(after.seq, "anchor" if first else "missing_tail")), complete=True)
        heads[merchant_id] = after.hash
    taken = list(islice(found, limit + 1))
    verdict = judge(taken[:limit], whole=False, merchant_heads=heads)
    return Part(replace(verdict, head=verdict.head or after), complete=len(taken) <= limit)


def judge(
    links: Iterable[Link],
    *,
    whole: bool = True,
    anchor: Anchor | None = None,
    merchant_heads: Mapping[UUID, bytes] | None = None,
) -> Verdict:
    """The verdict on links in order; `whole` is False for one merchant's part. `merchant_heads` are the hashes of the
    links before, of each merchant that has some."""
    count, head, anchored = 0, Anchor(0, GENESIS), anchor is None
    heads = dict(merchant_heads or {})
    for link in links:
        if cause := _cause(link, head if whole else None, heads):
            seq = head.seq + 1 if cause == "gap" else link.seq
            return Verdict(count, head if count else None, Fault(seq, cause))
        if link.merchant_id:
            heads[link.merchant_id] = link.hash
        count, head = count + 1, Anchor(link.seq, link.hash)
        anchored = anchored or head == anchor
    fault = None
    if anchor and not anchored:
        fault = Fault(anchor.seq, "missing_tail" if head.seq < anchor.seq else "anchor")
    return Verdict(count, head if count else None, fault)


def _cause(link: Link, head: Anchor | None, merchant_heads: dict[UUID, bytes]) -> Cause | None:
    if head and link.seq != head.seq + 1:
        return "gap"
    if link_hash(link.prev_hash, link.seq, link.merchant_id, link.record) != link.hash:
        return "hash"
    if head and link.prev_hash != head.hash:
        return "prev"
    expected = merchant_heads.get(link.merchant_id) if link.merchant_id else None
    if link.merchant_prev_hash != expected:
        return "merchant"
    return None
