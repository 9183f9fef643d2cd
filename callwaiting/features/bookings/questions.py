"""Which of several bookings a caller means: the list that was sent, kept until it is answered or overtaken.

The list is a snapshot. Whatever comes or goes meanwhile, number 2 is what stood at number 2 in the text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import merchant_of
from callwaiting.features.bookings.listing import Entry
from callwaiting.features.bookings.models import BookingQuestion
from callwaiting.features.bookings.reply_words import Wish

ANSWERED_WITHIN = timedelta(hours=12)
FORGOTTEN_AFTER = timedelta(days=30)  # until then a late number is told from one that answers nothing
AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """What is wanted of one of these bookings, each with the version that was shown. `open`: still to be answered."""

    wish: Wish
    choices: tuple[tuple[UUID, int], ...]
    open: bool


def keep(session: Session, caller_id: UUID, wish: Wish, entries: Sequence[Entry]) -> UUID:
    """Keep the question instead of a former one; the id under which this caller is asked. Questions of others that
    nobody will answer any more go with it."""
    _forget(session)
    values = {"wish": wish, "choices": [[str(entry.id), entry.version] for entry in entries], "asked_at": clock.now()}
    made: UUID = session.scalars(
        insert(BookingQuestion)
        .values(merchant_id=merchant_of(session), id=new_id(), caller_id=caller_id, **values)
        .on_conflict_do_update(index_elements=["merchant_id", "caller_id"], set_=values)
        .returning(BookingQuestion.id)
    ).one()
    return made


def asked(session: Session, caller_id: UUID) -> Asked | None:
    """The question that was put to this caller last, unless another text about a booking has gone out since."""
    row = session.scalar(select(BookingQuestion).where(BookingQuestion.caller_id == caller_id))
    if row is None:
        return None
    choices = tuple((UUID(booking_id), version) for booking_id, version in row.choices)
    return Asked(Wish(row.wish), choices, row.asked_at > clock.now() - ANSWERED_WITHIN)


def close(session: Session, caller_id: UUID) -> None:
    """A number no longer answers it: another text may have asked for a number since."""
    session.execute(delete(BookingQuestion).where(BookingQuestion.caller_id == caller_id))


def _forget(session: Session) -> None:
    """Here rather than in a job for all: the merchant's own roles may, and each new question pays for an old one."""
    old = (
        select(BookingQuestion.id)
        .where(BookingQuestion.asked_at < clock.now() - FORGOTTEN_AFTER)
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True)  # two questions at once never wait for each other
    )
    session.execute(delete(BookingQuestion).where(BookingQuestion.id.in_(old)))
