"""A merchant's endpoints for webhooks that we send: where, of what, signed with which secret."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.errors import FieldError
from callwaiting.core.ids import new_id
from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import merchant_of
from callwaiting.core.versions import require_version
from callwaiting.features.audit import service as audit
from callwaiting.features.keys import service as keys
from callwaiting.features.outgoing.errors import EndpointNotFound, TooManyEndpoints, UrlRefused
from callwaiting.features.outgoing.models import OutgoingEndpoint
from callwaiting.providers.outside import AddressRefused, Sender
from callwaiting.providers.standard_webhooks import new_secret

MAX_ENDPOINTS = 10
Switch = Literal["active", "paused"]


@dataclass(frozen=True, slots=True)
class LiveSecret:
    """`until` is None for the newest one."""

    value: str
    until: datetime | None


def add(session: Session, *, url: str, events: Sequence[str]) -> tuple[UUID, str]:
    """Make an endpoint; its id and its secret. Raises UrlRefused, TooManyEndpoints."""
    _check(session, url)
    if (session.scalar(select(func.count()).select_from(OutgoingEndpoint)) or 0) >= MAX_ENDPOINTS:
        raise TooManyEndpoints(f"There are {MAX_ENDPOINTS} endpoints already.")
    endpoint_id, secret = new_id(), new_secret()
    session.add(
        OutgoingEndpoint(
            merchant_id=merchant_of(session),
            id=endpoint_id,
            url=url,
            events=sorted(set(events)),
            secrets_sealed=_seal(session, endpoint_id, [LiveSecret(secret, None)]),
        )
    )
    session.flush()
    audit.record(session, "outgoing_endpoint.added", subject=f"outgoing_endpoint:{endpoint_id}")
    return endpoint_id, secret


def newest(session: Session, *, before: UUID | None, limit: int) -> Sequence[OutgoingEndpoint]:
    query = select(OutgoingEndpoint).order_by(OutgoingEndpoint.id.desc()).limit(limit)
    return session.scalars(query if before is None else query.where(OutgoingEndpoint.id < before)).all()


def one(session: Session, endpoint_id: UUID) -> OutgoingEndpoint:
    """Raises EndpointNotFound."""
    row = session.get(OutgoingEndpoint, (merchant_of(session), endpoint_id))
    if row is None:
        raise EndpointNotFound(str(endpoint_id))
    return row


def change(
    session: Session, endpoint_id: UUID, version: int, *, url: str, events: Sequence[str], state: Switch
) -> OutgoingEndpoint:
    """Change an endpoint as a whole. One that was disabled starts afresh. Raises EndpointNotFound, PreconditionFailed,
    UrlRefused."""
    row = locked(session, endpoint_id)
    require_version(row.version, version)
    _check(session, url)
    row.url, row.events, row.version = url, sorted(set(events)), version + 1
    if row.state != state:
        row.state, row.failing_since = state, None
    session.flush()
    audit.record(session, "outgoing_endpoint.changed", subject=f"outgoing_endpoint:{endpoint_id}")
    return row


def rotate(session: Session, endpoint_id: UUID, *, overlap: timedelta) -> str:
    """A new secret, which signs from now on; the present one signs too until `overlap` has passed, any older one no
    more. Raises EndpointNotFound."""
    row, secret = locked(session, endpoint_id), new_secret()
    (*_, present) = _open(session, row)
    row.secrets_sealed = _seal(
        session, endpoint_id, [LiveSecret(present.value, clock.now() + overlap), LiveSecret(secret, None)]
    )
    session.flush()
    audit.record(session, "outgoing_endpoint.rotated", subject=f"outgoing_endpoint:{endpoint_id}")
    return secret


def remove(session: Session, endpoint_id: UUID, version: int) -> None:
    """Remove an endpoint with its log. Raises EndpointNotFound, PreconditionFailed."""
    row = locked(session, endpoint_id)
    require_version(row.version, version)
    session.delete(row)
    session.flush()
    audit.record(session, "outgoing_endpoint.removed", subject=f"outgoing_endpoint:{endpoint_id}")


def signing_secrets(session: Session, row: OutgoingEndpoint) -> tuple[str, ...]:
    """Those that sign now, the newest first. Raises Undecipherable."""
    now = clock.now()
    return tuple(each.value for each in reversed(_open(session, row)) if each.until is None or each.until > now)


def locked(session: Session, endpoint_id: UUID) -> OutgoingEndpoint:
    """Raises EndpointNotFound."""
    row = session.scalar(
        select(OutgoingEndpoint)
        .where(OutgoingEndpoint.id == endpoint_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None:
        raise EndpointNotFound(str(endpoint_id))
    return row


def _check(session: Session, url: str) -> None:
    settings: Settings = session.info["settings"]
    try:
        Sender(local=settings.outgoing_webhooks_local).require_url(url)
    except AddressRefused as error:
        raise UrlRefused(FieldError("url", str(error))) from error


def _open(session: Session, row: OutgoingEndpoint) -> list[LiveSecret]:
    entries = orjson.loads(keys.unseal(session, _place(row.id), row.secrets_sealed))
    return [
        LiveSecret(entry["value"], datetime.fromisoformat(entry["until"]) if entry["until"] else None)
        for entry in entries
    ]


def _seal(session: Session, endpoint_id: UUID, secrets: Sequence[LiveSecret]) -> bytes:
    entries = [{"value": secret.value, "until": secret.until} for secret in secrets]
    return keys.seal(session, _place(endpoint_id), orjson.dumps(entries))


def _place(endpoint_id: UUID) -> Place:
    return Place("outgoing_endpoints", "secrets", endpoint_id)
