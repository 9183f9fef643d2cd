"""`callwaiting webhooks verify`: the signature doctor."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click
import orjson

from callwaiting.providers.doctor import judge_json


@click.group()
def command() -> None:
    """The signature doctor."""


@command.command()
@click.argument("file", type=click.File("rb"), default="-")
def verify(file: BinaryIO) -> None:
    """Judge recorded webhook requests with the code of the route, at the time that each line gives.

    FILE (default: standard input) holds one JSON object a line: id, provider, method, url, headers, body_base64, now,
    and secrets, auth_token, or webhook_id with certificates. For each, one line of JSON tells the verdict: accepted
    or the error's code, the dedupe key, the signed text without secrets, and what did not match.

    Exit status 0 when every line could be judged, 1 when one could not be read.
    """
    unreadable = False
    for line in file:
        if not line.strip():
            continue
        verdict = judge_json(line)
        unreadable |= verdict["verdict"] == "BAD_REQUEST"
        click.echo(orjson.dumps(verdict))
    sys.exit(1 if unreadable else 0)
