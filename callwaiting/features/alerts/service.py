"""Raising alerts, showing them and settling them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import clock, metrics
from callwaiting.core.one_trip import alone
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import MerchantScope, scope_of
from callwaiting.features.alerts.errors import AlertNotFound, AlertResolved
from callwaiting.features.alerts.models import Alert
from callwaiting.features.audit import service as audit

log = structlog.get_logger()
State = Literal["open", "acknowledged", "resolved"]
LAST_ID = UUID(int=2**128 - 1)
_NEWEST = Statement("""
select id::text, rule, severity, summary, details, state, count, first_seen_at, last_seen_at, resolved_at
from app.alerts
where id < %(before)s::uuid
  and (%(state)s::text is null or state = %(state)s::text)
order by alerts.id desc limit %(limit)s::int""")

_RESOLVE = Statement("""
update app.alerts set state = 'resolved', resolved_at = now()
where fingerprint = %(fingerprint)s and state <> 'resolved'
""")


def raise_alert(
    session: Session,
    rule: str,
    *,
    subject: str,
    severity: str,
    summary: str,
    details: Mapping[str, str | int | None] | None = None,
) -> None:
    """Raise an alert, or count it once more when the same rule and subject is open already.

    It belongs to the session's merchant, or to the platform in a system scope. `summary` is one sentence for a
    person and holds no personal data.
    """
    scope = scope_of(session)
    row = insert(Alert).values(
        merchant_id=scope.merchant_id if isinstance(scope, MerchantScope) else None,
        rule=rule,
        fingerprint=f"{rule}:{subject}",
        severity=severity,
        summary=summary,
        details=dict(details or {}),
    )
    session.execute(
        row.on_conflict_do_update(
            index_elements=["merchant_id", "fingerprint"],
            index_where=text("state <> 'resolved'"),
            set_={
                "count": Alert.count + 1,
                "last_seen_at": func.now(),
                "summary": row.excluded.summary,
                "details": row.excluded.details,
            },
        )
    )
    metrics.ALERTS.labels(rule).inc()
    log.warning("alert.raised", rule=rule, subject=subject, severity=severity)


def resolve_alert(session: Session, rule: str, *, subject: str) -> None:
    """Close the alert of this rule and subject, if one is open."""
    _RESOLVE(session, fingerprint=f"{rule}:{subject}")


def waits(session: Session, rule: str, *, subjects: Sequence[str]) -> bool:
    """Whether one of the alerts of this rule about these subjects is not resolved."""
    fingerprints = [f"{rule}:{subject}" for subject in subjects]
    query = select(Alert.id).where(Alert.fingerprint.in_(fingerprints), Alert.state != "resolved")
    return bool(fingerprints) and session.scalar(query.limit(1)) is not None


def newest(session: Session, *, state: State | None, before: UUID | None, limit: int) -> Sequence[Any]:
    """The merchant's alerts by their ids (as text), which rise with time of first sight, newest first."""
    return alone(session, _NEWEST, state=state, before=before or LAST_ID, limit=limit)


def one(session: Session, alert_id: UUID) -> Alert:
    """Raises AlertNotFound."""
    return _found(session.get(Alert, alert_id), alert_id)


def acknowledge(session: Session, alert_id: UUID) -> Alert:
    """Say that somebody sees to it; it stays open for counting. A second time does nothing.

    Raises AlertNotFound, AlertResolved.
    """
    row = _locked(session, alert_id)
    if row.state == "resolved":
        raise AlertResolved(message="This alert is resolved.")
    return _move(session, row, "acknowledged")


def resolve(session: Session, alert_id: UUID) -> Alert:
    """Say that it is over; should it come again, it is a new alert. A second time does nothing.

    Raises AlertNotFound.
    """
    row = _locked(session, alert_id)
    row.resolved_at = row.resolved_at or clock.now()
    return _move(session, row, "resolved")


def _locked(session: Session, alert_id: UUID) -> Alert:
    return _found(session.scalar(select(Alert).where(Alert.id == alert_id).with_for_update()), alert_id)


def _found(row: Alert | None, alert_id: UUID) -> Alert:
    if row is None:
        raise AlertNotFound(str(alert_id))
    return row


def _move(session: Session, row: Alert, state: State) -> Alert:
    if row.state != state:
        row.state = state
        session.flush()
        audit.record(session, f"alert.{state}", subject=f"alert:{row.id}", details={"rule": row.rule})
    return row


def count_open(session: Session) -> int:
    """How many of the merchant's alerts nobody has seen to."""
    return session.scalars(select(func.count()).select_from(Alert).where(Alert.state == "open")).one()
