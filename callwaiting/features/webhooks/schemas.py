"""Webhook sources and stored events as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Instant, Line, NamedInstant, Schema
from callwaiting.providers.ports import Mode, ProviderName

Status = Literal["received", "running", "retry", "done", "ignored", "dead"]
Identifier = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[!-~]+$")]
Secret = Annotated[
    str,
    StringConstraints(min_length=16, max_length=255, pattern=r"^[!-~]+$"),
    Field(
        description="What the provider signs with. It is never shown again.",
        examples=["whsec_example0123456789abcdef"],
        json_schema_extra={"writeOnly": True},
    ),
]


class SourceBody(Schema):
    """An endpoint for one of the business's own payment accounts. The provider gives a secret (or a webhook id) only
    for an address that it knows, so both may come later; until then the endpoint answers 404."""

    provider: Literal["stripe", "paypal"]
    mode: Mode
    account: str = Field(
        default="", max_length=255, pattern=r"^[!-~]*$", description="The Stripe account that is connected.",
        examples=["acct_1Q0example"],
    )  # fmt: skip
    secret: Secret | None = None
    webhook_id: Identifier | None = Field(default=None, description="PayPal's id of the webhook.", examples=[None])

    @model_validator(mode="after")
    def _fits_its_provider(self) -> Self:
        if self.provider == "paypal" and (self.secret is not None or self.account):
            raise ValueError("A PayPal source has a webhook id, and neither account nor secret.")
        if self.provider == "stripe" and self.webhook_id is not None:
            raise ValueError("Only a PayPal source has a webhook id.")
        return self


class Rotation(Schema):
    """The secret, or PayPal's webhook id, that the provider signs with from now on. The present secret stays good for
    `overlap_hours`."""

    secret: Secret | None = None
    webhook_id: Identifier | None = Field(default=None, examples=[None])
    overlap_hours: int = Field(default=24, ge=0, le=168)

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.secret is None) == (self.webhook_id is None):
            raise ValueError("Send either a secret or a webhook id.")
        return self


class SourceFace(Schema):
    """`public_url` is what to register at the provider. `ready`: it has what its signatures are judged by.
    `old_secret_until`: so long the secret before the present one stays good."""

    public_id: str = Field(examples=["kQf3mD8q0eXw1nZb5uYc7A"])
    provider: ProviderName
    mode: Mode
    account: str = Field(examples=["acct_1Q0example"])
    webhook_id: str = Field(examples=[""], description="Of PayPal; empty for others.")
    public_url: str = Field(examples=["https://calls.example.com/webhooks/stripe/kQf3mD8q0eXw1nZb5uYc7A"])
    ready: bool
    old_secret_until: Instant | None
    paused_at: Instant | None
    created_at: Instant


class EventQuery(PageQuery):
    status: Status | None = Field(default=None, description="`dead` are those that were given up.")
    provider: ProviderName | None = Field(default=None, description="Only those of this provider.")
    type: Identifier | None = Field(default=None, description="The provider's event type, in full.")
    object: Identifier | None = Field(default=None, description="What the event is about, by the provider's id.")
    since: NamedInstant | None = Field(default=None, description="Received at this moment or later.")
    until: NamedInstant | None = Field(default=None, description="Received before this moment.")


class EventFace(Schema):
    """A verified event as it was stored. `deliveries` counts how often the provider has sent it; `attempts` those since
    it was received or last replayed. `error` says in our words why the last attempt failed."""

    id: UUID
    provider: ProviderName
    mode: Mode
    account: str = Field(examples=["acct_1Q0example"])
    type: str = Field(validation_alias="event_type", examples=["checkout.session.completed"])
    object: str = Field(validation_alias="object_key", examples=["cs_test_a1example"])
    provider_event_id: str = Field(examples=["evt_1Q0example"])
    status: Status
    attempts: int
    deliveries: int
    origin: str = Field(examples=["webhook"], description="`webhook`, or `reconcile` when it was fetched.")
    error_class: str | None = Field(examples=["transient"])
    error: str | None = Field(examples=["OperationalError at drain.py:61"])
    occurred_at: Instant | None
    received_at: Instant
    next_at: Instant = Field(description="When it is due, while it waits.")
    done_at: Instant | None
    emptied_at: Instant | None = Field(description="When its body was emptied, as old ones are.")


class AttemptFace(Schema):
    """`outcome` is `done`, `ignored`, `retry`, `dead`, or `lost` with its worker."""

    n: int
    started_at: Instant
    ended_at: Instant | None
    outcome: str = Field(examples=["retry"])
    error: str | None = Field(examples=["OperationalError at drain.py:61"])


class EventDetail(EventFace):
    """`attempt_log` holds the last hundred attempts, oldest first."""

    attempt_log: list[AttemptFace]


class BodyFace(Schema):
    """The body as it was signed; bytes that are no UTF-8 are replaced."""

    body: str = Field(examples=['{"id":"evt_1Q0example"}'])
    sha256: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])


class ReplayBody(Schema):
    reason: Line = Field(description="Why, for the audit trail. No personal data.", examples=["The number was added."])


class ChangeFace(Schema):
    """How many rows of one table would be inserted, updated and deleted."""

    table: str = Field(examples=["app.orders"])
    inserted: int
    updated: int
    deleted: int


class RehearsalFace(Schema):
    """`outcome` is `done`, `ignored`, or `failed` with an `error`."""

    outcome: str = Field(examples=["done"])
    changes: list[ChangeFace]
    error: str = Field(examples=[""])
