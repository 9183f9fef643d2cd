"""Texts in figures, day by day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callwaiting.core.days import Days
from callwaiting.features.messages.fates import FAILED
from callwaiting.features.messages.models import Message


class TextFigures(NamedTuple):
    sent: int
    received: int


def per_day(session: Session, days: Days) -> Mapping[int, TextFigures]:
    """Texts by the number of the day; days without are left out. Sent is what was handed to Twilio."""
    day = days.number_of(Message.created_at).label("day")
    rows = session.execute(
        select(
            day,
            func.count().filter(Message.direction == "out", Message.sent_at.is_not(None)),
            func.count().filter(Message.direction == "in"),
        )
        .where(days.contain(Message.created_at))
        .group_by(day)
    )
    return {number: TextFigures(*figures) for number, *figures in rows}


def undelivered(session: Session, days: Days) -> int:
    """How many texts of these days did not arrive."""
    chosen = (Message.direction == "out", Message.status.in_(FAILED), days.contain(Message.created_at))
    return session.scalars(select(func.count()).select_from(Message).where(*chosen)).one()
