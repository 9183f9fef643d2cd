"""`callwaiting merchants`: businesses, for the operators of the platform."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from uuid import UUID

import click

from callwaiting.cli.output import as_json, show, tell
from callwaiting.cli.runtime import merchant_session, worker_runtime
from callwaiting.features.accounts import opening
from callwaiting.features.accounts import service as accounts
from callwaiting.features.merchants import service as merchants
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.accounts import PaymentProvider
from callwaiting.providers.ports import Mode


@click.group()
def command() -> None:
    """Businesses: list, create, connect to a payment provider."""


@command.command(name="list")
@as_json
def list_(json_lines: bool) -> None:
    """All businesses, the newest first."""
    with closing(worker_runtime()) as runtime:
        found = merchants.list_merchants(runtime.database)
    if json_lines:
        show([asdict(one) for one in found])
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
    with closing(worker_runtime()) as runtime:
        owner_id = accounts.find_user(runtime.database, owner) if owner else None
        wanted = opening.Business(name=name.strip(), timezone=timezone, currency=currency, region=region)
        merchant_id = opening.open_for(runtime.database, owner_id, wanted)
    tell(json_lines, f"{wanted.name} is open: {merchant_id}", id=merchant_id, name=wanted.name, owner=owner)


@command.command()
@click.option("--merchant", type=click.UUID, required=True, help="The business.")
@click.option("--provider", type=click.Choice(["stripe", "paypal"]), required=True)
@click.option("--mode", type=click.Choice(["live", "test"]), required=True)
@click.option("--account", default="", help="Its Stripe Connect account, acct_…; else the platform's own.")
@as_json
def connect(merchant: UUID, provider: PaymentProvider, mode: Mode, account: str, json_lines: bool) -> None:
    """Let a business be paid: what its callers pay goes to this account from now on.

    A business has one account at each provider, and an account belongs to one business: so does the platform's own.
    """
    with closing(worker_runtime()) as runtime, merchant_session(runtime, merchant) as session:
        account_id = payments.add_account(session, provider, mode, account)
    facts = {"id": account_id, "merchant_id": merchant, "provider": provider, "mode": mode, "account": account}
    into = account or "the platform's own account"
    tell(json_lines, f"{merchant} is paid through {provider} into {into}.", **facts)
