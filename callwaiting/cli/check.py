"""`callwaiting check`."""

from __future__ import annotations

import json

import click

from callwaiting.core.roles import WEB_ROLES, WORKER_ROLES
from callwaiting.core.settings import SettingsInvalid, load, load_broker

NEEDS = {"web": WEB_ROLES, "worker": WORKER_ROLES}


@click.command()
@click.argument("process", type=click.Choice([*NEEDS, "beat"]))
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output.")
def command(process: str, as_json: bool) -> None:
    """Judge the environment as PROCESS would at its start, without starting it. Exit status 78 when it would not.

    A web server that restarts its children would try for ever with what none of them accepts: check first.
    """
    try:
        if process == "beat":
            load_broker()
        else:
            load(roles=NEEDS[process])
    except SettingsInvalid as error:
        if not as_json:
            raise
        click.echo(json.dumps({"process": process, "wrong": error.lines}))
        raise click.exceptions.Exit(78) from None
    click.echo(json.dumps({"process": process, "wrong": []}) if as_json else f"The configuration of {process} is good.")
