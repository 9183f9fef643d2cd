"""`callwaiting consents`: what is known about one person's consent to texts."""

from __future__ import annotations

from contextlib import closing
from typing import TextIO
from uuid import UUID

import click

from callwaiting.cli.runtime import merchant_session, worker_runtime
from callwaiting.core.phone import normalize
from callwaiting.features.callers import service as callers
from callwaiting.features.messages import evidence
from callwaiting.features.messages.schemas import EvidenceFace


@click.group()
def command() -> None:
    """The consent ledger: who may be texted, and the proof of it."""


@command.command(name="evidence")
@click.option("--phone", required=True, metavar="+12125550123", help="The person's number, with its country.")
@click.option("--merchant", type=click.UUID, required=True, help="The merchant whose ledger is read.")
@click.option("--output", type=click.File("w", encoding="utf-8"), default="-", help="A file instead of the terminal.")
def evidence_(phone: str, merchant: UUID, output: TextIO) -> None:
    """Write all that shows whether a person agreed to texts from this merchant, as JSON that can be printed.

    It holds what was declared, with moment, origin and words, every text, and the links of the audit chain about them.
    The file names a person: keep it accordingly. Exit status 1 when the merchant knows no such number.
    """
    with closing(worker_runtime()) as runtime, merchant_session(runtime, merchant) as session:
        known = callers.with_number(session, normalize(phone))
        if known is None:
            raise click.ClickException("This merchant knows no such number.")
        found = EvidenceFace.of(evidence.evidence_about(session, known.id))
    click.echo(found.model_dump_json(indent=2), file=output)
