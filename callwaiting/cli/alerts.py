"""`callwaiting alerts`: what a person should see to, of the platform and of all its merchants."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import get_args
from uuid import UUID

import click

from callwaiting.cli.output import as_json, show, tell
from callwaiting.cli.runtime import require_merchant, worker_runtime
from callwaiting.features.alerts import for_operators as alerts
from callwaiting.features.alerts.service import State

alert_id = click.argument("alert_id", type=click.UUID)


@click.group()
def command() -> None:
    """What a person should see to: list, acknowledge, resolve."""


@command.command(name="list")
@click.option(
    "--state", type=click.Choice(get_args(State)), help="Only those in this state; else all that are not over."
)
@click.option("--merchant", type=click.UUID, help="One merchant's only.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@as_json
def list_(state: State | None, merchant: UUID | None, limit: int, json_lines: bool) -> None:
    """Alerts, the newest first. docs/runbooks/AlertRaised.md says what each rule means and what to do."""
    with closing(worker_runtime()) as runtime:
        require_merchant(runtime, merchant)
        found = alerts.newest(runtime.database, state=state, merchant_id=merchant, limit=limit)
    if json_lines:
        show([asdict(alert) for alert in found])
        return
    for alert in found:
        owner = str(alert.merchant_id or "platform")
        click.echo(
            f"{alert.id}  {alert.last_seen_at:%Y-%m-%d %H:%M}  {alert.severity:<9}{alert.state:<13}x{alert.count}"
        )
        click.echo(f"    {alert.rule}, {owner}: {alert.summary}")
    if not found:
        click.echo("There are no such alerts.", err=True)


@command.command()
@alert_id
@as_json
def acknowledge(alert_id: UUID, json_lines: bool) -> None:
    """Say that somebody sees to it; it goes on counting."""
    with closing(worker_runtime()) as runtime:
        alerts.acknowledge(runtime.database, alert_id)
    tell(json_lines, f"{alert_id} is acknowledged.", id=alert_id, state="acknowledged")


@command.command()
@alert_id
@as_json
def resolve(alert_id: UUID, json_lines: bool) -> None:
    """Say that it is over. Should it come again, it is a new one."""
    with closing(worker_runtime()) as runtime:
        alerts.resolve(runtime.database, alert_id)
    tell(json_lines, f"{alert_id} is resolved.", id=alert_id, state="resolved")
