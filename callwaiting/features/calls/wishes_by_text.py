"""What a caller writes, as the policy hears it. Pure."""

from __future__ import annotations

import re
import unicodedata

from callwaiting.features.calls import understanding, when
from callwaiting.features.calls.acts import Facts
from callwaiting.features.calls.outcomes import Heard
from callwaiting.features.calls.state import DialogueState, Step
from callwaiting.features.catalogue.service import words_of
from callwaiting.understanding import Intent
from callwaiting.understanding.text import unspelled

NUMBERS = frozenset({Step.QUANTITY, Step.PARTY, Step.ORDER_NUMBER})
LETTER = re.compile(r"\W*[a-z](?:\W*[1-9])?(?:\W+(?:please|pls|thanks|thank you|thx))*\W*")
ANSWERS = frozenset({"y", "n", "k"})
SHORT = {
    "y": "yes", "n": "no", "k": "ok", "pls": "please", "plz": "please", "thx": "thanks", "ty": "thanks", "u": "you",
    "r": "are", "2day": "today", "2nite": "tonight", "ur": "your", "wanna": "want to", "gimme": "give me",
}  # fmt: skip
POLITE = frozenset({Intent.THANKS, Intent.GOODBYE})
SMALL = 4


def heard_in(text: str, state: DialogueState) -> Heard:
    """A bare number is one where a number was asked for; everything else is said."""
    plain = _plain(text)
    bare = plain.strip(" .!#")
    if state.step in NUMBERS and bare.isdecimal() and bare.isascii():
        return Heard(digits=bare)
    return Heard(speech=plain)


def is_somebody_elses(text: str) -> bool:
    """Whether it is a letter of those by which bookings are changed (C, R): the dialogue asks for none."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return LETTER.fullmatch(plain) is not None and plain.strip(" .!,") not in ANSWERS


def wants_no_answer(text: str, facts: Facts) -> bool:
    """Whether a text, written when nothing was asked, needs no answer: thanks, goodbye, a bare yes or no, a picture."""
    plain = _plain(text)
    words = words_of(plain)
    if not words or all(word.isdecimal() for word in words):
        return True
    found = when.understood(plain, facts)
    if found.intent in POLITE and len(words) <= SMALL:
        return True
    return understanding.yes_or_no(words) is not None and len(words) <= SMALL


def _plain(text: str) -> str:
    """Words that people shorten when they write, in full."""
    folded = unspelled(unicodedata.normalize("NFKC", text))
    folded = re.sub(r"(?i)\bw/ ?(?=\w)", "with ", folded)
    return re.sub(r"(?i)\b[a-z0-9]+\b", lambda word: SHORT.get(word[0].casefold(), word[0]), folded)
