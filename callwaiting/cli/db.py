"""`callwaiting db`: the schema of a database, the URLs of its roles, and in a checkout the next migration."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import click

from callwaiting.core.ids import new_token
from callwaiting.core.roles import DatabaseRole
from callwaiting.core.settings import load, require_role_secret
from callwaiting.core.tenancy import SystemScope
from migrations import prepare

ADMINISTRATOR = click.option(
    "--database-url", envvar="DATABASE_URL", required=True, show_envvar=True, help="The administrator's URL."
)


def _strong(_: click.Context, __: click.Parameter, given: str) -> str:
    require_role_secret(given)
    return given


ROLE_SECRET = click.option(
    "--role-secret",
    envvar="DATABASE_ROLE_SECRET",
    required=True,
    show_envvar=True,
    callback=_strong,
    help="The roles' passwords are derived from it.",
)


@click.group()
def command() -> None:
    """Bring a database to the present schema; print the URLs of its roles; write a migration."""


@command.command()
@ADMINISTRATOR
@ROLE_SECRET
def upgrade(database_url: str, role_secret: str) -> None:
    """Create or repair the roles, run the migrations, make the platform's first data key. Safe to repeat.

    The other settings come from the environment, as for any process of the system.
    """
    try:
        prepare.prepare(database_url, role_secret)
    except prepare.DatabaseRefused as error:
        raise click.ClickException(str(error)) from error
    environment = dict(os.environ)
    for role, url in prepare.role_urls(database_url, role_secret).items():
        environment[f"DATABASE_URL_{role.upper()}"] = url
    make_platform_key(environment)
    click.echo("The database is at the present schema.")


@command.command()
@ADMINISTRATOR
@ROLE_SECRET
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of NAME=value lines.")
def urls(database_url: str, role_secret: str, as_json: bool) -> None:
    """Print the URL of each role. Give each process only its own: web WEB and WEBHOOK, workers the others."""
    try:
        found = prepare.role_urls(database_url, role_secret)
    except prepare.DatabaseRefused as error:
        raise click.ClickException(str(error)) from error
    named = {f"DATABASE_URL_{role.upper()}": url for role, url in found.items()}
    click.echo(json.dumps(named) if as_json else "\n".join(f"{name}={url}" for name, url in named.items()))


@command.command()
@click.argument("what_for")
def new_migration(what_for: str) -> None:
    """Write the next migration of this checkout: what the models have and the schema lacks.

    WHAT_FOR is its sentence, as in "A booking has a note." Nothing needs to run: the schema is made anew in a Postgres
    of its own. Checks, grants and policies are not compared; add them by hand (migrations/rls.py).
    """
    from callwaiting.embedded.postgres import EmbeddedPostgres  # for development alone

    with tempfile.TemporaryDirectory() as directory:
        postgres = EmbeddedPostgres(Path(directory), durable=False, superuser_password=new_token(256))
        postgres.start()
        try:
            role_secret = new_token(256)
            prepare.prepare(postgres.url(), role_secret)
            prepare.write_next(prepare.role_url(postgres.url(), role_secret, prepare.MIGRATOR), what_for)
        finally:
            postgres.stop()


def make_platform_key(environment: dict[str, str]) -> None:
    """The platform's first data key and the first keys of access tokens, made by the worker's role."""
    from callwaiting.factory import build_runtime  # the other commands do without what it loads
    from callwaiting.features.accounts import signing_keys
    from callwaiting.features.keys import service as keys

    runtime = build_runtime(load(environment, roles=(DatabaseRole.WORKER,)), tenant_role=DatabaseRole.WORKER)
    try:
        with runtime.database.unit_of_work(SystemScope("first platform key")) as session:
            keys.ensure_platform_key(session)
            signing_keys.ensure_keys(session)
    finally:
        runtime.close()
