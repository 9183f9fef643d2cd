"""Words as people say them, brought to one form: `Margheritas!` and `margherita` are the same.

Everything here is pure. Apostrophes fall away (`luigi's` → `luigis`), accents too, and plural endings are cut.
"""

from __future__ import annotations

import re
import unicodedata

WORD = re.compile(r"[a-z0-9]+")
# An ending of "es" that belongs to the plural: boxes, dishes, sandwiches, glasses, quizzes, potatoes.
PLURAL_ES = ("xes", "shes", "ches", "sses", "zzes", "oes")

ITALIAN = ("onis", "inis")  # pepperonis, martinis


def words_of(text: str) -> tuple[str, ...]:
    """The words of a sentence or name, lower-case, without accents and punctuation; plurals are kept."""
    plain = unicodedata.normalize("NFKD", text).casefold().replace("'", "").replace("’", "")
    return tuple(WORD.findall("".join(c for c in plain if not unicodedata.combining(c))))


def singular(word: str) -> str:
    """A word without its English plural ending; the same word when it has none."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(PLURAL_ES):
        return word[:-2]
    if len(word) > 2 and word.endswith("s") and (word.endswith(ITALIAN) or not word.endswith(("ss", "us", "is"))):
        return word[:-1]
    return word
