"""`callwaiting sources`: the endpoints that providers send their notices to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import TextIO
from uuid import UUID

import click
from sqlalchemy.orm import Session

from callwaiting.cli.output import as_json, show, tell
from callwaiting.cli.runtime import require_merchant, worker_runtime
from callwaiting.core.db import DatabaseRole
from callwaiting.core.ids import new_token
from callwaiting.core.tenancy import MerchantScope, Scope, SystemScope
from callwaiting.features.webhooks import source_admin
from callwaiting.features.webhooks.source_admin import RegisteredSource
from callwaiting.features.webhooks.sources import UnknownSource
from callwaiting.providers.ports import Mode, ProviderName

ACTOR = "operator"
ADMINISTRATION = SystemScope("webhook source administration", actor=ACTOR)
public_id = click.argument("public_id")
secret_file = click.option(
    "--secret-file",
    type=click.File(encoding="utf-8"),
    help="Read the provider's secret from a file; - is standard input.",
)
generated = click.option("--generate-secret", is_flag=True, help="Make a secret, for a stand-in; shown once.")
webhook_id = click.option("--webhook-id", default="", help="The id that PayPal gave to the webhook.")


@click.group()
def command() -> None:
    """Webhook sources: one endpoint per provider account and mode."""


@command.command()
@click.option("--provider", type=click.Choice(["stripe", "twilio", "paypal"]), required=True)
@click.option("--mode", type=click.Choice(["live", "test"]), required=True)
@click.option("--merchant", type=click.UUID, help="The merchant that the whole source belongs to; else the platform.")
@click.option("--account", default="", help="Stripe Connect account, * for a Connect endpoint, or Twilio AccountSid.")
@webhook_id
@secret_file
@generated
@as_json
def create(
    provider: ProviderName,
    mode: Mode,
    merchant: UUID | None,
    account: str,
    webhook_id: str,
    secret_file: TextIO | None,
    generate_secret: bool,
    json_lines: bool,
) -> None:
    """Make an endpoint and print the URL to register at the provider."""
    secret = _secret(secret_file, generate_secret)
    scope: Scope = MerchantScope(merchant, actor=ACTOR) if merchant else ADMINISTRATION
    with closing(worker_runtime()) as runtime:
        require_merchant(runtime, merchant)
        with runtime.database.unit_of_work(scope) as session:
            source = source_admin.create_source(
                session, provider=provider, mode=mode, account=account, webhook_id=webhook_id, secret=secret
            )
    shown = secret if generate_secret else ""
    if json_lines:
        show({**asdict(source), **({"secret": shown} if shown else {})})
        return
    click.echo(f"Register this URL at {provider}: {source.public_url}")
    click.echo(f"Public id: {source.public_id}")
    if shown:
        click.echo(f"Secret, shown this once: {shown}")
    if not secret and not webhook_id:
        missing = "--webhook-id ID" if provider == "paypal" else "--secret-file -"
        click.echo(f"It answers 404 until you have run `callwaiting sources rotate {source.public_id} {missing}`.")


@command.command(name="list")
@as_json
def list_(json_lines: bool) -> None:
    """All sources, never their secrets."""
    service = DatabaseRole.SERVICE
    with closing(worker_runtime()) as runtime, runtime.database.unit_of_work(ADMINISTRATION, service) as session:
        sources = source_admin.list_sources(session)
    if json_lines:
        show([asdict(source) for source in sources])
        return
    click.echo(_table(sources) if sources else "No sources yet: make one with `callwaiting sources create`.")


@command.command()
@public_id
@secret_file
@generated
@webhook_id
@click.option(
    "--overlap-hours",
    type=click.IntRange(0, 168),
    default=24,
    show_default=True,
    help="How long the present secret stays good.",
)
@as_json
def rotate(
    public_id: str,
    secret_file: TextIO | None,
    generate_secret: bool,
    webhook_id: str,
    overlap_hours: int,
    json_lines: bool,
) -> None:
    """Add the secret (or set the webhook id) that the provider signs with from now on."""
    secret = _secret(secret_file, generate_secret)
    if bool(secret) == bool(webhook_id):
        raise click.UsageError("give either a secret or a webhook id")
    with _of_source(public_id) as session:
        if secret:
            source_admin.rotate_secret(session, public_id, secret, overlap=timedelta(hours=overlap_hours))
        else:
            source_admin.set_webhook_id(session, public_id, webhook_id)
    shown = secret if generate_secret else ""
    if json_lines:
        show({"public_id": public_id, **({"secret": shown} if shown else {})})
        return
    click.echo(f"Secret, shown this once: {shown}" if shown else "Done.")


@command.command()
@public_id
@as_json
def pause(public_id: str, json_lines: bool) -> None:
    """Answer 404 from now on; every process knows within 30 seconds."""
    with _of_source(public_id) as session:
        source_admin.pause_source(session, public_id)
    _state(public_id, "paused", json_lines)


@command.command()
@public_id
@as_json
def resume(public_id: str, json_lines: bool) -> None:
    """Take requests again."""
    with _of_source(public_id) as session:
        source_admin.resume_source(session, public_id)
    _state(public_id, "active", json_lines)


@contextmanager
def _of_source(public_id: str) -> Iterator[Session]:
    """A session in the scope of whom the source belongs to."""
    with closing(worker_runtime()) as runtime:
        try:
            with runtime.database.unit_of_work(ADMINISTRATION) as session:
                scope = source_admin.scope_of_source(session, public_id)
        except UnknownSource as error:
            told = f"There is no source {public_id}: `callwaiting sources list` shows all."
            raise click.ClickException(told) from error
        with runtime.database.unit_of_work(scope) as session:
            yield session


def _secret(file: TextIO | None, generate: bool) -> str:
    if file is not None and generate:
        raise click.UsageError("give --secret-file or --generate-secret, not both")
    return new_token(256) if generate else file.read().strip() if file is not None else ""


def _state(public_id: str, state: str, json_lines: bool) -> None:
    tell(json_lines, f"{public_id} is {state}.", public_id=public_id, state=state)


def _table(sources: Sequence[RegisteredSource]) -> str:
    lines = [f"{'PUBLIC ID':<24}{'PROVIDER':<10}{'MODE':<6}{'STATE':<8}{'OWNER':<38}ACCOUNT"]
    for source in sources:
        state = "paused" if source.paused_at else "active"
        owner = str(source.merchant_id or "platform")
        account = source.account or source.webhook_id
        lines.append(f"{source.public_id:<24}{source.provider:<10}{source.mode:<6}{state:<8}{owner:<38}{account}")
    return "\n".join(lines)
