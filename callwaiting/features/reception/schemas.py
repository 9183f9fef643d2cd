"""The reception as the API shows and takes it."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.schemas import Instant, PhoneNumber, Schema, Version

Line = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]*$")
]
Spoken = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]*$")
]


Address = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"),
    Field(examples=["12 Mulberry Street, New York"]),
]


class DeskBody(Schema):
    """`business_line` is the number whose calls are forwarded here. Callers who ask for a person are put through to
    `transfer_to` during opening hours, always or never; whoever is rung takes the call by pressing 1. `record_calls`
    asks every caller first. `language_model` lets a model choose among the answers that are possible."""

    address: Address
    business_line: PhoneNumber | None
    transfer_to: PhoneNumber | None
    transfer_when: Literal["never", "open", "always"]
    voicemail: bool
    record_calls: bool
    language_model: bool


class DeskFace(DeskBody):
    version: Version


class AnswerBody(Schema):
    """`asked` are ways in which callers ask for it; `answer` is spoken as it stands."""

    topic: Line = Field(examples=["Parking"])
    asked: list[Line] = Field(default=[], max_length=20, examples=[["where can I park", "is there parking"]])
    answer: Spoken = Field(examples=["You can park behind the house, free of charge."])


class AnswerFace(AnswerBody):
    id: UUID
    version: Version
    updated_at: Instant
