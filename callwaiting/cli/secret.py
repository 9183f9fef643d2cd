"""`callwaiting secret`."""

from __future__ import annotations

import base64
import secrets

import click


@click.command()
@click.option("--key", is_flag=True, help="A 32-byte key in base64, as KEY_ENCRYPTION_KEYS wants it.")
def command(key: bool) -> None:
    """Print a new random secret."""
    click.echo(base64.b64encode(secrets.token_bytes(32)).decode() if key else secrets.token_urlsafe(48))
