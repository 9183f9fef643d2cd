"""The `callwaiting` command. Each subcommand lives in the module of its name and is imported when it is used."""

from __future__ import annotations

import gc
import importlib
import sys
from typing import Any

import click

from callwaiting.core.errors import CallwaitingError
from callwaiting.core.settings import SettingsInvalid

COMMANDS = {
    "up": "Start everything on this machine and keep it running.",
    "demo": "Play a missed call that becomes a paid order, against the running system.",
    "call": "Play a phone call in the terminal: what is spoken, texted and stored.",
    "check": "Judge the configuration of a process, without starting it.",
    "db": "Bring a database to the present schema; print the URLs of its roles; write a migration.",
    "sources": "Webhook sources: create, list, rotate secrets, pause.",
    "alerts": "What a person should see to: list, acknowledge, resolve.",
    "events": "Stored events: list, show, replay.",
    "webhooks": "The signature doctor.",
    "catalogue": "A merchant's catalogue: export, import.",
    "forwarding": "A merchant's line: what to dial so that it is forwarded, and the test that proves it.",
    "consents": "What is known about one person's consent to texts.",
    "audit": "The audit trail: show, verify.",
    "ledger": "The ledger of merchants' money: show, verify.",
    "reconcile": "Compare the providers' lists with ours, now.",
    "keys": "Keys of access tokens: list, rotate, revoke.",
    "understand": "What callers' sentences mean: JSON lines in, JSON lines out.",
    "merchants": "Businesses: list, create, connect to a payment provider.",
    "users": "Persons: list, create, disable, forget a lost authenticator.",
    "secret": "Print a new random secret.",
}


class LazyGroup(click.Group):
    """Imports a subcommand only when it is asked for: `callwaiting --help` stays instant.

    What the system refuses, or cannot do now, is one line and exit status 1 for every command.
    """

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except CallwaitingError as error:
            fields = "; ".join(f"{wrong.field}: {wrong.message}" for wrong in error.fields)
            raise click.ClickException(fields or error.detail or error.face.message) from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        gc.disable()  # what is loaded stays; looking through it again and again takes a seventh of the start
        command = importlib.import_module(f"callwaiting.cli.{cmd_name}").command
        gc.freeze()
        gc.enable()
        assert isinstance(command, click.Command)  # noqa: S101 - each module exports one
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="callwaiting")
def group() -> None:
    """Callwaiting: a missed call becomes a booking or a paid order.

    Exit status: 0 well, 1 failed or found a problem, 2 wrong usage, 78 wrong configuration.
    """


def main() -> None:
    """Entry point of the installed command."""
    try:
        group(prog_name="callwaiting")
    except SettingsInvalid as error:
        for line in error.lines:
            click.echo(f"configuration: {line}", err=True)
        sys.exit(78)
