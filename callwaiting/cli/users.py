"""`callwaiting users`: persons, for the operators of the platform."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from typing import TextIO
from uuid import UUID

import click

from callwaiting.cli.output import as_json, show, tell
from callwaiting.cli.runtime import require_merchant, worker_runtime
from callwaiting.core.http.permissions import TEAM
from callwaiting.features.accounts import service as accounts

email_argument = click.argument("email")


@click.group()
def command() -> None:
    """Persons: list, create, disable, forget a lost authenticator."""


@command.command(name="list")
@as_json
def list_(json_lines: bool) -> None:
    """All persons, the newest first."""
    with closing(worker_runtime()) as runtime:
        found = accounts.list_users(runtime.database)
    if json_lines:
        show([asdict(user) for user in found])
        return
    for user in found:
        kind = "operator" if user.operator else ""
        click.echo(f"{user.id!s:<38}{user.status:<9}{kind:<10}{user.email}")
    if not found:
        click.echo("Nobody yet: make somebody with `callwaiting users create`.")


@command.command()
@click.option("--email", required=True)
@click.option("--name", required=True, help="How mails address the person.")
@click.option("--merchant", type=click.UUID, help="The merchant whose team the person joins.")
@click.option("--role", type=click.Choice(sorted(role.value for role in TEAM)), default="owner", show_default=True)
@click.option("--operator", is_flag=True, help="An operator of the platform, who is in no team.")
@click.option(
    "--password-file",
    type=click.File(encoding="utf-8"),
    help="Read the password from a file; - is standard input. Asked for when absent.",
)
@as_json
def create(
    email: str,
    name: str,
    merchant: UUID | None,
    role: str,
    operator: bool,
    password_file: TextIO | None,
    json_lines: bool,
) -> None:
    """Make a verified person."""
    if operator and merchant:
        raise click.UsageError("an operator is in no team: leave out --merchant or --operator")
    password = password_file.readline().rstrip("\r\n") if password_file else _asked()
    with closing(worker_runtime()) as runtime:
        require_merchant(runtime, merchant)
        user_id = accounts.create_user(
            runtime.database,
            email=email,
            name=name,
            password=password,
            merchant_id=merchant,
            role=role,
            operator=operator,
        )
    tell(json_lines, f"{email} can sign in now.", id=user_id, email=email)


@command.command()
@email_argument
@as_json
def disable(email: str, json_lines: bool) -> None:
    """Close an account; its sessions end on their next request."""
    with closing(worker_runtime()) as runtime:
        user_id = accounts.find_user(runtime.database, email)
        accounts.disable_user(runtime.database, user_id)
    tell(json_lines, f"{email} cannot sign in any more.", id=user_id, status="disabled")


@command.command()
@email_argument
@as_json
def reset_mfa(email: str, json_lines: bool) -> None:
    """Forget a lost authenticator. Make sure first that it is that person who asks."""
    with closing(worker_runtime()) as runtime:
        user_id = accounts.find_user(runtime.database, email)
        accounts.reset_mfa(runtime.database, user_id)
    tell(json_lines, f"{email} enrols a new authenticator at the next sign-in.", id=user_id)


def _asked() -> str:
    answer: str = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    return answer
