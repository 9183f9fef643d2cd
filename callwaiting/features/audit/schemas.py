"""The audit trail as the API shows it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Instant, NamedInstant, Schema
from callwaiting.features.audit.repository import ChainedEntry
from callwaiting.features.audit.verify import EXPLANATIONS, Anchor, Part

Word = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[!-~]+$")]
# The number has to fit into the database's bigint.
AnchorText = Annotated[
    str, StringConstraints(pattern=r"^[1-9][0-9]{0,17}:[0-9a-f]{64}$"), Field(examples=["1234:" + "ab" * 32])
]


class EntryQuery(PageQuery):
    actor: Word | None = Field(default=None, description="Who acted: `user:<id>`, `api_key:<id>`, `system` …")
    action: Word | None = Field(
        default=None, description="What was done, such as `order.paid`; `order.` stands for all of orders."
    )
    subject: Word | None = Field(default=None, description="To what, such as `order:<id>`.")
    since: NamedInstant | None = Field(default=None, description="At this moment or later.")
    until: NamedInstant | None = Field(default=None, description="Before this moment.")


class EntryFace(Schema):
    """One link of the chain. `hash` covers the entry, its number and the link before it."""

    seq: int = Field(examples=[1234])
    hash: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    id: UUID
    at: Instant
    actor: str = Field(examples=["user:0198c0de-0000-7000-8000-000000000001"])
    action: str = Field(examples=["refund.requested"])
    subject: str = Field(examples=["refund:0198c0de-0000-7000-8000-000000000002"])
    outcome: str = Field(examples=["ok"], description="`ok` or `denied`.")
    reason: str = Field(examples=[""], description="Why it was denied, or what made it happen.")
    request_id: str = Field(examples=["01890f4ee6c87d3a9c0b5a7d1f2e3c4b"])
    details: dict[str, str | int | bool | None]

    @classmethod
    def of(cls, entry: ChainedEntry) -> EntryFace:
        shown = {name: entry.body[name] for name in cls.model_fields if name in entry.body}
        return cls.model_validate({**shown, "seq": entry.seq, "hash": entry.hash.hex()})


class ProofQuery(Schema):
    after: AnchorText | None = Field(default=None, description="`head` of an earlier answer: go on behind it.")


class Proof(Schema):
    """What a stretch of the business's own links shows. `head` is its last link that holds, to be kept elsewhere and
    given back as `after`; while `complete` is false there are more behind it. `fault` says what does not hold, at
    `first_bad_seq`."""

    ok: bool
    complete: bool
    links: int = Field(examples=[412])
    head: AnchorText | None
    first_bad_seq: int | None
    fault: str | None = Field(examples=[None])

    @classmethod
    def of(cls, part: Part) -> Proof:
        fault = part.verdict.fault
        return cls(
            ok=fault is None,
            complete=part.complete,
            links=part.verdict.links,
            head=_text(part.verdict.head),
            first_bad_seq=fault.seq if fault else None,
            fault=EXPLANATIONS[fault.cause] if fault else None,
        )


def _text(anchor: Anchor | None) -> str | None:
    return f"{anchor.seq}:{anchor.hash.hex()}" if anchor else None
