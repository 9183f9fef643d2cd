"""A person's name: after the words that announce one, or as the answer to the question for it."""

from __future__ import annotations

import re

from callwaiting.understanding.calendar_words import MONTH, WEEKDAY
from callwaiting.understanding.result import Names

NOT_NAMES = frozenset(
    """a about above afraid after again all also always am an and any anything are as asap ask asking at available away
    back be because been before being best better book booked booking bookings both bring but by bye call called calling
    can cancel cannot change check coming confirm confirmed correct could day days definitely dinner do does done eat else
    evening every everything feeling fine first for free friend from general get getting glad go going gonna good got great guess
    guests had happy has have having he hello help her here hey hi him his hoping how hungry i if in indoor indoors inside
    instead interested into is it its just keen know last late later least let like looking lunch make making many may maybe me
    meal menu mine minutes mistaken mom more morning most much my myself name names need new next nice night no none nope
    not now of off ok okay on one only open or order orders other our out outdoor outdoors outside over parking party
    people perfect person persons planning please possible pretty quite ready really reservation reservations reserve
    restaurant right running same sat see she should so some someone something sorry spot still stuck sun supposed sure
    table take telling thank thanks that the their them then there these they thing things think thinking this those
    though time to today together tomorrow tonight too total travelling trying two under unable up us use vegan
    vegetarian very visit wait waiting want wanted wanting was we well were what when where which who why wife will
    willing with wondering would yeah yes yesterday yet you your yourself sir madam nobody everyone anyone him dad
    mum three four five six seven eight nine ten hotel room rooms spa gym pool kids children adults nights actually
    already also around bringing certain cheap close delivery take takeaway takeout pickup pick large small medium
    afternoon noon midnight birthday anniversary wedding christmas easter half past quarter o'clock am pm uh um oh
    absolutely alright another anytime anyway""".split()
)
_WORD = r"[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ'’.-]*"
_CAPITAL = r"[A-ZÀ-Þ][A-Za-zÀ-ÿ'’-]*"
_STRONG = re.compile(
    r"\b(?:(?:my|the|his|her|our|last|first|sur|full|a)? ?names?(?:'s| is| was| will be| should be| would be| would)?(?: is)?(?: under| of| on it is)?|"
    r"under(?: the)? names?(?: of)?|in(?: the)? names? of|under|call me|i go by|goes by|known as|addressed as|it's under|this is|speaking is)"
    r"[:,]? +(?:(?:mr|mrs|ms|miss|dr|sir|madam)\.? +)?",
    re.IGNORECASE,
)
_WEAK = re.compile(r"\b(?:I'm|I’m|Im|I am|it's|It's|It is|it is|for|with|to|by|of|from|booking|reservation|a)[,]? +"
                   r"(?:(?:mr|mrs|ms|miss|dr)\.? +)?", re.IGNORECASE)  # fmt: skip
_AFTER = re.compile(
    r"^[ ,]*(?:is (?:my|the) (?:full )?name|that(?:'s| is) (?:my|the) (?:full )?name|is the name|here\b|speaking\b|"
    r"is what i(?:'m| am) called|(?:booking|reservation)\b|needs? a\b)", re.IGNORECASE,
)  # fmt: skip
_FIRST = re.compile(r"\b(?:first|given|christian) name(?:'s| is)?[:,]? +(\w[\w'-]*)", re.IGNORECASE)
_LAST = re.compile(r"\b(?:last|family|sur) ?name(?:'s| is)?[:,]? +(\w[\w'-]*)", re.IGNORECASE)
_CALENDAR = re.compile(rf"(?:{WEEKDAY}|{MONTH})", re.IGNORECASE)


def names_in(written: str, asked: str | None) -> Names | None:
    """The name that is told. `asked` is the data field that was asked for: `last_name` takes a single word as such."""
    first, last = _FIRST.search(written), _LAST.search(written)
    if first and last and _is_name(first[1]) and _is_name(last[1]):
        return Names(first[1], last[1])
    if last and _is_name(last[1]):
        return Names(None, last[1])
    if first and _is_name(first[1]):
        return Names(first[1])
    for match in _STRONG.finditer(written):
        words = _words_at(written, match.end())
        weak = match[0].lower().startswith(("this is", "under ", "name ", "it's under"))
        if words and (not weak or words[0][0].isupper() or match[0].lower().startswith(("under", "it's under")) or len(words) < 3):
            return _names(words[:3] if words[0][0].isupper() else words[:2], asked)
    capitals = [match for match in re.finditer(rf"{_CAPITAL}(?: (?:{_CAPITAL}))*", written)]
    for match in re.finditer(rf"{_WORD}(?: {_WORD})?(?: {_WORD})?", written):
        words = match[0].split()
        while words and not _is_name(words[0]):
            words = words[1:]
        if words and _AFTER.match(written[match.end() :]) and all(map(_is_name, words)):
            leading = not match.start() or written[match.start() - 2 : match.start()] in (", ", ". ")
            if words[0][0].isupper() or (len(words) <= 2 and leading and len(words) == len(match[0].split())):
                return _names(words, asked)
    for match in re.finditer(rf"({_WORD}(?: {_WORD})?) (?=is (?:my|the) |here\b|speaking\b)", written):
        words = match[1].split()
        kept = [word for word in words if _is_name(word)]
        if kept and kept[-1] == words[-1] and _AFTER.match(" " + written[match.end() :]):
            return _names(kept, asked)
    for match in _WEAK.finditer(written):
        words = _words_at(written, match.end())
        kept_capitals = [word for word in words if word[0].isupper()]
        if len(kept_capitals) >= 2 or (kept_capitals and len(words) == 1 and match[0].lower().startswith(("i'm", "i am", "im", "for"))):
            return _names(kept_capitals[:3], asked)
        if words and match[0].lower().startswith(("i'm", "i’m", "im ", "i am")) and len(words) <= 2 and _ends(written, match.end(), words):
            return _names(words, asked)
    if asked:
        return _answer(written, asked)
    pairs = [match for match in capitals if len(match[0].split()) == 2 and all(map(_is_name, match[0].split()))]
    return None if len(pairs) != 1 or not re.search(r"\b(?:name|reservation|booking|booked)\b", written, re.IGNORECASE) else _names(pairs[0][0].split(), asked)


def _answer(written: str, asked: str) -> Names | None:
    """The whole answer as a name, when nothing else is in it."""
    stripped = re.sub(r"^(?:yes|yeah|sure|ok(?:ay)?|hi|hello|well|it's|it is|that would be|that's|um|uh)[ ,.!]+", "", written, flags=re.I)
    stripped = re.sub(r"[ ,]+(?:please|thanks|thank you)[.!]*$", "", stripped, flags=re.I)
    words = [word.strip(".,!?") for word in stripped.split()]
    words = [word for word in words if word]
    if 1 <= len(words) <= 3 and all(re.fullmatch(_WORD, word) and _is_name(word) for word in words):
        return _names(words, asked)
    return None


def _names(words: list[str], asked: str | None) -> Names:
    words = [word.strip(".,!?").removesuffix("'s") for word in words]
    if len(words) == 1:
        return Names(None, words[0]) if asked == "last_name" else Names(words[0])
    return Names(words[0], " ".join(words[1:]))


def _words_at(written: str, start: int) -> list[str]:
    """The words from there on that can be a name, three at most; none crosses a mark."""
    words: list[str] = []
    for match in re.finditer(rf" *({_WORD})([^\sA-Za-z]?)", written[start:]):
        if match.start() != sum(len(word) for word in words) + len(words) - (1 if words else 0) and not match[0].startswith(" "):
            if words or match.start() > 0:
                break
        word = match[1].rstrip(".")
        if not _is_name(word) or len(words) == 3 or (words and words[0][0].isupper() and not word[0].isupper()):
            break
        words.append(word)
        if match[2] or match[1].endswith("."):
            break
    return words


def _ends(written: str, start: int, words: list[str]) -> bool:
    """Whether the clause ends after these words."""
    after = written[start:].lstrip()[len(" ".join(words)) :]
    return re.match(r"\s*(?:$|[.,!?;]|and\b|i\b)", after) is not None


def _is_name(word: str) -> bool:
    plain = word.lower().strip(".,!?")
    if re.fullmatch(r"[ap]\.?m", plain):
        return False
    if plain in NOT_NAMES or plain.removesuffix("'s") in NOT_NAMES or len(plain) < 2 or re.search(r"\d", plain):
        return False
    return not (_CALENDAR.fullmatch(plain) and plain not in ("april", "may", "june", "august")) and not plain.endswith("ing")
