"""`callwaiting ledger`: each merchant's money by account, and whether payments and refunds agree with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from uuid import UUID

import click
from sqlalchemy.orm import Session

from callwaiting.cli.runtime import merchant_session, require_merchant, worker_runtime
from callwaiting.core.money import Money
from callwaiting.features.merchants import service as merchants
from callwaiting.features.payments import ledger

merchant_option = click.option("--merchant", type=click.UUID, help="One merchant only.")
as_json = click.option("--json", "json_lines", is_flag=True, help="One JSON object a line.")


@click.group()
def command() -> None:
    """The ledger of merchants' money: show, verify."""


@command.command()
@merchant_option
@as_json
def show(merchant: UUID | None, json_lines: bool) -> None:
    """Balances by merchant, currency and account: debits, credits, and what is left of them."""
    with _merchants(merchant) as ledgers:
        for merchant_id, session in ledgers:
            for row in ledger.balances(session):
                if json_lines:
                    click.echo(json.dumps({"merchant": str(merchant_id), **row._asdict()}))
                    continue
                debit, credit, left = (
                    Money(minor, row.currency) for minor in (row.debit, row.credit, row.debit - row.credit)
                )
                click.echo(f"{merchant_id}  {row.account:<16} debit {debit}  credit {credit}  balance {left}")


@command.command()
@merchant_option
@as_json
def verify(merchant: UUID | None, json_lines: bool) -> None:
    """Compare every payment and refund with its entries. Exit status 1 when one differs."""
    found = 0
    with _merchants(merchant) as ledgers:
        for merchant_id, session in ledgers:
            for row in ledger.differences(session):
                found += 1
                facts = {"merchant": str(merchant_id), **row._asdict(), "subject_id": str(row.subject_id)}
                line = "  ".join(f"{name}={value}" for name, value in facts.items())
                click.echo(json.dumps(facts) if json_lines else f"DIFFERS  {line}")
    if not found and not json_lines:
        click.echo("OK: payments and refunds agree with the ledger")
    sys.exit(1 if found else 0)


@contextmanager
def _merchants(only: UUID | None) -> Iterator[Iterator[tuple[UUID, Session]]]:
    """A transaction for each merchant, in which its own rows are seen."""
    runtime = worker_runtime()
    with closing(runtime):
        require_merchant(runtime, only)
        ids = [only] if only else sorted(merchant.id for merchant in merchants.list_merchants(runtime.database))

        def sessions() -> Iterator[tuple[UUID, Session]]:
            for merchant_id in ids:
                with merchant_session(runtime, merchant_id) as session:
                    yield merchant_id, session

        yield sessions()
