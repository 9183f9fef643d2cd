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
    """What a caller has told the team. `evidence` says how and when, for whoever asks later; `wording` is what was
    shown or read out to ask for it; `origin` is `web` for a form of the business's own."""

    state: Literal["granted", "revoked"]
    evidence: Evidence
    origin: Literal["operator", "web"] = "operator"
    wording: Annotated[str, StringConstraints(strip_whitespace=True, max_length=1000)] = ""


class DeclarationFace(Schema):
    """`origin` is `sms`, `voice`, `web`, `provider` (Twilio said so) or `operator` (recorded by the team). `source` is
    the text or call in which it was declared."""

    id: UUID
    state: str = Field(examples=["revoked"])
    origin: str = Field(examples=["sms"])
    evidence: str = Field(examples=["STOP"])
    wording: str = Field(examples=["May we text you about your orders? Reply STOP at any time."])
    source: str = Field(examples=["message:0198c0de-0000-7000-8000-000000000001"])
    recorded_at: Instant
