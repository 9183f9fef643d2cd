"""`python -m security`: all checks, or those named. Exit status 1 when one found something, 2 for wrong use."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import click

from callwaiting.embedded.process import StartFailed
from security import api, front, injection, matrices, report, static, transport
from security.checks import AT_THE_API, AT_THE_FRONT, NAMES
from security.report import Outcome, ToolMissing
from security.stage import Stage
from security.tools import ROOT

REPORT = ROOT / "build" / "security.json"


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option("--quick", is_flag=True, help="schemathesis as continuous integration has time for it.")
@click.option("--json", "path", type=click.Path(path_type=Path, dir_okay=False), default=REPORT, show_default=True)
def main(names: tuple[str, ...], quick: bool, path: Path) -> None:
    """Attack a system of our own, on this machine only."""
    wanted = names or NAMES
    outcomes: dict[str, tuple[Outcome, float]] = {}

    def judge(name: str, check: Callable[[], Outcome]) -> None:
        if name not in wanted:
            return
        click.echo(f"{name} …", err=True)
        begun = time.monotonic()
        try:
            outcome = check()
        except ToolMissing as error:
            outcome = Outcome("skipped", str(error))
        outcomes[name] = (outcome, time.monotonic() - begun)

    judge("bandit", static.check_code)
    judge("detect-secrets", static.check_secrets)
    judge("matrices", matrices.check)
    if set(wanted) & {*AT_THE_API, *AT_THE_FRONT}:
        with Stage() as stage:
            judge("schemathesis", lambda: api.check(stage, quick=quick))
            judge("sqlmap", lambda: injection.check(stage))
            if set(wanted) & set(AT_THE_FRONT):
                _at_the_front(stage, judge)
    report.write(path, outcomes)
    click.echo(report.table(outcomes))
    raise SystemExit(any(outcome.verdict == "findings" for outcome, _ in outcomes.values()))


def _at_the_front(stage: Stage, judge: Callable[[str, Callable[[], Outcome]], None]) -> None:
    try:
        authority = front.open_front(stage)
    except (ToolMissing, StartFailed) as error:
        missing = Outcome("skipped" if isinstance(error, ToolMissing) else "findings", f"nginx: {error}")
        for name in AT_THE_FRONT:
            judge(name, lambda: missing)
        return
    judge("sslscan", lambda: transport.check_tls(stage, authority))
    judge("slowhttptest", lambda: transport.check_slow(stage, authority))


main()
