"""`callwaiting audit show` and `callwaiting audit verify`, as the audit role: it alone reads outbox and log whole."""

from __future__ import annotations

import json
import re
import sys
import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

import click
from sqlalchemy.orm import Session

from callwaiting.cli.runtime import operator_settings
from callwaiting.core import clock
from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.tenancy import SystemScope
from callwaiting.factory import build_runtime
from callwaiting.features.audit import repository
from callwaiting.features.audit import verify as proof

FOLLOW_SECONDS = 1.0
FOLLOW_ENTRIES = 1000  # more than are written in a second
UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class Since(click.ParamType[datetime]):
    """An ISO time (UTC unless it says otherwise), or how long ago: `90m`, `24h`, `7d`."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if ago := re.fullmatch(r"(\d{1,6})([smhd])", value):
            return clock.now() - timedelta(**{UNITS[ago[2]]: int(ago[1])})
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is neither an ISO time nor a span such as 24h", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@click.group()
def command() -> None:
    """The audit trail: what was done, by whom, and the proof that nobody changed it."""


@command.command()
@click.option("--merchant", type=click.UUID, help="Prove one merchant's part only.")
@click.option("--anchor", metavar="SEQ:HASH", help="A link noted earlier, which must still be there.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def verify(merchant: UUID | None, anchor: str | None, as_json: bool) -> None:
    """Recompute the hash chain and name the first link that does not hold.

    Keep the head that it prints somewhere else than in the database: given back as --anchor, it shows that the end
    of the log is not missing and that the log was not made anew. Exit status 1 when the chain is broken.
    """
    try:
        known = proof.parse_anchor(anchor) if anchor else None
    except proof.AnchorMalformed as error:
        raise click.BadParameter(str(error), param_hint="--anchor") from error
    with _database().unit_of_work(SystemScope("audit verify", actor="operator"), DatabaseRole.AUDIT) as session:
        _require_known(session, merchant)
        verdict = proof.verify(session, merchant_id=merchant, anchor=known)
    head = f"{verdict.head.seq}:{verdict.head.hash.hex()}" if verdict.head else None
    fault = verdict.fault
    if as_json:
        answer = {
            "ok": fault is None,
            "links": verdict.links,
            "head": head,
            "first_bad_seq": fault.seq if fault else None,
            "cause": fault.cause if fault else None,
        }
        click.echo(json.dumps(answer))
    elif fault:
        click.echo(f"BROKEN at {fault}")
        click.echo(f"{verdict.links} links before it hold")
    else:
        click.echo(f"OK: {verdict.links} links hold" + (f"; head {head}" if head else ""))
    sys.exit(1 if fault else 0)


@command.command()
@click.option("--merchant", type=click.UUID, help="One merchant's entries.")
@click.option(
    "--action", help="One action, such as order.paid; a slice with a dot at its end (order.) for all its own."
)
@click.option("--subject", help="One subject, such as order:<id>.")
@click.option("--since", type=Since(), help="An ISO time, or a span such as 90m, 24h, 7d.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="The newest so many.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--follow", is_flag=True, help="Go on with what comes, until interrupted.")
def show(
    merchant: UUID | None,
    action: str | None,
    subject: str | None,
    since: datetime | None,
    limit: int,
    as_json: bool,
    follow: bool,
) -> None:
    """Show entries, oldest first. Those that are not chained yet are marked."""
    wanted = repository.Filter(merchant, action, subject, since)
    database = _database()
    shown: set[str] = set()
    at_once = max(limit, FOLLOW_ENTRIES) if follow else limit
    with database.unit_of_work(SystemScope("audit show", actor="operator"), DatabaseRole.AUDIT) as session:
        _require_known(session, merchant)
    while True:
        with database.unit_of_work(SystemScope("audit show", actor="operator"), DatabaseRole.AUDIT) as session:
            found = repository.entries(session, wanted, limit=at_once)
        for entry in [entry for entry in found if entry.body["id"] not in shown][-limit:]:
            click.echo(_as_json(entry) if as_json else _as_line(entry))
        if not follow:
            return
        shown, limit = {entry.body["id"] for entry in found}, at_once
        time.sleep(FOLLOW_SECONDS)


def _database() -> Database:
    return build_runtime(operator_settings(DatabaseRole.AUDIT), tenant_role=DatabaseRole.AUDIT).database


def _require_known(session: Session, merchant_id: UUID | None) -> None:
    """The audit role reads the trail alone, in which each merchant has been since it was opened."""
    if merchant_id and not repository.entries(session, repository.Filter(merchant_id), limit=1):
        raise click.ClickException(f"The audit trail knows no merchant {merchant_id}.")


def _as_json(entry: repository.Entry) -> str:
    place = {"seq": entry.seq, "hash": entry.hash.hex() if entry.hash else None, "chained": entry.seq is not None}
    return json.dumps({**place, **entry.body}, ensure_ascii=False)


def _as_line(entry: repository.Entry) -> str:
    body = entry.body
    seq = f"{entry.seq:>8}" if entry.seq is not None else " waiting"
    details = " ".join(f"{key}={value}" for key, value in body["details"].items())
    facts = (body["at"], body["action"], body["subject"], body["outcome"], body["actor"], body["reason"], details)
    return "  ".join([seq, *(str(fact) for fact in facts if fact)])
