"""Numbers of a merchant as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.schemas import Instant, PhoneNumber, Schema, Version

Label = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=60, pattern=r"^[^\r\n]*$"),
    Field(examples=["Main line"], description="What the team calls it."),
]


class LabelBody(Schema):
    label: Label


class NumberBody(Schema):
    """A number to which calls are forwarded from now on."""

    number: PhoneNumber
    label: Label = ""


class NumberFace(Schema):
    id: UUID
    number: PhoneNumber
    label: str = Field(examples=["Main line"])
    version: Version
    created_at: Instant
