"""Making the planned calls to providers: claim and commit, call, record.

No database connection is held during the call. What the call did is recorded in a second transaction, and only while
the lease is ours. Whatever leaves the outcome in doubt (a lost worker, a cut connection, a failed record) marks the
effect as unclear, so that the provider is asked before anything is sent again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Literal

import structlog
from sqlalchemy import CursorResult, text
from sqlalchemy.orm import Session

from callwaiting.core import deadline, metrics
from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.request_context import request_id
from callwaiting.core.retry import classify, delay_s, describe
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.alerts.service import raise_alert
from callwaiting.features.audit import service as audit
from callwaiting.features.outbox import claims
from callwaiting.features.outbox.claims import Claim, Fenced
from callwaiting.features.outbox.service import GIVEN_UP, Performer
from callwaiting.providers.attempts import three_attempts
from callwaiting.providers.ports import ProviderOutcomeUnknown, ProviderRejected, ProviderUnavailable
from callwaiting.providers.registry import Providers

# 2 s of beginning effects, 2.5 s of beginning attempts at the last one, 13 s for the last attempt by the adapters'
# timeouts (3 s to connect, 10 s to read): together below a job's deadline of 18 s, with time left to record.
BUDGET_SECONDS = 2.0
ATTEMPTS_SECONDS = 2.5
CALL_SECONDS = 13.0
LOOK_UP_SECONDS = 5.0  # the longest wait before an unknown outcome is looked up

Performers = Mapping[str, Performer[Any, Any]]
Outcome = Literal["done", "unwanted", "failed", "retry", "unknown", "dead", "fenced"]
log = structlog.get_logger()

SETTLE = text("""
update app.outbox
set state = :state, error_class = :error_class, error = :error, done_at = clock_timestamp(),
    lease_until = null, lease_token = null
where merchant_id = :merchant_id and id = :id and lease_token = :token
""")
AGAIN = text("""
update app.outbox
set state = :state, error_class = :error_class, error = :error, unclear = unclear or :unclear,
    next_at = clock_timestamp() + make_interval(secs => :delay), lease_until = null, lease_token = null
where merchant_id = :merchant_id and id = :id and lease_token = :token
""")


def drain(
    database: Database, providers: Providers, performers: Performers, *, budget_s: float = BUDGET_SECONDS
) -> bool:
    """Perform effects until none is due; False then. True when the time ran out first: somebody should go on.

    Raises ServiceUnavailable when the database goes away; what was claimed comes back, unclear, when its lease ends.
    """
    end = time.monotonic() + budget_s
    while time.monotonic() < end:
        with database.unit_of_work(SystemScope("claim a due effect"), DatabaseRole.SERVICE) as session:
            claim = claims.take(session)
        if claim is None:
            return False
        with request_id(claim.request_id):
            outcome = perform(database, providers, performers, claim)
        metrics.EFFECTS.labels(claim.kind, outcome).inc()
    return True


def perform(database: Database, providers: Providers, performers: Performers, claim: Claim) -> Outcome:
    """Perform one claimed effect. Its failure is noted, not raised; raises only what keeps it from being noted."""
    scope = MerchantScope(claim.merchant_id, actor=f"outbox:{claim.kind}")
    try:
        return _perform(database, providers, performers, claim, scope)
    except Fenced:
        return "fenced"


def _perform(
    database: Database, providers: Providers, performers: Performers, claim: Claim, scope: MerchantScope
) -> Outcome:
    called = False
    try:
        performer = performers[claim.kind]
        with database.unit_of_work(scope) as session:
            request = performer.load(session, claim.subject_id)
            if request is None:
                _settle(session, claim, "done", error_class="unwanted")
                return "unwanted"
        called = True
        seconds = deadline.remaining(ATTEMPTS_SECONDS + CALL_SECONDS) - CALL_SECONDS
        result = three_attempts(lambda: performer.call(providers, request, claim.unclear), deadline_s=seconds)
        with database.unit_of_work(scope) as session:
            performer.record(session, claim.subject_id, result)
            _settle(session, claim, "done")
        return "done"
    except Fenced:
        raise
    except ProviderRejected as rejection:
        return _note_rejection(database, scope, performers[claim.kind], claim, rejection)
    except Exception as error:  # every kind of failure has its class, see core.retry
        # Only a provider that was not reached has surely done nothing: else look before calling again.
        unclear = called and not isinstance(error, ProviderUnavailable)
        log.warning("effect.failed", effect_id=claim.id, kind=claim.kind, error=describe(error), unclear=unclear)
        known = performers.get(claim.kind)
        alerted = known is None or not known.comes_again
        return _note_failure(database, scope, claim, error, unclear=unclear, alerted=alerted)


def _note_rejection(
    database: Database, scope: MerchantScope, performer: Performer[Any, Any], claim: Claim, rejection: ProviderRejected
) -> Outcome:
    with database.unit_of_work(scope) as session:
        performer.reject(session, claim.subject_id, rejection)
        _settle(session, claim, "failed", error_class=rejection.provider_code, error=describe(rejection))
    return "failed"


def _note_failure(
    database: Database, scope: MerchantScope, claim: Claim, error: Exception, *, unclear: bool, alerted: bool
) -> Outcome:
    delay = delay_s(error, claim.attempts)
    outcome: Literal["retry", "unknown", "dead"] = "retry"
    if delay is None:
        outcome = "dead"
    elif isinstance(error, ProviderOutcomeUnknown):
        outcome, delay = "unknown", min(delay, LOOK_UP_SECONDS)
    with database.unit_of_work(scope) as session:
        noted = session.execute(
            AGAIN,
            {
                **_mine(claim),
                "state": outcome,
                "error_class": classify(error),
                "error": describe(error),
                "unclear": unclear,
                "delay": delay or 0,
            },
        )
        _require_lease(noted)
        if outcome == "dead":
            audit.record(session, "effect.buried", subject=f"effect:{claim.id}", reason=classify(error))
        if outcome == "dead" and alerted:
            raise_alert(
                session,
                GIVEN_UP,
                subject=f"effect:{claim.id}",
                severity="high",
                summary=f"A call to a provider ({claim.kind}) could not be made.",
                details={"effect": str(claim.id), "error": describe(error)},
            )
    return outcome


def _settle(session: Session, claim: Claim, state: str, *, error_class: str = "", error: str = "") -> None:
    facts = {"state": state, "error_class": error_class or None, "error": error or None}
    _require_lease(session.execute(SETTLE, {**_mine(claim), **facts}))


def _mine(claim: Claim) -> dict[str, object]:
    return {"merchant_id": claim.merchant_id, "id": claim.id, "token": claim.token}


def _require_lease(result: object) -> None:
    """Raises Fenced when the statement, conditional on our token, met no row."""
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise Fenced
