"""Forwarding as the API shows it."""

from __future__ import annotations

from pydantic import Field

from callwaiting.core.http.schemas import PhoneNumber, Schema


class CarrierFace(Schema):
    """`countries` is empty for what holds on every mobile network."""

    key: str = Field(examples=["verizon_us"])
    label: str = Field(examples=["Verizon Wireless"])
    countries: list[str] = Field(examples=[["US"]])


class CarriersFace(Schema):
    items: list[CarrierFace]


class ForwardingQuery(Schema):
    carrier: str = Field(default="gsm", pattern=r"^[a-z0-9_]{2,40}$", description="The `key` of a carrier.")
    seconds: int = Field(default=20, ge=5, le=30, multiple_of=5, description="How long it rings, where one can choose.")


class CodeFace(Schema):
    """What is dialled on the business's own line for one condition: `no_answer`, `busy` or `unreachable`."""

    condition: str = Field(examples=["no_answer"])
    activate: str = Field(examples=["**61*+12125550123*11*20#"])
    deactivate: str = Field(examples=["##61#"])
    query: str | None = Field(examples=["*#61#"])


class ForwardingFace(Schema):
    carrier: CarrierFace
    number: PhoneNumber
    seconds: int | None = Field(examples=[20], description="Null where the carrier decides how long it rings.")
    codes: list[CodeFace]
    notes: list[str] = Field(examples=[["Wait for the confirmation tone before you hang up."]])
