"""A telephone number that is spoken or written: `four one five, five five five, oh one double two`."""

from __future__ import annotations

import re

USUAL_COUNTRY = "US"
_SPOKEN = {
    "zero": "0", "oh": "0", "o": "0", "nought": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5",
    "six": "6", "seven": "7", "eight": "8", "nine": "9", "plus": "+", "hundred": "00",
}  # fmt: skip
_TEENS = {
    "ten": "10", "eleven": "11", "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16",
    "seventeen": "17", "eighteen": "18", "nineteen": "19",
}  # fmt: skip
_TENS = {
    "twenty": "2", "thirty": "3", "forty": "4", "fifty": "5", "sixty": "6", "seventy": "7", "eighty": "8", "ninety": "9"
}  # fmt: skip
LONG = 10  # from here on it was meant as a telephone number
_RUN = re.compile(r"\+?\(?\d[\d ().+-]{5,24}\d")


def phone_in(written: str, country: str | None) -> tuple[str | None, bool]:
    """(the number in E.164, whether something like a number was said that is none). Seven to fifteen digits."""
    digits = _digits(written.lower())
    found = [re.sub(r"[^\d+]", "", match[0]) for match in _RUN.finditer(digits)]
    found = [
        each for each in found if 7 <= len(each.strip("+")) <= 15 and not re.match(r"(?:19|20)\d\d[01]\d[0-3]\d$", each)
    ]
    if len(found) != 1:
        return None, False
    from callwaiting.core.phone import PhoneNumberInvalid, normalize  # heavy

    try:
        return normalize(found[0], country or USUAL_COUNTRY), False
    except PhoneNumberInvalid:
        return None, len(found[0]) >= LONG


def _digits(text: str) -> str:
    """Digit words as digits; what lies between stays, so that runs of other things stay apart."""
    said: list[str] = []
    times = 1
    for word in re.findall(r"[a-z]+|[\d().+-]+|[^\sa-z\d]", text):
        if word in ("double", "triple"):
            times = 2 if word == "double" else 3
            continue
        if word in _TENS:
            said.append(_TENS[word] + "?")
            times = 1
            continue
        digit = _SPOKEN.get(word) or _TEENS.get(word) or word
        if said and said[-1].endswith("?"):
            joined = digit.isdigit() and len(digit) == 1 and digit != "0"
            said[-1] = said[-1][:-1] + (digit if joined else "0")
            if joined:
                continue
        said.append(digit * times if digit.isdigit() else digit)
        times = 1
    return re.sub(r"(?<=\d)\?", "0", " ".join(said)).replace(" , ", " ")
