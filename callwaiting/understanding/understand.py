"""The one question of this package: what does this sentence mean? Pure and deterministic."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from callwaiting.understanding import yes_no
from callwaiting.understanding.errors import TimezoneUnknown
from callwaiting.understanding.result import Intent, Understood
from callwaiting.understanding.text import read
from callwaiting.understanding.vocabulary import Vocabulary


def understand(
    text: str, *, now: datetime, timezone: str, asked: str | None = None, vocabulary: Vocabulary | None = None
) -> Understood:
    """What `text` says, to a business whose clock stands at `now` in `timezone` (IANA).

    `asked` is the slot that the caller was asked for; it decides what a bare `seven` is. A naive `now` is taken as
    local. Only the first 600 characters are read. Raises TimezoneUnknown.
    """
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TimezoneUnknown("not an IANA time zone") from error
    utterance = read(text)
    answer = yes_no.yes_or_no(utterance.plain)
    intent = Intent.OUT_OF_SCOPE if answer is None else Intent.YES if answer else Intent.NO
    return Understood(intent, confidence=0.0 if answer is None else 1.0, yes_no=answer)
