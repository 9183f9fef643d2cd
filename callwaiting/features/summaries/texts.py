"""The mail: counts and sums, and nothing that names or quotes a caller."""

from __future__ import annotations

from callwaiting.features.kpis.service import Figures
from callwaiting.features.summaries.summary import Summary


def subject(summary: Summary) -> str:
    figures = summary.figures
    return f"{summary.business}, {summary.day:%A}: {_of(figures.missed_calls, 'call')}, {figures.revenue}"


def body(summary: Summary, name: str) -> str:
    """Everything that the mail says. Lines that would say nothing are left out."""
    figures, attention = summary.figures, summary.attention
    lines = [
        f"{_of(figures.missed_calls, 'missed call')}, {figures.recovered_calls} of them led to an order or a booking",
        f"{_of(summary.orders_paid, 'order')} paid",
        f"{_of(figures.bookings, 'booking')} made",
        f"{figures.revenue} earned" + _less(figures),
        f"{_of(summary.bookings_after, 'booking')} today",
    ]
    waiting = [
        (attention.left_messages, "message from a caller", "messages from callers"),
        (attention.open_alerts, "open alert", "open alerts"),
        (attention.parked_payments, "payment that fits no order", "payments that fit no order"),
        (attention.undelivered_texts, "text that did not arrive", "texts that did not arrive"),
    ]
    told = [f"{count} {one if count == 1 else many}" for count, one, many in waiting if count]
    needs = "\n\nWaiting for you:\n\n" + "\n".join(f"* {line}" for line in told) if told else ""
    return (
        f"Hello {name},\n\nthis was {summary.day:%A}, {summary.day:%B} {summary.day.day}, at {summary.business}:\n\n"
        + "\n".join(f"* {line}" for line in lines)
        + needs
        + "\n\nYou get this mail because you are in the team. Who wants it, and when, is chosen in the settings."
        + "\n\nCallwaiting\n"
    )


def _less(figures: Figures) -> str:
    """Why less was earned than captured: ` ($50.00 less $12.00 given back)`."""
    gone = [(figures.refunded, "given back"), (figures.lost, "lost to disputes")]
    told = " and ".join(f"{money} {how}" for money, how in gone if money.minor)
    return f" ({figures.captured} less {told})" if told else ""


def _of(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
