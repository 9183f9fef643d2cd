"""`callwaiting understand`: what sentences mean, a JSON line in and a JSON line out. Needs no server."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click

from callwaiting.core.clock import now
from callwaiting.understanding.wire import answer


@click.command()
@click.argument("file", type=click.File("rb"), default="-")
def command(file: BinaryIO) -> None:
    """Read requests `{"text", "now", "timezone", "asked", "vocabulary"}`, one a line, from FILE or standard input;
    write what each means. Any field may be missing. A line that cannot be read gets a line with `error`."""
    for line in file:
        if line.strip():
            sys.stdout.buffer.write(answer(line, now()) + b"\n")
            sys.stdout.buffer.flush()
