"""`callwaiting events`: the stored events, looked at and handled once more."""

from __future__ import annotations

import base64
import getpass
import importlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import click

from callwaiting.cli.audit import Since
from callwaiting.cli.runtime import require_merchant, worker_runtime
from callwaiting.core.db import DatabaseRole
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.audit import service as audit
from callwaiting.features.webhooks import replay as replays
from callwaiting.features.webhooks import repository
from callwaiting.features.webhooks.repository import EventFacts, EventFilter
from callwaiting.features.webhooks.service import Handler

STATUSES = ("received", "running", "retry", "done", "ignored", "dead")
PROVIDERS = ("stripe", "twilio", "paypal")
MANY = 10_000


@click.group()
def command() -> None:
    """Webhook events as they were stored: verified once, kept, and handled by the workers."""


@command.command("list")
@click.option("--status", type=click.Choice(STATUSES))
@click.option("--provider", type=click.Choice(PROVIDERS))
@click.option("--type", "event_type", help="The provider's event type, in full.")
@click.option("--object", "object_key", help="What the events are about, by the provider's id.")
@click.option("--since", type=Since(), help="An ISO time, or a span such as 24h.")
@click.option("--merchant", type=click.UUID)
@click.option("--limit", type=click.IntRange(1, MANY), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_events(
    status: str | None,
    provider: str | None,
    event_type: str | None,
    object_key: str | None,
    since: datetime | None,
    merchant: UUID | None,
    limit: int,
    as_json: bool,
) -> None:
    """List events, the newest first."""
    wanted = EventFilter(status, provider, event_type, since, merchant, object_key)
    runtime = worker_runtime()
    require_merchant(runtime, merchant)
    found = _find(runtime, wanted, limit)
    for facts in found:
        click.echo(json.dumps(asdict(facts), default=str) if as_json else _line(facts))
    if not found:
        click.echo("There are no such events.", err=True)


@command.command()
@click.argument("event_id", type=click.UUID)
@click.option("--body", is_flag=True, help="Show the body too. The audit trail keeps that you did.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(event_id: UUID, body: bool, as_json: bool) -> None:
    """Show one event and how each attempt at it ended."""
    runtime = worker_runtime()
    with runtime.database.unit_of_work(_system("events show"), DatabaseRole.SERVICE) as session:
        facts = repository.event_facts(session, event_id)
        attempts = repository.attempts_of(session, event_id)
    raw = _read_body(runtime, facts) if body else None
    if as_json:
        shown = asdict(facts) | {"attempt_log": [asdict(attempt) for attempt in attempts]}
        if raw is not None:
            shown["body_base64"] = base64.b64encode(raw).decode()
        click.echo(json.dumps(shown, default=str))
        return
    for name, value in asdict(facts).items():
        if value not in (None, ""):
            click.echo(f"{name:<18} {value}")
    for attempt in attempts:
        told = f"{attempt.started_at:%Y-%m-%d %H:%M:%S}  {attempt.outcome}  {attempt.error or ''}"
        click.echo(f"attempt {attempt.n:<10} {told.rstrip()}")
    if raw is not None:
        click.echo(raw.decode("utf-8", "replace"))


@command.command()
@click.argument("event_ids", type=click.UUID, nargs=-1)
@click.option("--all-dead", is_flag=True, help="Every dead event that the other options let through.")
@click.option("--provider", type=click.Choice(PROVIDERS), help="With --all-dead.")
@click.option("--type", "event_type", help="With --all-dead.")
@click.option("--since", type=Since(), help="With --all-dead.")
@click.option("--merchant", type=click.UUID, help="With --all-dead.")
@click.option("--reason", help="Why, for the audit trail. Required unless --dry-run.")
@click.option("--dry-run", is_flag=True, help="Run the handler, roll it back, and tell which rows it would change.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def replay(
    event_ids: tuple[UUID, ...],
    all_dead: bool,
    provider: str | None,
    event_type: str | None,
    since: datetime | None,
    merchant: UUID | None,
    reason: str | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Handle finished events once more: done, ignored or dead ones become due again.

    Exit status 1 when one of them could not be replayed, or would fail in a dry run.
    """
    if bool(event_ids) == all_dead:
        raise click.UsageError("name the events, or give --all-dead")
    if not all_dead and any((provider, event_type, since, merchant)):
        raise click.UsageError("--provider, --type, --since and --merchant choose among dead events: give --all-dead")
    if not (reason or dry_run):
        raise click.UsageError("--reason is required")
    runtime = worker_runtime()
    if all_dead:
        require_merchant(runtime, merchant)
        wanted = EventFilter("dead", provider, event_type, since, merchant)
        event_ids = tuple(facts.id for facts in _find(runtime, wanted, MANY))
        if not event_ids:
            click.echo("There are no such events.", err=True)
    failed = False
    for event_id in event_ids:
        try:
            answer = _rehearse(runtime, event_id) if dry_run else _replay(runtime, event_id, reason or "")
        except CallwaitingError as error:
            answer = {"outcome": "failed", "error": str(error)}
        failed |= answer["outcome"] == "failed"
        told = {"event": str(event_id), **answer}
        click.echo(json.dumps(told) if as_json else "  ".join(f"{value}" for value in told.values() if value))
    sys.exit(1 if failed else 0)


def _replay(runtime: Runtime, event_id: UUID, reason: str) -> dict[str, object]:
    facts = _facts(runtime, event_id)
    if facts.merchant_id is None:
        with runtime.database.unit_of_work(_system("events replay"), DatabaseRole.SERVICE) as session:
            replays.replay_unrouted(session, event_id, reason=reason)
    else:
        with runtime.database.unit_of_work(_scope(facts.merchant_id)) as session:
            replays.replay(session, event_id, reason=reason)
    return {"outcome": "received"}


def _rehearse(runtime: Runtime, event_id: UUID) -> dict[str, object]:
    facts = _facts(runtime, event_id)
    if facts.merchant_id is None:
        raise CallwaitingError("the event belongs to no merchant, so nothing would handle it")
    # The handlers belong to the workers, which stand above this command: taken by name, as Celery takes them.
    handlers: Mapping[tuple[str, str], Handler] = importlib.import_module("tasks.webhook_handlers").HANDLERS
    found = replays.dry_run(runtime.database, _scope(facts.merchant_id), runtime.providers, handlers, facts)
    changes = [f"{change.table} +{change.inserted} ~{change.updated} -{change.deleted}" for change in found.changes]
    return {"outcome": found.outcome, "changes": changes, "error": found.error}


def _read_body(runtime: Runtime, facts: EventFacts) -> bytes:
    if facts.merchant_id is None:
        raise CallwaitingError("the event belongs to no merchant, so nobody may read its body")
    with runtime.database.unit_of_work(_scope(facts.merchant_id)) as session:
        raw = replays.open_event(session, facts).raw
        audit.record(session, "webhook.body_read", subject=f"webhook_event:{facts.id}")
    return raw


def _find(runtime: Runtime, wanted: EventFilter, limit: int) -> list[EventFacts]:
    with runtime.database.unit_of_work(_system("events list"), DatabaseRole.SERVICE) as session:
        return list(repository.list_events(session, wanted, limit=limit))


def _facts(runtime: Runtime, event_id: UUID) -> EventFacts:
    with runtime.database.unit_of_work(_system("events replay"), DatabaseRole.SERVICE) as session:
        return repository.event_facts(session, event_id)


def _system(reason: str) -> SystemScope:
    return SystemScope(reason, actor=_actor())


def _scope(merchant_id: UUID) -> MerchantScope:
    return MerchantScope(merchant_id, actor=_actor())


def _actor() -> str:
    return f"operator:{getpass.getuser()}"


def _line(facts: EventFacts) -> str:
    error = f"  {facts.error}" if facts.error and facts.status in {"retry", "dead"} else ""
    return (
        f"{facts.id}  {facts.received_at:%Y-%m-%d %H:%M:%S}  {facts.status:<8} {facts.provider:<6} "
        f"{facts.event_type}  x{facts.deliveries}  attempts {facts.attempts}{error}"
    )
