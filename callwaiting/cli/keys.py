"""`callwaiting keys`: the keys that sign access tokens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict
from uuid import UUID

import click
from sqlalchemy.orm import Session

from callwaiting.cli.output import as_json, show, tell
from callwaiting.cli.runtime import worker_runtime
from callwaiting.core.tenancy import SystemScope
from callwaiting.features.accounts import signing_keys


@click.group()
def command() -> None:
    """The keys that sign access tokens: next, active, retired, revoked."""


@command.command(name="list")
@as_json
def list_(json_lines: bool) -> None:
    """All keys, never their secrets."""
    with _session("list") as session:
        found = signing_keys.list_keys(session)
    if json_lines:
        show([asdict(key) for key in found])
        return
    click.echo(f"{'KID':<38}{'STATE':<9}{'CREATED':<21}SINCE")
    for key in found:
        since = key.revoked_at or key.retired_at or key.activated_at or key.created_at
        click.echo(f"{key.kid!s:<38}{key.state:<9}{key.created_at:%Y-%m-%d %H:%M:%S}  {since:%Y-%m-%d %H:%M:%S}")


@command.command()
@as_json
def rotate(json_lines: bool) -> None:
    """The next key signs from now on; the active one verifies until its last token has expired."""
    with _session("rotate") as session:
        kid = signing_keys.rotate(session)
    tell(json_lines, f"{kid} signs from now on.", kid=kid, state="active")


@command.command()
@click.argument("kid", type=click.UUID)
@as_json
def revoke(kid: UUID, json_lines: bool) -> None:
    """End every access token that this key has signed, on their next request. People stay signed in: their next
    refresh gives them a token by another key."""
    with _session("revoke") as session:
        signing_keys.revoke(session, kid)
    tell(json_lines, f"{kid} is revoked.", kid=kid, state="revoked")


@contextmanager
def _session(what: str) -> Iterator[Session]:
    scope = SystemScope(f"signing keys: {what}", actor="operator")
    with closing(worker_runtime()) as runtime, runtime.database.unit_of_work(scope) as session:
        yield session
