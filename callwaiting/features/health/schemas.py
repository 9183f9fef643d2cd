"""The system's health as an operator sees it."""

from __future__ import annotations

from pydantic import Field

from callwaiting.core.http.schemas import Instant, Schema


class DatabaseHealth(Schema):
    """What a new connection and the simplest query take now, in milliseconds."""

    connection_ms: float = Field(examples=[4.2])
    query_ms: float = Field(examples=[0.3])


class ProviderFace(Schema):
    """`reachable` is null when nobody has asked in the last five minutes."""

    name: str = Field(examples=["stripe"])
    configured: bool
    reachable: bool | None
    ms: float | None = Field(examples=[212.5], description="How long it took to answer.")
    reason: str | None = Field(examples=["providers.unavailable"], description="Why it cannot be reached.")
    checked_at: Instant | None


class SystemHealth(Schema):
    """`status` is that of `/health/ready`."""

    status: str = Field(examples=["ready"], description="`ready`, `degraded` or `unavailable`.")
    valkey: bool
    oldest_due_event_seconds: float | None
    database: DatabaseHealth
    providers: list[ProviderFace]
