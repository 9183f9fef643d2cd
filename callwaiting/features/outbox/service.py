"""Planning a call to a provider. Making it is the worker's: claim and commit, call, record (`drain.py`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.errors import Conflict
from callwaiting.core.ids import new_id
from callwaiting.core.jobs import Job, ring
from callwaiting.core.request_context import current_request_id
from callwaiting.core.statements import Statement
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.alerts import service as alerts
from callwaiting.features.outbox.models import Effect
from callwaiting.providers.ports import ProviderRejected
from callwaiting.providers.registry import Providers

PLAN = Statement("""
insert into app.outbox (merchant_id, id, effect_key, kind, subject_id, request_id, next_at)
values (%(merchant_id)s, %(id)s, %(effect_key)s, %(kind)s, %(subject_id)s, %(request_id)s,
    coalesce(%(not_before)s::timestamptz, now()))
on conflict (merchant_id, effect_key) do nothing
""")
GIVEN_UP = "outbox.dead"  # the alert, which ends when the call is planned once more
PLANNED_AGAIN = 9
Request = TypeVar("Request")
Result = TypeVar("Result")


class NotGivenUp(Conflict):
    """The call is still being tried, was made or refused, or was planned too often."""

    reason = "outbox.not_given_up"


@dataclass(frozen=True, slots=True)
class Performer(Generic[Request, Result]):
    """How effects of one kind are made. `load`, `record` and `reject` work in a transaction of the effect's merchant.

    `load(session, subject_id)` gives what to send, or None when it is no longer wanted.
    `call(providers, request, unclear)` makes the call while no database connection is held; `unclear` tells that an
    earlier call may have taken effect, so that it must be looked up before it is made again.
    `record(session, subject_id, result)` keeps what came of it, together with the effect's being done.
    `reject(session, subject_id, error)` keeps that the provider refuses it for good.
    `comes_again`: what is given up is planned anew by whoever planned it, who also tells the team; it needs no alert.
    """

    load: Callable[[Session, UUID], Request | None]
    call: Callable[[Providers, Request, bool], Result]
    record: Callable[[Session, UUID, Result], None]
    reject: Callable[[Session, UUID, ProviderRejected], None]
    comes_again: bool = False


def plan(session: Session, kind: str, *, effect_key: str, subject_id: UUID, not_before: datetime | None = None) -> None:
    """Plan one call of `kind` about the row `subject_id`, now or at a time to come. A second plan with the same key is
    the first."""
    PLAN(
        session,
        merchant_id=merchant_of(session),
        id=new_id(),
        effect_key=effect_key,
        kind=kind,
        subject_id=subject_id,
        request_id=current_request_id(),
        not_before=not_before,
    )
    if not_before is None:  # else the sweeper finds it when its time has come
        ring(session, Job.DRAIN_EFFECTS)


def plan_again(session: Session, kind: str, *, effect_key: str, subject_id: UUID) -> None:
    """Plan a call once more that was given up, nine times at most. Raises NotGivenUp while the last plan is alive."""
    planned = _plans(session, effect_key)
    if not planned or planned[-1].state != "dead" or len(planned) > PLANNED_AGAIN:
        raise NotGivenUp(f"{effect_key} is {planned[-1].state if planned else 'not planned'}")
    plan(session, kind, effect_key=_keys(effect_key)[len(planned)], subject_id=subject_id)
    alerts.resolve_alert(session, GIVEN_UP, subject=f"effect:{planned[-1].id}")


def state_of(session: Session, effect_key: str) -> str | None:
    """That of the last plan with this key; None when there is none."""
    planned = _plans(session, effect_key)
    return planned[-1].state if planned else None


def _plans(session: Session, effect_key: str) -> list[Effect]:
    """Each plan with this key, the first one first."""
    keys = _keys(effect_key)
    known = {row.effect_key: row for row in session.scalars(select(Effect).where(Effect.effect_key.in_(keys)))}
    return [known[key] for key in keys if key in known]


def _keys(effect_key: str) -> list[str]:
    return [effect_key, *(f"{effect_key}:{again}" for again in range(1, PLANNED_AGAIN + 1))]
