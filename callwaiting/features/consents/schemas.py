"""The consent ledger as the API shows and takes it."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.schemas import Instant, Schema

Evidence = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=500),
    Field(examples=["Asked at the counter on 4 May for texts about her orders."]),
]


class DeclarationBody(Schema):
    """What a caller has told the team. `evidence` says how and when, for whoever asks later."""

    state: Literal["granted", "revoked"]
    evidence: Evidence


class DeclarationFace(Schema):
    """`origin` is `sms`, `voice`, `provider` (Twilio said so) or `operator` (recorded by the team)."""

    id: UUID
    state: str = Field(examples=["revoked"])
    origin: str = Field(examples=["sms"])
    evidence: str = Field(examples=["STOP"])
    recorded_at: Instant
