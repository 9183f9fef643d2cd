"""What a day was like, counted from the rows themselves; its figures are those of `kpis`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy.orm import Session

from callwaiting.features.alerts import service as alerts
from callwaiting.features.bookings import figures as bookings
from callwaiting.features.calls import left_messages
from callwaiting.features.kpis import service as kpis
from callwaiting.features.kpis.service import Figures
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import figures as messages
from callwaiting.features.orders import figures as orders
from callwaiting.features.payments import figures as payments


@dataclass(frozen=True, slots=True)
class Attention:
    """What needs a person now, whenever it came; `undelivered_texts` are those of the day."""

    open_alerts: int
    parked_payments: int
    left_messages: int
    undelivered_texts: int


@dataclass(frozen=True, slots=True)
class Summary:
    """`bookings_after` are those that begin on the day after `day`."""

    day: date
    business: str
    figures: Figures
    orders_paid: int
    bookings_after: int
    attention: Attention

    @property
    def empty(self) -> bool:
        """Nothing happened, nothing is to come, and nothing waits for anybody."""
        figures, attention = self.figures, self.attention
        return not any(
            (
                figures.missed_calls, figures.orders, figures.bookings, figures.texts_sent, figures.texts_received,
                figures.captured.minor, self.orders_paid, self.bookings_after, attention.open_alerts,
                attention.parked_payments, attention.left_messages, attention.undelivered_texts,
            )
        )  # fmt: skip


def of_day(session: Session, day: date) -> Summary:
    """The session's merchant's day. Raises ValidationFailed for a day that cannot be."""
    days = merchants.days(session, day, day)
    after = merchants.days(session, day + timedelta(days=1), day + timedelta(days=1))
    return Summary(
        day=day,
        business=merchants.profile(session).name,
        figures=kpis.report(session, day, day).total,
        orders_paid=orders.paid(session, days),
        bookings_after=bookings.beginning(session, after),
        attention=Attention(
            open_alerts=alerts.count_open(session),
            parked_payments=payments.parked(session),
            left_messages=left_messages.count_waiting(session),
            undelivered_texts=messages.undelivered(session, days),
        ),
    )
