"""Raising alerts and settling them."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from sqlalchemy import func, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import metrics
from callwaiting.core.tenancy import MerchantScope, scope_of
from callwaiting.features.alerts.models import Alert

log = structlog.get_logger()


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
    session.execute(
        update(Alert)
        .where(Alert.fingerprint == f"{rule}:{subject}", Alert.state != "resolved")
        .values(state="resolved", resolved_at=func.now())
    )
