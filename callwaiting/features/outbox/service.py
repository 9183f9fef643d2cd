"""Planning a call to a provider. Making it is the worker's: claim and commit, call, record."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core.ids import new_id
from callwaiting.core.jobs import Job, ring
from callwaiting.core.request_context import current_request_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.outbox.models import Effect


def plan(session: Session, kind: str, *, effect_key: str, subject_id: UUID) -> None:
    """Plan one call of `kind` about the row `subject_id`. A second plan with the same key is the first."""
    session.execute(
        insert(Effect)
        .values(
            merchant_id=merchant_of(session),
            id=new_id(),
            effect_key=effect_key,
            kind=kind,
            subject_id=subject_id,
            request_id=current_request_id(),
        )
        .on_conflict_do_nothing(index_elements=["merchant_id", "effect_key"])
    )
    ring(session, Job.DRAIN_EFFECTS)
