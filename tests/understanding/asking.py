"""How the tests ask: on Wednesday 4 March 2026, 10:00, in New York."""

from __future__ import annotations

from datetime import datetime

from callwaiting.understanding import Understood, Vocabulary, understand

NOW = datetime.fromisoformat("2026-03-04T10:00")  # naive: local
ZONE = "America/New_York"


def heard(
    text: str,
    asked: str | None = None,
    *,
    now: datetime = NOW,
    timezone: str = ZONE,
    vocabulary: Vocabulary | None = None,
) -> Understood:
    """What a sentence means on that morning."""
    return understand(text, now=now, timezone=timezone, asked=asked, vocabulary=vocabulary)


def day(understood: Understood) -> str | None:
    """The date as a text."""
    return understood.date.isoformat() if understood.date else None


def clock(understood: Understood) -> str | None:
    """The time as a text."""
    return f"{understood.time:%H:%M}" if understood.time else None
