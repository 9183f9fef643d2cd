"""`callwaiting forwarding`: what to dial, and the test call that proves it."""

from __future__ import annotations

import sys
import time
from contextlib import closing
from uuid import UUID

import click
from sqlalchemy.orm import Session

from callwaiting.cli.runtime import merchant_session, worker_runtime
from callwaiting.features.forwarding import service
from callwaiting.features.forwarding.schemas import ForwardingTestFace, face
from callwaiting.features.forwarding.transitions import RUNNING
from callwaiting.features.phone_numbers import forwarding
from callwaiting.features.phone_numbers import service as phone_numbers

PATIENCE_S = 180.0  # longer than a line rings and its end is asked for
merchant_option = click.option("--merchant", type=click.UUID, required=True, help="The merchant whose line it is.")
number_option = click.option("--number", help="Which of its numbers here, in E.164; needed when it has several.")


@click.group()
def command() -> None:
    """Forwarding a merchant's line to its number here: codes, test."""


@command.command()
@merchant_option
@number_option
@click.option("--carrier", default=forwarding.ANY, show_default=True, help="Its key; `list` shows all.")
@click.option("--seconds", type=click.IntRange(5, 30), default=20, show_default=True, help="How long it rings first.")
def codes(merchant: UUID, number: str | None, carrier: str, seconds: int) -> None:
    """What to dial on the merchant's own line, for one carrier."""
    if carrier == "list":
        for known in forwarding.carriers().values():
            click.echo(f"{known.key:16} {known.label}")
        return
    with closing(worker_runtime()) as runtime, merchant_session(runtime, merchant) as session:
        found = forwarding.codes(carrier, _number(session, number).number, seconds)
    for code in found:
        click.echo(f"{code.condition:12} {code.activate}   (off: {code.deactivate})")
    for note in forwarding.carriers()[carrier].notes:
        click.echo(note)


@command.command()
@merchant_option
@number_option
@click.option("--json", "json_lines", is_flag=True, help="Print a line of JSON at each change.")
@click.option("--wait", type=click.FloatRange(1, 600), default=PATIENCE_S, show_default=True, help="Seconds.")
def test(merchant: UUID, number: str | None, json_lines: bool, wait: float) -> None:
    """Ring the merchant's own line once; nobody should pick up. The call has to come back to us.

    Exit status 0 when it did; 1 when it did not, when it came to another number, or when nothing is known in time.
    """
    with closing(worker_runtime()) as runtime:
        with merchant_session(runtime, merchant) as session:
            number_id = _number(session, number).id
            found = face(service.start(session, number_id))
        _tell(found, json_lines)
        until = time.monotonic() + wait
        while found.state in RUNNING and time.monotonic() < until:
            time.sleep(0.3)  # a worker makes the call: there is nothing to wait at
            with merchant_session(runtime, merchant) as session:
                now = face(service.one(session, number_id, found.id))
            if now.state != found.state:
                _tell(now, json_lines)
            found = now
    if found.state in RUNNING:
        click.echo(f"Nothing is known after {wait:g} s. Does a worker run?", err=True)
    sys.exit(0 if found.state == "works" else 1)


def _tell(found: ForwardingTestFace, json_lines: bool) -> None:
    click.echo(found.model_dump_json() if json_lines else f"{found.state:15} {found.says}")


def _number(session: Session, wanted: str | None) -> phone_numbers.OwnNumber:
    known = phone_numbers.oldest(session, after=None, limit=100)
    fitting = [own for own in known if wanted in {None, own.number}]
    if not fitting:
        raise click.ClickException("The merchant has no such number here." if wanted else "The merchant has no number.")
    if len(fitting) > 1:
        raise click.UsageError(f"--number is needed: one of {', '.join(own.number for own in known)}")
    return fitting[0]
