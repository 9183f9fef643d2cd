"""The forms in which the grammars read an utterance: as it was written, and plain (small letters, digits)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from callwaiting.understanding.numbers import with_digits

MAX_LENGTH = 600
BLANK = "_"  # what has been read is blanked out, so that a later grammar does not read it again

_PLAIN = str.maketrans({
    "’": "'", "‘": "'", "´": "'", "`": "'", "“": '"', "”": '"', "–": "-", "—": "-", "−": "-", "\u00a0": " ",
    "\u202f": " ", "_": " ",
})  # fmt: skip
_UNWANTED = re.compile(r"[^\w\s.,;:!?'\"%&$€£#+/()@*-]+")
_SPACES = re.compile(r"\s+")
_FILLERS = re.compile(r"\b(?:u+m+|u+h+|er+m*|hm+|ah+)\b[,.]? ?", re.IGNORECASE)
_HOURS = r"[1-9]|1[0-2]|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_CONTRACTIONS = tuple(
    (re.compile(pattern), plain)
    for pattern, plain in (
        (r"\b(?:i'm|im)\b", "i am"), (r"\b(?:i'd|i'll|ill)\b", "i will"), (r"\b(?:can't|cant)\b", "cannot"),
        (r"\b(?:won't|wont)\b", "will not"), (r"\b(\w+)n't\b", r"\1 not"), (r"\b(do|does|did|is)nt\b", r"\1 not"),
        (r"\b(we|they|you)'re\b", r"\1 are"), (r"\b(we|they|you)'(?:d|ll)\b", r"\1 will"),
        (r"\b(i|we|they|you)'ve\b", r"\1 have"), (r"\b(that|it|there|here|what|where|who|he|she)'s\b", r"\1 is"),
        (r"\b(that|it|there)'(?:ll|d)\b", r"\1 will"), (r"\blet's\b", "lets"), (r"\bgonna\b", "going to"),
        (r"\buntill\b|'til\b", "until"), (r"\b(?:to|2)[ -]?(?:nite|night|nyt)\b", "tonight"),
        (r"\b(\d{4}-\d\d-\d\d)t(?=\d\d:)", r"\1 "),
        (r"(?<=[a-z]) & (?=[a-z0-9])", " and "), (r"\bwanna\b", "want to"), (r"\bo ?[\"*] ?clock\b", "o'clock"),
        (rf"\b({_HOURS})-?ish\b", r"\1 ish"),
        (r"\b(thats|whats|wheres)\b", lambda found: found[0][:-1] + " is"),
    )
)  # fmt: skip


_AS_IN = re.compile(r"(?<=\b[a-zA-Z]) (?:as in|like|for) [A-Za-z]+")
_LETTER = re.compile(r"[A-Za-z]")
_A_LETTER = r"[A-Za-z](?: (?:as in|like|for) [A-Za-z]{2,})?"
_SPELLED = re.compile(
    rf"(?<![\w'.@-]){_A_LETTER}(?P<between>[ .,-]{{1,2}}){_A_LETTER}(?:(?P=between){_A_LETTER})+(?![\w'@])"
)
_OK = re.compile(r"(?i)\bo\. ?k\b\.?")


@dataclass(frozen=True, slots=True)
class Utterance:
    """`written`: tidied, capitals kept. `plain`: small letters, contractions in full, numbers in digits. `words` of
    the plain text without marks."""

    written: str
    plain: str
    words: tuple[str, ...]


def read(text: str) -> Utterance:
    """The forms of a text of any content; what is longer than MAX_LENGTH is cut off."""
    written = unicodedata.normalize("NFKC", text[:MAX_LENGTH]).translate(_PLAIN)
    written = _SPACES.sub(" ", _UNWANTED.sub(" ", written)).strip()[:MAX_LENGTH]
    written = _FILLERS.sub("", written)
    plain = written.lower()
    for pattern, replacement in _CONTRACTIONS:
        plain = pattern.sub(replacement, plain)
    plain = with_digits(plain).strip()
    return Utterance(written, plain, tuple(words_of(plain)))


def unspelled(text: str) -> str:
    """The text with what was spelled, three letters or more, as words: `C-O-L-A`, `m as in Mike, a, c`."""
    return _SPELLED.sub(lambda run: "".join(_LETTER.findall(_AS_IN.sub("", run[0]))), _OK.sub("ok", text))


def words_of(plain: str) -> list[str]:
    """The words and numbers of a plain text, without marks and apostrophes; `2%` is one."""
    return re.findall(r"[^\W_]+%?", plain.replace("'", ""))


def blank(text: str, start: int, end: int) -> str:
    """The text with a stretch that no grammar reads again; positions stay."""
    return text[:start] + BLANK * (end - start) + text[end:]
