"""The steps of setting up as the API shows them."""

from __future__ import annotations

from pydantic import Field

from callwaiting.core.http.schemas import Count, Schema


class StepFace(Schema):
    """`needed`: without it nothing works."""

    name: str = Field(examples=["number"])
    done: bool
    needed: bool
    hint: str = Field(examples=["Add the number to which your calls are forwarded."])


class SetupFace(Schema):
    """`ready`: every needed step is done. `authenticator` is that of whoever asks."""

    ready: bool
    open: Count
    steps: list[StepFace]
