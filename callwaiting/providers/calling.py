"""Calls that we make, in plain types."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OutgoingCall:
    """A call that we make. `says` is what somebody who picks up hears, before it ends; the other fields are those of
    an `OutgoingMessage`."""

    caller: str
    called: str
    says: str
    status_callback: str


@dataclass(frozen=True, slots=True)
class PlacedCall:
    provider_id: str
    status: str
