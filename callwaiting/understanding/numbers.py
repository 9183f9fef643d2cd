"""Numbers in words become digits: `twenty-five` → 25, `half a dozen` → 6, `twenty first` → 21st, `five ten` → 5 10."""

from __future__ import annotations

import re
from collections.abc import Mapping

UNITS: Mapping[str, int] = {
    "zero": 0, "nought": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS: Mapping[str, int] = {
    "twenty": 20, "thirty": 30, "forty": 40, "fourty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
ORDINALS: Mapping[str, int] = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "thirteenth": 13, "fourteenth": 14, "fifteenth": 15, "sixteenth": 16,
    "seventeenth": 17, "eighteenth": 18, "nineteenth": 19, "twentieth": 20, "thirtieth": 30,
}  # fmt: skip
SCALES: Mapping[str, int] = {"hundred": 100, "thousand": 1000}
HOMOPHONES: Mapping[str, int] = {"won": 1, "to": 2, "too": 2, "for": 4, "fore": 4, "ate": 8}
LARGEST = 999_999

_WORD = "|".join(sorted([*UNITS, *TENS, *ORDINALS, *SCALES], key=len, reverse=True))
_RUN = re.compile(rf"\b(?:{_WORD})\b(?:(?:[ -]| and )(?:{_WORD})\b)*")
_DIGIT_SCALE = re.compile(r"\b(\d{1,3}) (hundred|thousand)\b")
_SETS = (
    (re.compile(r"\bhalf (?:a )? ?dozen\b"), "6"),
    (re.compile(r"\b(\d{1,2}) dozens?\b"), lambda found: str(int(found[1]) * 12)),
    (re.compile(r"\b(?:a )?dozen\b"), "12"),
    (re.compile(r"\b(?:a )?couple(?: of)?(?= [a-z]|\b)(?! of)"), "2"),
    (re.compile(r"\ba pair(?: of)?\b"), "2"),
    # `six thirty, two weeks from Monday`: nobody comes in thirty-two weeks, at six
    (re.compile(r"\b(1[0-2]|[1-9]) ([2-5])([1-9]) (?=(?:days?|weeks?|months?) (?:from|after)\b)"), r"\1 \g<2>0 \3 "),
)


def with_digits(text: str) -> str:
    """The text (small letters) with its numbers in digits, ordinals as `21st`."""
    text = _RUN.sub(lambda found: _in_digits(found[0]), text)
    text = _DIGIT_SCALE.sub(lambda found: str(int(found[1]) * SCALES[found[2]]), text)
    for pattern, replacement in _SETS:
        text = pattern.sub(replacement, text)
    return text


def ordinal(value: int) -> str:
    """`1st`, `22nd`, `13th`."""
    suffix = "th" if value % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{suffix}"


def _in_digits(run: str) -> str:
    """A run of number words, as one or several numbers; an `and` that joins two numbers stays."""
    said: list[str] = []
    total = part = 0
    state = "empty"  # what stands last in the number: empty, unit, teen, ten or scale
    link = ""

    def close() -> None:
        nonlocal total, part, state
        if state != "empty":
            said.append(str(min(total + part, LARGEST)))
        total, part, state = 0, 0, "empty"

    for word in re.split(r"[ -]", run):
        if word == "and":
            link = " and "
            continue
        if link and state != "scale":
            close()
            said.append("and")
        link = ""
        if word in SCALES:
            scale = SCALES[word]
            if state == "empty":
                part = 1
            if scale == 1000:
                total, part = (total + part) * scale, 0
            else:
                part *= scale
            state = "scale"
            continue
        value = UNITS.get(word, TENS.get(word, ORDINALS.get(word, 0)))
        fits = state in ("empty", "scale") or (state == "ten" and 0 < value < 10)
        if not fits:
            close()
        if word in ORDINALS:
            said.append(ordinal(total + part + value))
            total, part, state = 0, 0, "empty"
            continue
        part += value
        state = "ten" if word in TENS else "unit"
    close()
    return " ".join(said)
