"""Weekdays and months as they are said, shortened and misspelt; parts of patterns for the grammar of dates."""

from __future__ import annotations

import re
from collections.abc import Mapping

_WEEKDAYS = (
    r"mon(?:day)?|mondy", r"tue(?:s(?:day)?)?|tusday|teusday", r"wed(?:nesday|s)?|wensday|wednsday|wednesdy",
    r"thu(?:r(?:s(?:day)?)?)?|thusday|thrusday|thursdy", r"fri(?:day)?|firday", r"sat(?:urday)?|saterday",
    r"sun(?:day)?",
)  # fmt: skip
_MONTHS = (
    r"jan(?:uary)?", r"feb(?:r?uary)?", r"mar(?:ch)?", r"apr(?:il)?", r"may", r"june?", r"july?", r"aug(?:ust)?",
    r"sep(?:t(?:ember)?)?", r"oct(?:ober)?", r"nov(?:ember)?", r"dec(?:ember)?",
)  # fmt: skip

WEEKDAY = "(?:" + "|".join(_WEEKDAYS) + r")(?:'?s)?\b\.?"
MONTH = "(?:" + "|".join(_MONTHS) + r")(?![a-z])\.?"
TOMORROW = r"tomm?orr?ow(?:'?s)?|2moro?w?|tmrw"
UNIT = r"(?:minute|min|hour|hr|(?<=\d)h|(?<=\d )h|day|week|wk|fortnight|month|year)s?"
PARTS: Mapping[str, str] = {
    "morning": r"mornings?|breakfast(?:time)?|before noon",
    "lunch": r"lunch(?:es)?(?:[ -]?time)?|brunch",
    "afternoon": r"after ?noons?|tea ?time",
    "evening": r"evenings?|eve|dinners?(?:[ -]?time)?|supper|after (?:work|school)",
    "night": r"nights?|over ?night|nite",
}
PART = "|".join(PARTS.values())


def weekday_of(word: str) -> int:
    """0 for a word that says Monday."""
    return _index(_WEEKDAYS, re.sub(r"'?s?\.?$", "", word) or word, word.rstrip("."))


def month_of(word: str) -> int:
    """1 for a word that says January."""
    return _index(_MONTHS, word.rstrip("."), word) + 1


def _index(patterns: tuple[str, ...], *words: str) -> int:
    for word in words:
        for index, pattern in enumerate(patterns):
            if re.fullmatch(pattern, word):
                return index
    raise LookupError(words)
