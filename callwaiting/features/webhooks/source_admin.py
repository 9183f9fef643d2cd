"""Registering webhook sources, rotating their secrets, pausing them. Each change is audited and announced."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import get_args
from uuid import UUID

import redis
import structlog
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import CallwaitingError, ErrorCode
from callwaiting.core.ids import new_id, new_token
from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import MerchantScope, Scope, SystemScope, scope_of
from callwaiting.features.audit import service as audit
from callwaiting.features.webhooks.models import WebhookSource
from callwaiting.features.webhooks.source_cache import CHANNEL
from callwaiting.features.webhooks.source_secrets import open_secrets, seal_secrets
from callwaiting.features.webhooks.sources import PREFIX, Secret, UnknownSource
from callwaiting.providers.paypal_signature import require_webhook_id
from callwaiting.providers.ports import Mode, ProviderName, VerificationFailed

MIN_SECRET_CHARS = 16
# A slip here would refuse every request, each with a signature that holds.
_ACCOUNT_SID = re.compile(r"AC[0-9a-fA-F]{32}", re.ASCII)
_STRIPE_ACCOUNT = re.compile(r"|\*|acct_\w{1,64}", re.ASCII)
OVERLAP = timedelta(hours=24)  # as long as Stripe keeps a rolled secret signing at most
log = structlog.get_logger()


class SourceInvalid(CallwaitingError):
    """What was given cannot be registered; `detail` says why."""

    code = ErrorCode.VALIDATION_FAILED
    reason = "webhooks.source_invalid"


@dataclass(frozen=True, slots=True)
class RegisteredSource:
    """A source as an operator sees it. `public_url` is what to register at the provider."""

    id: UUID
    public_id: str
    merchant_id: UUID | None
    provider: str
    mode: str
    account: str
    webhook_id: str
    public_url: str
    paused_at: datetime | None
    created_at: datetime


def create_source(
    session: Session,
    *,
    provider: ProviderName,
    mode: Mode,
    account: str = "",
    webhook_id: str = "",
    secret: str = "",
) -> RegisteredSource:
    """Register an endpoint for the session's merchant, or for the platform in a system scope.

    Providers give a secret or webhook id only for a URL they know, so both may come later, by `rotate_secret` and
    `set_webhook_id`; until then the endpoint answers 404. Raises SourceInvalid.
    """
    if provider not in get_args(ProviderName) or mode not in get_args(Mode):
        raise SourceInvalid("the provider is stripe, twilio or paypal, the mode live or test")
    if provider == "twilio" and not _ACCOUNT_SID.fullmatch(account):
        raise SourceInvalid("a Twilio source needs its AccountSid as account: AC and 32 hexadecimal digits")
    if provider == "stripe" and not _STRIPE_ACCOUNT.fullmatch(account):
        raise SourceInvalid("a Stripe source's account is acct_…, * for a Connect endpoint, or left away")
    if provider == "paypal" and (account or secret):
        raise SourceInvalid("a PayPal source has a webhook id, and neither account nor secret")
    if provider != "paypal" and webhook_id:
        raise SourceInvalid("only a PayPal source has a webhook id")
    scope = scope_of(session)
    settings: Settings = session.info["settings"]
    source_id, public_id = new_id(), new_token()
    row = WebhookSource(
        id=source_id,
        public_id=public_id,
        merchant_id=scope.merchant_id if isinstance(scope, MerchantScope) else None,
        provider=provider,
        mode=mode,
        account=account,
        webhook_id=_checked_webhook_id(webhook_id) if webhook_id else "",
        secrets_sealed=seal_secrets(session, source_id, [_checked(secret)]) if secret else None,
        public_url=f"{settings.public_base_url}{PREFIX}/{provider}/{public_id}",
    )
    session.add(row)
    session.flush()
    session.refresh(row, ["created_at"])
    audit.record(session, "webhook_source.created", subject=f"webhook_source:{source_id}", details={"mode": mode})
    return _shown(row)


def list_sources(session: Session) -> list[RegisteredSource]:
    """What the session may see, oldest first; all sources with the service role. Never their secrets."""
    columns = [getattr(WebhookSource, name) for name in RegisteredSource.__slots__]
    rows = session.execute(select(*columns).order_by(WebhookSource.created_at, WebhookSource.id))
    return [RegisteredSource(**row) for row in rows.mappings()]


def rotate_secret(session: Session, public_id: str, secret: str, *, overlap: timedelta = OVERLAP) -> None:
    """Add the secret that the provider signs with from now on; the present one stays good for `overlap`.

    Older ones go at once: at most two are alive. Raises UnknownSource or SourceInvalid.
    """
    row = _own(session, public_id)
    if row.provider == "paypal":
        raise SourceInvalid("a PayPal source has no secret")
    fresh, until = _checked(secret), clock.now() + overlap
    present = open_secrets(session, row.id, row.secrets_sealed)[-1:]
    kept = [Secret(old.value, until) for old in present if overlap > timedelta(0) and old.value != fresh.value]
    row.secrets_sealed = seal_secrets(session, row.id, [*kept, fresh])
    _changed(session, row, "webhook_source.secret_rotated")


def set_webhook_id(session: Session, public_id: str, webhook_id: str) -> None:
    """Set the id that PayPal gave to this URL. Raises UnknownSource or SourceInvalid (the placeholder included)."""
    row = _own(session, public_id)
    if row.provider != "paypal":
        raise SourceInvalid("only a PayPal source has a webhook id")
    row.webhook_id = _checked_webhook_id(webhook_id)
    _changed(session, row, "webhook_source.webhook_id_set")


def pause_source(session: Session, public_id: str) -> None:
    """Answer 404 from now on, everywhere within 30 s at the latest. Raises UnknownSource."""
    row = _own(session, public_id)
    row.paused_at = row.paused_at or clock.now()
    _changed(session, row, "webhook_source.paused")


def resume_source(session: Session, public_id: str) -> None:
    """Take requests again. Raises UnknownSource."""
    row = _own(session, public_id)
    row.paused_at = None
    _changed(session, row, "webhook_source.resumed")


def scope_of_source(session: Session, public_id: str) -> Scope:
    """The scope to change this source in: its merchant's, or the platform's. Raises UnknownSource."""
    row = session.execute(
        text("select merchant_id from auth.webhook_source(:sought)"), {"sought": public_id}
    ).one_or_none()
    if row is None:
        raise UnknownSource
    actor = scope_of(session).actor
    if row.merchant_id is None:
        return SystemScope("webhook source administration", actor=actor)
    return MerchantScope(row.merchant_id, actor=actor)


def _own(session: Session, public_id: str) -> WebhookSource:
    row = session.scalars(
        select(WebhookSource).where(WebhookSource.public_id == public_id).with_for_update()
    ).one_or_none()
    if row is None:
        raise UnknownSource
    return row


def _changed(session: Session, row: WebhookSource, action: str) -> None:
    session.flush()
    audit.record(session, action, subject=f"webhook_source:{row.id}")
    settings: Settings = session.info["settings"]
    redis_url, public_id = settings.redis_url.get_secret_value(), row.public_id
    event.listen(session, "after_commit", lambda _: _announce(redis_url, public_id), once=True)


def _announce(redis_url: str, public_id: str) -> None:
    """Tell every process. When Redis is away nobody hears it, and old entries end by themselves."""
    client = redis.Redis.from_url(redis_url, socket_connect_timeout=0.5, socket_timeout=0.5)
    try:
        client.publish(CHANNEL, public_id)
    except redis.RedisError as error:
        log.warning("webhooks.change_not_announced", error=type(error).__name__)
    finally:
        client.close()


def _checked(secret: str) -> Secret:
    if len(secret) < MIN_SECRET_CHARS or not secret.isascii() or not secret.isprintable() or " " in secret:
        raise SourceInvalid(f"a secret has at least {MIN_SECRET_CHARS} printable characters and no blank")
    return Secret(secret)


def _checked_webhook_id(webhook_id: str) -> str:
    try:
        return require_webhook_id(webhook_id)
    except VerificationFailed as error:
        raise SourceInvalid(error.detail) from error


def _shown(row: WebhookSource) -> RegisteredSource:
    return RegisteredSource(**{name: getattr(row, name) for name in RegisteredSource.__slots__})
