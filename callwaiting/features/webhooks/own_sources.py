"""The webhook sources that a merchant's team looks after itself: those of its own payment accounts.

Whoever knows a source's secret can sign events. A team may therefore register only accounts that the platform has
given to its merchant, and Twilio's secrets stay with the platform: a call that never was would have texts sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Text, column, func, select, table
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import Conflict, FieldError, ValidationFailed
from callwaiting.features.webhooks import source_admin
from callwaiting.features.webhooks.models import WebhookSource
from callwaiting.features.webhooks.source_admin import SourceInvalid
from callwaiting.features.webhooks.source_secrets import open_secrets
from callwaiting.features.webhooks.sources import UnknownSource
from callwaiting.providers.ports import Mode, ProviderName

MOST = 20
# Payments stand above webhooks and are not imported.
_ACCOUNTS = table(
    "payment_accounts", column("provider", Text()), column("mode", Text()), column("account", Text()), schema="app"
)


class SourceRefused(Conflict):
    """What a team may not do with its sources; `message` says why."""

    reason = "webhooks.source_refused"


@dataclass(frozen=True, slots=True)
class OwnSource:
    """A source without its secrets. `ready`: it has what its signatures are judged by."""

    id: UUID
    public_id: str
    provider: str
    mode: str
    account: str
    webhook_id: str
    public_url: str
    ready: bool
    old_secret_until: datetime | None
    paused_at: datetime | None
    created_at: datetime


def create(
    session: Session, *, provider: ProviderName, mode: Mode, account: str, secret: str | None, webhook_id: str | None
) -> OwnSource:
    """Register an endpoint for one of the merchant's payment accounts. Raises ValidationFailed, SourceRefused."""
    given = select(_ACCOUNTS.c.provider).where(
        _ACCOUNTS.c.provider == provider, _ACCOUNTS.c.mode == mode, _ACCOUNTS.c.account == account
    )
    if session.execute(given).first() is None:
        raise ValidationFailed(FieldError("account", "This is not a payment account of yours."))
    if (session.scalar(select(func.count()).select_from(WebhookSource)) or 0) >= MOST:
        raise SourceRefused(message=f"There are {MOST} sources already.")
    try:
        made = source_admin.create_source(
            session, provider=provider, mode=mode, account=account, secret=secret or "", webhook_id=webhook_id or ""
        )
    except SourceInvalid as error:
        raise ValidationFailed(FieldError("webhook_id" if webhook_id else "secret", _sentence(error))) from error
    return one(session, made.public_id)


def rotate(
    session: Session, public_id: str, *, secret: str | None, webhook_id: str | None, overlap: timedelta
) -> OwnSource:
    """Add the secret (or set the webhook id) that the provider signs with from now on.

    Raises UnknownSource, SourceRefused, ValidationFailed.
    """
    if one(session, public_id).provider == "twilio":
        raise SourceRefused(message="Twilio's secrets are looked after by the platform.")
    try:
        if secret is not None:
            source_admin.rotate_secret(session, public_id, secret, overlap=overlap)
        else:
            source_admin.set_webhook_id(session, public_id, webhook_id or "")
    except SourceInvalid as error:
        raise ValidationFailed(FieldError("secret" if secret else "webhook_id", _sentence(error))) from error
    return one(session, public_id)


def page(session: Session, *, before: UUID | None, limit: int) -> Sequence[OwnSource]:
    """The merchant's sources by their ids, which rise with time, newest first; those older than `before`."""
    query = select(WebhookSource).order_by(WebhookSource.id.desc()).limit(limit)
    rows = session.scalars(query if before is None else query.where(WebhookSource.id < before))
    return [_own(session, row) for row in rows]


def one(session: Session, public_id: str) -> OwnSource:
    """Raises UnknownSource."""
    row = session.scalar(select(WebhookSource).where(WebhookSource.public_id == public_id))
    if row is None:
        raise UnknownSource
    return _own(session, row)


def _own(session: Session, row: WebhookSource) -> OwnSource:
    secrets = open_secrets(session, row.id, row.secrets_sealed)
    until = secrets[0].expires_at if len(secrets) > 1 else None
    return OwnSource(
        id=row.id,
        public_id=row.public_id,
        provider=row.provider,
        mode=row.mode,
        account=row.account,
        webhook_id=row.webhook_id,
        public_url=row.public_url,
        ready=bool(row.webhook_id if row.provider == "paypal" else secrets),
        old_secret_until=until if until and until > clock.now() else None,
        paused_at=row.paused_at,
        created_at=row.created_at,
    )


def _sentence(error: SourceInvalid) -> str:
    return error.detail[:1].upper() + error.detail[1:] + "."
