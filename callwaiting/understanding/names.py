"""A person's name: after the words that announce one, before those that end one, or as the answer to the question."""

from __future__ import annotations

import re
from collections.abc import Iterable

from callwaiting.understanding.calendar_words import MONTH, WEEKDAY
from callwaiting.understanding.result import Names
from callwaiting.understanding.word_lists import word_list

LONGEST = 3  # words
NOT_NAMES = word_list("not_names")
ALSO_NAMES = frozenset({"april", "may", "june", "august"})

_WORD = r"[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ'.-]*"
_CAPITAL = r"[A-ZÀ-Þ][A-Za-zÀ-ÿ'-]+"
_TITLE = r"(?:(?:mr|mrs|ms|miss|dr|sir|madam)\.? +)?"
_IS = r"(?:'s| is| was| will be| should be| would be| would)?(?: is)?"
# What announces a name for certain, and what only when the word is written like one.
_SURE = re.compile(
    rf"\b(?:(?:my |the |his |her |our |full |a )*named?s?{_IS}(?: under| of| on it is)?|in(?: the)? names? of|call me|"
    rf"under(?: the)?(?: names?)?(?: of)?|i go by|goes by|known as|named me|addressed as|speaking is)[:,]? +{_TITLE}",
    re.IGNORECASE,
)
_PERHAPS = re.compile(
    rf"\b(?:i'm|im|i am|it's|it is|this is|that's|for|with|to|by|of|from|booking|reservation|a)[,]? +{_TITLE}",
    re.IGNORECASE,
)
_CALLER = re.compile(r"i'm|im|i am|this is", re.IGNORECASE)
_ENDS_IT = re.compile(
    r"^[ ,]*(?:is (?:my|the) (?:full )?name|that(?:'s| is) (?:my|the) (?:full )?name|is what i(?:'m| am) called|here\b|"
    r"speaking\b|calling\b|(?:booking|reservation)\b|needs? a\b)",
    re.IGNORECASE,
)
_FIRST = re.compile(r"\b(?:first|given|christian) name(?:'s| is)?[:,]? +(\w[\w'-]*)", re.IGNORECASE)
_LAST = re.compile(r"\b(?:last|family|sur) ?name(?:'s| is)?[:,]? +(\w[\w'-]*)", re.IGNORECASE)
_POLITE_START = re.compile(
    r"^(?:(?:yes|yeah|sure|ok(?:ay)?|hi|hello|well|it's|it is|that would be|that's|um|uh)[ ,.!]+)+", re.IGNORECASE
)
_POLITE_END = re.compile(r"[ ,]+(?:please|thanks|thank you)[.!]*$", re.IGNORECASE)
_CALENDAR = re.compile(rf"(?:{WEEKDAY}|{MONTH})")


def names_in(written: str, asked: str | None) -> Names | None:
    """The name that is told. `asked` is the field that was asked for: `last_name` takes a single word as such."""
    first, last = _FIRST.search(written), _LAST.search(written)
    given = first[1] if first and _is_name(first[1]) else None
    family = last[1] if last and _is_name(last[1]) else None
    if given or family:
        return Names(given, family)
    for found in (_announced(written), _ended(written), _written_like_one(written), _alone(written)):
        if found:
            return _names(found, asked)
    if asked:
        words = _POLITE_END.sub("", _POLITE_START.sub("", written)).replace(",", " ").split()
        words = [word.strip(".,!?") for word in words if word.strip(".,!?")]
        if 1 <= len(words) <= LONGEST and all(re.fullmatch(_WORD, word) and _is_name(word) for word in words):
            return _names(words, asked)
    return None


def _announced(written: str) -> list[str]:
    """The words behind `my name is` and its like."""
    for match in _SURE.finditer(written):
        words = _words_at(written, match.end())
        if words:
            return words if words[0][0].isupper() else words[:2]
    return []


def _ended(written: str) -> list[str]:
    """The words before `is my name`, `here`: a name at the beginning of a clause, or written with capitals."""
    words: list[tuple[str, int]] = [(match[0], match.start()) for match in re.finditer(_WORD, written)]
    for index in range(len(words)):
        word, start = words[index]
        if not _ENDS_IT.match(written[start + len(word) :]) or not _is_name(word):
            continue
        name = [word]
        for before, at in reversed(words[max(0, index - LONGEST + 1) : index]):
            if not _is_name(before) or written[at + len(before) : start].strip():
                break
            name.insert(0, before)
            start = at
        at_clause = start == 0 or written[:start].rstrip()[-1:] in (",", ".", "!")
        if name[0][0].isupper() or (at_clause and len(name) < LONGEST):
            return name
    return []


def _written_like_one(written: str) -> list[str]:
    """Behind `I'm`, `for`: two words with capitals, or one that ends the clause."""
    for match in _PERHAPS.finditer(written):
        words = _words_at(written, match.end())
        if re.search(r"\b(?:look|search|ask)ing $", written[: match.start()], re.IGNORECASE):
            continue
        capitals = [word for word in words if word[0].isupper()]
        caller = _CALLER.match(match[0]) is not None
        if len(capitals) > 1 or (len(words) == len(capitals) == 1 and (caller or match[0].lower().startswith("for"))):
            return capitals
        if caller and 0 < len(words) < LONGEST and _ends_clause(written, match.end(), words):
            return words
    return []


def _alone(written: str) -> list[str]:
    """Two or three words with capitals that are all that was said, or that begin it before a comma."""
    match = re.match(
        rf"({_CAPITAL}(?: {_CAPITAL}){{1,2}})(?:[.!]?$|, | (?=i |for |at |on |and |please))",
        _POLITE_START.sub("", written),
    )
    words = match[1].split() if match else []
    return words if words and all(map(_is_name, words)) else []


def _names(words: list[str], asked: str | None) -> Names:
    words = [word.strip(".,!?").removesuffix("'s") for word in words]
    if len(words) == 1:
        return Names(None, words[0]) if asked == "last_name" else Names(words[0])
    return Names(words[0], " ".join(words[1:]))


def _words_at(written: str, start: int) -> list[str]:
    """The words from there on that can be a name; none lies behind a mark."""
    words: list[str] = []
    for match in _unbroken(re.finditer(rf" *({_WORD})(.?)", written[start:])):
        word = match[1].rstrip(".")
        if not _is_name(word) or (words and words[0][0].isupper() and not word[0].isupper()):
            break
        words.append(word)
        if len(words) == LONGEST or match[2] not in (" ", "") or match[1].endswith("."):
            break
    return words


def _unbroken(matches: Iterable[re.Match[str]]) -> Iterable[re.Match[str]]:
    """The matches that follow each other without a gap."""
    end = 0
    for match in matches:
        if match.start() != end:
            return
        yield match
        end = match.end()


def _ends_clause(written: str, start: int, words: list[str]) -> bool:
    after = written[start:].lstrip()[len(" ".join(words)) :]
    return re.match(r"\s*(?:$|[.,!?;]|and\b|i\b)", after) is not None


def _is_name(word: str) -> bool:
    plain = word.lower().strip(".,!?")
    bare = plain.removesuffix("'s")
    if len(bare) < 2 or bare in NOT_NAMES or plain in NOT_NAMES or re.search(r"\d|^[ap]\.?m$", plain):
        return False
    return (bare in ALSO_NAMES or not _CALENDAR.fullmatch(bare)) and not bare.endswith("ing")
