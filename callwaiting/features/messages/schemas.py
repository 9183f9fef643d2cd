"""Texts as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Instant, Schema

MAX_BODY = 1600  # twilio.com/docs/messaging/api/message-resource: more characters are refused

Body = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_BODY),
    Field(examples=["Your table is ready."]),
]


class MessageQuery(PageQuery):
    caller_id: UUID | None = Field(default=None, description="Only texts to and from this caller.")


class MessageBody(Schema):
    """A text to a caller, sent from one of the business's own numbers."""

    caller_id: UUID
    phone_number_id: UUID
    body: Body


class MessageFace(Schema):
    """`direction` is `in` or `out`; `status` is Twilio's, or `planned` before it was sent and `suppressed` when the
    caller wants no texts. `error_code` is Twilio's."""

    id: UUID
    caller_id: UUID
    phone_number_id: UUID
    direction: str = Field(examples=["out"])
    kind: str = Field(examples=["receipt"])
    body: str = Field(examples=["Your table is ready."])
    status: str = Field(examples=["delivered"])
    error_code: str | None = Field(examples=["30003"])
    created_at: Instant
    sent_at: Instant | None


class ThreadFace(Schema):
    """All texts to and from one caller, by the last of them. `number` is null for those who may not see callers."""

    caller_id: UUID
    number: str | None = Field(examples=["+12125550123"])
    last: MessageFace
