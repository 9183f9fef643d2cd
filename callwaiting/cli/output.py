"""How a command of operators prints: a sentence for people, or JSON for programs."""

from __future__ import annotations

import click
import orjson

as_json = click.option("--json", "json_lines", is_flag=True, help="Print JSON.")


def tell(json_lines: bool, sentence: str, **facts: object) -> None:
    """What was done."""
    click.echo(orjson.dumps(facts).decode() if json_lines else sentence)


def show(value: object) -> None:
    """What was found, as JSON that a person can read."""
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
