"""`callwaiting merchants`: businesses, for the operators of the platform."""

from __future__ import annotations

from dataclasses import asdict

import click
import orjson

from callwaiting.cli.runtime import worker_runtime
from callwaiting.features.accounts import opening
from callwaiting.features.accounts import service as accounts
from callwaiting.features.merchants import service as merchants

as_json = click.option("--json", "json_lines", is_flag=True, help="Print JSON.")


@click.group()
def command() -> None:
    """Businesses: list, create."""


@command.command(name="list")
@as_json
def list_(json_lines: bool) -> None:
    """All businesses, the newest first."""
    runtime = worker_runtime()
    try:
        found = merchants.list_merchants(runtime.database)
    finally:
        runtime.close()
    if json_lines:
        click.echo(orjson.dumps([asdict(one) for one in found], option=orjson.OPT_INDENT_2).decode())
        return
    for one in found:
        click.echo(f"{one.id!s:<38}{one.status:<11}{one.currency:<5}{one.timezone:<22}{one.name}")
    if not found:
        click.echo("None yet: make one with `callwaiting merchants create`.")


@command.command()
@click.option("--name", required=True, help="As callers hear it.")
@click.option("--timezone", required=True, help="As in America/New_York.")
@click.option("--currency", required=True, help="Three letters, as in USD. It cannot be changed later.")
@click.option("--region", default="US", show_default=True, help="The country whose national numbers are understood.")
@click.option("--owner", help="The address of somebody who has an account, and owns it from now on.")
@as_json
def create(name: str, timezone: str, currency: str, region: str, owner: str | None, json_lines: bool) -> None:
    """Open a business. Without --owner, `callwaiting users create --merchant ID` makes one."""
    if not 1 <= len(name.strip()) <= 60:
        raise click.UsageError("--name has 1 to 60 characters")
    runtime = worker_runtime()
    try:
        owner_id = accounts.find_user(runtime.database, owner) if owner else None
        wanted = opening.Business(name=name.strip(), timezone=timezone, currency=currency, region=region)
        merchant_id = opening.open_for(runtime.database, owner_id, wanted)
    finally:
        runtime.close()
    facts = {"id": merchant_id, "name": wanted.name, "owner": owner}
    click.echo(orjson.dumps(facts).decode() if json_lines else f"{wanted.name} is open: {merchant_id}")
