"""Calls in figures, day by day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callwaiting.core.days import Days
from callwaiting.features.calls.models import Call


class CallFigures(NamedTuple):
    """Of the calls that came in, each of which nobody had taken: those that were answered, and those that have led to
    an order or a booking."""

    missed: int
    answered: int
    recovered: int


def per_day(session: Session, days: Days) -> Mapping[int, CallFigures]:
    """Figures by the number of the day; days without calls are left out."""
    day = days.number_of(Call.started_at).label("day")
    rows = session.execute(
        select(
            day,
            func.count(),
            func.count().filter(Call.state_version > 0),
            func.count().filter(Call.outcome.in_(("order", "booking"))),
        )
        .where(days.contain(Call.started_at))
        .group_by(day)
    )
    return {number: CallFigures(*figures) for number, *figures in rows}
