"""What a caller's text asks of a booking: C, R, 1, or the number of one that we have asked about. Pure.

CANCEL, END and YES are none of our words: carriers and Twilio take them as an opt-out or an opt-in
(help.twilio.com: Twilio support for opt-out keywords), and so do we (`consents/wording.py`).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Wish(StrEnum):
    """What is wanted of a booking; `pick` says only which."""

    CANCEL = "cancel"
    REBOOK = "rebook"
    COME = "come"
    PICK = "pick"


@dataclass(frozen=True, slots=True)
class Reply:
    """`number` is the place of a booking in the list that was sent last; None without one."""

    wish: Wish
    number: int | None = None


LETTERS = {"c": Wish.CANCEL, "r": Wish.REBOOK}
COURTESY = r"(?:\W+(?:please|pls|thanks|thank you|thx))*"
_LETTER = re.compile(rf"\W*([cr])\W*([1-9])?{COURTESY}\W*")
_NUMBER = re.compile(rf"\W*([1-9]){COURTESY}\W*")


def reply_in(text: str) -> Reply | None:
    """What the whole text asks for; None for an ordinary sentence. A lone 1 is `pick` as well as `come`: which of the
    two is known by whether we have asked."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    if letter := _LETTER.fullmatch(plain):
        return Reply(LETTERS[letter[1]], int(letter[2]) if letter[2] else None)
    if number := _NUMBER.fullmatch(plain):
        return Reply(Wish.PICK, int(number[1]))
    return None
