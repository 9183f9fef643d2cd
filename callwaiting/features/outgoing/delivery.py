"""Making a planned delivery, and making it again: the four steps of the effect `webhook.deliver`.

A failed attempt plans the next one, at the times that the specification proposes, three days in all. An endpoint that
has answered nothing well for five days, or says 410, is switched off with an alert.
"""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.alerts.service import raise_alert
from callwaiting.features.audit import service as audit
from callwaiting.features.outbox import service as outbox
from callwaiting.features.outgoing import endpoints
from callwaiting.features.outgoing.models import OutgoingDelivery, OutgoingEndpoint
from callwaiting.features.outgoing.service import EFFECT
from callwaiting.providers.outside import AddressRefused
from callwaiting.providers.ports import ProviderRejected
from callwaiting.providers.registry import Providers
from callwaiting.providers.standard_webhooks import signed_headers

# Seconds after each failed attempt: the example of the specification, about three days in all.
PAUSES = (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
PATIENCE = timedelta(days=5)
GONE = 410
RULE = "outgoing.endpoint_disabled"


@dataclass(frozen=True, slots=True)
class Parcel:
    """A delivery about to go out."""

    id: UUID
    url: str
    body: bytes
    secrets: tuple[str, ...]


class Answer(NamedTuple):
    """What came of an attempt: the status, or why there is none."""

    status: int | None
    error: str = ""

    @property
    def well(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def load(session: Session, delivery_id: UUID) -> Parcel | None:
    """What to send; None when it is gone, has ended, or its endpoint is off: then it has failed."""
    row = session.get(OutgoingDelivery, (merchant_of(session), delivery_id))
    if row is None or row.state != "waiting":
        return None
    endpoint = endpoints.one(session, row.endpoint_id)
    if endpoint.state != "active":
        row.state, row.last_error, row.next_at = "failed", f"endpoint is {endpoint.state}", None
        return None
    return Parcel(row.id, endpoint.url, row.body.encode(), endpoints.signing_secrets(session, endpoint))


def call(providers: Providers, parcel: Parcel, unclear: bool) -> Answer:
    """Send it once. Receivers know it by its `webhook-id`, so after an unclear end it is simply sent again."""
    headers = signed_headers(str(parcel.id), int(clock.now().timestamp()), parcel.body, parcel.secrets)
    headers = {**headers, "Content-Type": "application/json", "User-Agent": "Callwaiting-Webhooks/1"}
    try:
        return Answer(providers.outside.post(parcel.url, headers, parcel.body))
    except AddressRefused as error:
        return Answer(None, str(error))
    except (OSError, http.client.HTTPException) as error:  # the text of either may quote what the other side sent
        return Answer(None, type(error).__name__)


def record(session: Session, delivery_id: UUID, answer: Answer) -> None:
    """Keep what came of it; plan the next attempt when it did not go well."""
    row = session.get(OutgoingDelivery, (merchant_of(session), delivery_id), with_for_update=True)
    if row is None:
        return  # removed meanwhile, with its endpoint
    endpoint = endpoints.locked(session, row.endpoint_id)
    row.attempts += 1
    row.last_status, row.last_error = answer.status, answer.error or None
    if answer.well:
        row.state, row.delivered_at, row.next_at = "delivered", clock.now(), None
        endpoint.failing_since = None
        return
    _note_failure(session, endpoint, gone=answer.status == GONE)
    pause = PAUSES[row.attempts - 1] if row.attempts <= len(PAUSES) else None
    if pause is None or endpoint.state != "active":
        row.state, row.next_at = "failed", None
        return
    row.next_at = clock.now() + timedelta(seconds=pause)
    outbox.plan(
        session,
        EFFECT,
        effect_key=f"webhook:{row.id}:{row.rounds}:{row.attempts + 1}",
        subject_id=row.id,
        not_before=row.next_at,
    )


def reject(session: Session, delivery_id: UUID, error: ProviderRejected) -> None:
    """`call` never rejects: whatever a receiver says may be otherwise tomorrow."""
    raise AssertionError(f"{delivery_id} was rejected") from error


def _note_failure(session: Session, endpoint: OutgoingEndpoint, *, gone: bool) -> None:
    endpoint.failing_since = endpoint.failing_since or clock.now()
    if endpoint.state != "active" or not (gone or clock.now() - endpoint.failing_since > PATIENCE):
        return
    endpoint.state, endpoint.version = "disabled", endpoint.version + 1
    audit.record(session, "outgoing_endpoint.disabled", subject=f"outgoing_endpoint:{endpoint.id}")
    raise_alert(
        session,
        RULE,
        subject=f"outgoing_endpoint:{endpoint.id}",
        severity="high",
        summary="Your webhook endpoint has not answered for days, or said that it is gone; nothing is sent to it now.",
        details={"endpoint": str(endpoint.id)},
    )
