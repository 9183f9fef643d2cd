"""Calls as the API shows them."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Day, Instant, Schema, Version
from callwaiting.features.calls.left_messages import StateName
from callwaiting.features.calls.result import OutcomeName


class CallQuery(PageQuery):
    day: Day | None = Field(default=None, description="Only calls that began on this day, by the business's clock.")
    outcome: OutcomeName | None = Field(default=None, description="Only calls that led to this.")


class CallFace(Schema):
    """`outcome` is the weightiest of what the call has led to. `caller_id` is null while the number is withheld,
    `caller_number` also for those who may not see callers."""

    id: UUID
    call_sid: str = Field(examples=["CA00000000000000000000000000000000"])
    phone_number_id: UUID
    caller_id: UUID | None
    caller_number: str | None = Field(default=None, examples=["+12125550123"])
    status: str = Field(examples=["completed"])
    outcome: OutcomeName = Field(examples=["order"])
    started_at: Instant
    ended_at: Instant | None


class CallDetail(CallFace):
    """A call with the order or the booking that it has led to; `turns` counts the turns of its dialogue."""

    turns: int = Field(examples=[6])
    order_id: UUID | None
    booking_id: UUID | None


class TurnFace(Schema):
    """One turn: what was heard of the caller, keys or speech (null: nothing), and what was said in return. `step` names
    what that asked for."""

    number: int = Field(examples=[2])
    step: str = Field(examples=["quantity"])
    heard: str | None = Field(examples=["two margheritas please"])
    said: str = Field(examples=["2 Margherita. Anything else?"])
    at: Instant


class LeftMessageQuery(PageQuery):
    state: StateName | None = Field(default=None, description="Only messages in this state.")


class LeftMessageFace(Schema):
    """What a caller wants the team to know: `text` as it was understood, or a recording of `seconds` that the telephone
    company keeps under `recording_sid`. `draft` is what was said without a yes to it; `done`, what the team has settled
    or the caller has said anew. `call_id` is null for one left by text."""

    id: UUID
    call_id: UUID | None
    caller_id: UUID | None
    caller_number: str | None = Field(default=None, examples=["+12125550123"])
    state: StateName
    text: str | None = Field(examples=["Tell Maria that I am running late."])
    recording_sid: str | None = Field(examples=["RE00000000000000000000000000000000"])
    seconds: int | None = Field(examples=[14])
    version: Version
    created_at: Instant
