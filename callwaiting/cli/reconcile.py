"""`callwaiting reconcile`: the comparisons with the providers' lists and books, run now."""

from __future__ import annotations

import importlib
import json
import sys
from contextlib import closing
from dataclasses import asdict
from datetime import datetime

import click

from callwaiting.cli.audit import Since
from callwaiting.cli.runtime import worker_runtime
from callwaiting.core import clock

PROVIDERS = ("stripe", "paypal", "twilio")


@click.command()
@click.option("--provider", type=click.Choice(PROVIDERS), help="One provider only.")
@click.option("--since", type=Since(), help="An ISO time, or a span such as 24h; by default, where the last run ended.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def command(provider: str | None, since: datetime | None, as_json: bool) -> None:
    """Compare the providers' lists with ours: events, calls and texts, money.

    What they list and we lack is taken in; money that differs is told. Exit status 1 when anything differed or could
    not be compared. Findings: GET /api/v1/reconciliation.
    """
    tasks = importlib.import_module("tasks.reconcile")  # what the workers do, by name: they stand above the app
    only = (provider,) if provider else PROVIDERS
    trouble = False

    def tell(report: object) -> None:
        nonlocal trouble
        facts = asdict(report)  # type: ignore[call-overload]
        trouble = trouble or bool(facts["differing"] or facts["error"])
        click.echo(json.dumps(facts, default=str) if as_json else _line(facts))

    runtime = worker_runtime()
    with closing(runtime):
        tasks.compare_events(runtime, since=since, only=only, tell=tell)
        if "twilio" in only:
            tasks.compare_calls_and_texts(runtime, since=since, tell=tell)
        begin = since or clock.now() - tasks.MONEY_EVERY
        tasks.compare_all_money(runtime, since=begin, only=only, tell=tell)
    if not trouble and not as_json:
        click.echo("OK: nothing differs")
    sys.exit(1 if trouble else 0)


def _line(facts: dict[str, object]) -> str:
    whose = "".join(f"  {name} {facts[name]}" for name in ("merchant", "source") if facts[name])
    head = f"{facts['provider']:<7} {facts['what']:<16}{whose}"
    if facts["error"]:
        return f"FAILED  {head}  {facts['error']}"
    word = "DIFFERS" if facts["differing"] else "OK     "
    return f"{word} {head}  listed {facts['listed']}  differing {facts['differing']}"
