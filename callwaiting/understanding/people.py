"""How many persons: `party of six`, `two adults and a child`, `me and my wife`, `four of us`, `just me`.

A guest list is counted. Whether the caller comes along with `my mother and an aunt` is not said: both counts are
readings. Guests without a number (`my nieces`) make the size unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from callwaiting.understanding.moment_words import CHANGE, CORRECTION
from callwaiting.understanding.numbers import HOMOPHONES

LARGEST_PARTY = 500
Match = re.Match[str]


@dataclass(frozen=True, slots=True)
class Party:
    """`size` None: nothing was said. `others`: further readings. `unknown`: guests were named, not how many."""

    size: int | None = None
    others: tuple[int, ...] = ()
    unknown: bool = False


PERSONS = (
    r"people|peoples|persons?|ppl|pax|guests?|adults?|grown ?-?ups?|diners|covers?|heads?|patrons?|clients?|"
    r"customers?|visitors?|attendees|participants|members|men|women|ladies|gentlemen|seats?|seaters?|chairs|"
    r"individuals|folks|peeps|souls|tops?"
)
KIN = (
    r"kids?|child(?:ren)?|infants?|bab(?:y|ies)|toddlers?|minors?|sons?|daughters?|boys?|girls?|friends?|cousins?|"
    r"colleagues?|coworkers?|co-workers|relatives?|siblings?|brothers?|sisters?|nieces?|nephews?|parents?|others|"
    r"other(?! [a-z])|"
    r"grandparents|buddies|mates?|teenagers?|teens|family members|grand(?:kids|children|sons?|daughters?|child)|"
    r"aunts?|uncles?|roommates?|neighbou?rs?|students?|twins|employees|partners?|couples|pairs"
)
ONE = (
    r"wife|husband|hubby|spouse|fianc[eé]e?|girlfriend|boyfriend|mother|father|mom|mommy|mum|mummy|dad|daddy|son|"
    r"daughter|brother|sister|friend|buddy|mate|boss|colleague|coworker|co-worker|aunt|auntie|uncle|cousin|niece|"
    r"nephew|grand(?:mother|father|ma|pa|son|daughter|child)|granny|nan|partner|baby|kid|child|boy|girl|roommate|"
    r"neighbou?r|client|guest|assistant|secretary|(?:mother|father|sister|brother|son|daughter)-in-law|in-law|"
    r"team ?mate|step(?:son|daughter|mother|father|brother|sister)"
)
_TABLE = (
    r"party|group|tables?|reservation|booking|room|seats?|seating|spots?|space|total|family|number|sitting|dinner|"
    r"lunch|breakfast|brunch|meal|somewhere|something|suite|appointment|place|it|that"
)
_MINE = r"(?:my|our|his|her|their|the|a|an)"
_NOT_PERSONS = rf"(?! ?(?:{KIN}|nights?|days?|hours?|weeks?|rooms?|months?|minutes?|beds?|tables?|stars?|\d|%))"
_ALSO_NEXT = (
    r"at|on|in|under|please|and|by|with|from|near|outside|inside|thanks?|if|would|that|around|close|not|tonight|i|we|"
    r"today|my|the|this|next|any ?time|some ?time|about|no later|late|early|between|after|before|until|is|are|can|could"
)
_ABOUT = (
    r"(?:the |about |just |only |exactly |around |roughly |approximately |approx\.? |at least |at most |up to |nearly |"
    r"almost |no more than |maybe |like )?"
)

# A number that says the size by itself, each in a sentence of its kind.
DIRECT: tuple[re.Pattern[str], ...] = tuple(
    re.compile(pattern)
    for pattern in (
        rf"\b(\d{{1,3}})(?: ish| or so)?[ -]?(?:of the |small |little |young |whole |hungry )?(?:{PERSONS})\b",
        rf"\b(?:{_TABLE}) (?:size )?(?:of|for|is|will be|to|up to) {_ABOUT}(\d{{1,3}})\b{_NOT_PERSONS}",
        r"\b(?:us|we|all) (\d{1,3})\b",
        r"^(\d{1,2}) for (?=_|dinner|lunch|breakfast|brunch|supper|drinks)",
        r"_ ?,? ?x ?(\d{1,2})\b",
        r"\b(?:seats?|fits?|holds?|accommodates?|squeeze in|fit in|size(?: is| of| will be)?|"
        r"(?:people|guests|persons):?(?: is| are| will be)?|total of|number(?: is| will be)?|group is|party is) "
        r"(?:about |up to |around |roughly |approximately |at least |at most )?(\d{1,3})\b"
        rf"{_NOT_PERSONS}",
        r"\b(\d{1,3}) (?:of us|of them|in total|total|altogether|all together|in all|strong|"
        r"in (?:the|our|my) (?:party|group|family))\b",
        rf"(?<!looking )(?<!searching )(?<!search )(?<!look )\bfor {_ABOUT}(?<!the (?=1\b))(\d{{1,3}})\b"
        rf"(?=(?: of us)?(?:[.?!,;](?! ?\d)|[ ,;]*(?:$|_|(?:{_ALSO_NEXT})\b)))",
        r"\b(?:there (?:will be|are|is)|we (?:are|will be)|it (?:is|will be)|make (?:it|that)|be|to be|have(?! 1\b)|"
        r"only|just) (?:just |only |about |now )?(\d{1,3})\b"
        r"(?=[.?!,;](?! ?\d)|[ ,.?!;]*(?:$|_|(?:of us|not|instead|please|now|coming|and|in|at|for)\b))",
    )
)  # fmt: skip
GUEST = re.compile(
    rf"\b(?:(?P<count>\d{{1,3}}|an?|no|another) (?:of )?)?(?P<mine>{_MINE} )?(?P<count2>\d{{1,3}} )?"
    rf"(?:(?:other|more|small|little|young|best|good|older|old|minor|lovely|dear|close|additional|twin|single|big|elderly|"
    rf"younger|elder|baby|business|work|hungry) )*"
    rf"(?P<who>{PERSONS}|{KIN}|{ONE})\b(?!['-])"
)
SELF = re.compile(
    r"(?<!fine with )(?<!good with )(?<!okay with )(?<!ok with )(?<!provide )(?<!give )(?<!help )(?<!serve )"
    r"\b(?:me|myself|i)"
    r"(?:(?: and(?! i\b)|,| plus| with(?= (?:my|our|his|her|a|\d)))(?= )|"
    rf"(?<=me)(?= (?:my|our) (?:\w+ )?(?:{KIN}|{ONE})))|"
    r"(?:\band|,|\bplus|(?<!fine )(?<!good )(?<!okay )(?<!ok )\bwith) (?:me|myself)\b|"
    r"\bi (?:am|will be) (?:coming|travell?ing|bringing|with)\b|"
    r"\bi (?:will |would |want to |am going to )?(?:come with|bring)\b|"
    r"\band i\b(?! (?:will (?:like|need|want|take|have|prefer)|have|am|need|want|would|had|believe|think|can|cannot|"
    r"made|booked|do|could|was|like|forgot)\b)"
)
BESIDE = re.compile(r"(?<![\d.:/$])\b([1-9]\d?) (?:and|plus|with) $")
# `4 or 5 people`, `between 10 and 12 guests`, `4, maybe 5`: nobody knows yet.
BETWEEN = re.compile(
    rf"(?<![\d.:/$])\b(?P<least>\d{{1,3}})(?: ?- ?| to | or | or maybe |"
    r",? (?:or )?(?:maybe|possibly|perhaps) (?:even )?)"
    rf"(?P<most>\d{{1,3}})(?= (?:{PERSONS}|of us|{KIN})\b)|"
    rf"\bbetween (?P<least2>\d{{1,3}}) (?:and|to|or) (?P<most2>\d{{1,3}})(?= (?:{PERSONS}|of us)\b)|"
    r"(?:^|\b(?:for|be|are|is) )(?P<least3>\d{1,3})(?: or | or maybe |,? (?:maybe|possibly|perhaps) )(?P<most3>\d{1,3})"
    r"(?=[ .?!]*$)"
)
FROM_TO = re.compile(rf"\bfrom (?:being )?\d{{1,3}}(?: (?:{PERSONS}))? (?:up |down )?to (\d{{1,3}})\b(?! ?(?:pm|am))")
# The size is the whole, whatever is told of a part of it.
INCLUDING = re.compile(
    rf"\b(\d{{1,3}})\b(?: (?:{PERSONS}|of us|in total|total))?,? ?\(?(?:including|incl\.?|counting|of (?:whom|which)|"
    r"\d{1,3} of (?:them|whom|which|us))\b"
)
TABLES = re.compile(r"\b([2-9]) tables (?:of|for) (\d{1,2})\b(?! ?(?:pm|am))")
MORE = re.compile(
    rf"\b(?:and|plus|with) (?:another|a) couple\b|"
    rf"\badd(?:ing)? (?:an? )?(?:\d{{1,2}} )?(?:more |another |extra )?(?:{PERSONS}|{KIN})\b"
)
ALONG = re.compile(r"\b(?:with|accompanied by|joined by|along with) ?$")
_NAME = (
    rf"(?!(?:me|myself|i|my|our|the|an?|for|and|with|at|on|in|please|table|party|just|we|us|it|is|are|{PERSONS}|{KIN}|{ONE})\b)"
    r"[a-z]{2,}(?:-[a-z]+)?"
)
NAMED = re.compile(
    rf"(?:^|\b(?:for|with|be|are|is|by) )(?:(?P<before>(?:{_NAME}, ?)+{_NAME}),? and (?:me|myself|i)\b|"
    rf"(?:me|myself),? (?P<after>(?:{_NAME}, ?)*{_NAME},? and {_NAME})\b)"
)
NOT_COMING = re.compile(r"\bfor (?:me|us)\b.{0,3}(?:please|\?|$)")
ALONE = re.compile(
    r"\bme,? myself,? and i\b|\b1 (?:person|guest|adult|people),? (?:just |only )?me\b|"
    r"\b(?:just|only|be) (?:for )?(?:me|myself)\b|\bfor myself[.!]*$|\b(?:by|on) my ?(?:self|own)\b|\b(?:alone|solo)\b"
)
WITH_SELF = re.compile(
    r"\b(\d{1,3}) (?:and|plus) (?:me|myself)\b|\b(?:me|myself|i) (?:and|plus) (\d{1,3})\b(?! ?[a-z])"
)
BOTH = re.compile(
    r"\b(?:both|the pair|the couple) of us\b|\b(?:table|dinner|lunch|seat\w*|room) for a (?:couple|pair)\b"
)
PAIR = re.compile(
    r"\b(?:me|myself|i) and (?!i\b)[a-z]+\b(?=[ ,.?!]*(?:$|_|(?:at|in|for|on|to|near)\b))|"
    r"\b[a-z]+ and (?:myself|me|i)\b(?=[ ,.?!]*(?:$|_|(?:at|in|for|on|are)\b))"
)
OTHER_SENSE = re.compile(
    r" ?(?:house|menu|meals?|room|club|area|chair|pool|play|bed|name|'s|friendly|is the name|speaking)\b"
)


def party_in(rest: str, plain: str, *, asked: bool) -> Party:
    """The party in a text whose days and times have been blanked out; `plain` is the whole of it. A bare number is
    a party only when it was `asked` for."""
    if settled := _settled(rest):
        return settled
    guests = [match for match in GUEST.finditer(rest) if not OTHER_SENSE.match(rest[match.end() :])]
    listed, direct = _guest_list(rest, guests), _direct(rest)
    more = listed is not None and listed.size is not None and direct is not None and listed.size > (direct.size or 0)
    if direct == Party(1) and ALONE.search(rest):
        return direct
    if listed is not None and (direct is None or listed.unknown or listed.others or more) and not _same_twice(guests):
        return listed
    if direct is not None:
        return direct
    return _answer(rest, plain) if asked else Party()


def _settled(rest: str) -> Party | None:
    """What is said of the whole party, so that its parts need not be counted."""
    if changed := FROM_TO.search(rest):
        return Party(int(changed[1]))
    if whole := INCLUDING.search(rest):
        return Party(int(whole[1]))
    if (between := BETWEEN.search(rest)) and not CHANGE.search(rest):
        least, most = (int(number) for number in between.groups() if number)
        return Party(most, (least,)) if 0 < least < most <= LARGEST_PARTY else None
    if tables := TABLES.search(rest):
        return Party(int(tables[1]) * int(tables[2]), (int(tables[2]),))
    if MORE.search(rest):
        return Party(unknown=True)
    if re.search(r"\bme,? myself,? and i\b", rest):
        return Party(1)
    named = NAMED.search(rest)
    return (
        Party(len(re.findall(_NAME, re.sub(r"\band\b", ",", named["before"] or named["after"]))) + 1) if named else None
    )


def _answer(rest: str, plain: str) -> Party:
    """The size, as the answer to the question for it."""
    bare = plain.strip(" .!?")
    if added := re.fullmatch(r"(\d{1,3}) ?(?:\+|plus) ?(\d{1,2})", bare):
        return Party(int(added[1]) + int(added[2]))
    rest = re.sub(r"\b(?:not|instead of|rather than) (?=\d)\d+", "_", rest)
    numbers = [int(number) for number in re.findall(r"(?<![\d.:/])\b\d{1,3}\b(?![.:/]?\d|%)", rest)]
    sizes = list(dict.fromkeys(number for number in numbers if 0 < number <= LARGEST_PARTY))
    if not sizes:
        return Party(HOMOPHONES.get(bare))
    return Party(sizes[-1], tuple(sizes[:-1]))


def _direct(rest: str) -> Party | None:
    """The size that a number says by itself; of several, the last where something is changed."""
    matches = sorted(
        (match for pattern in DIRECT for match in pattern.finditer(rest)), key=lambda match: match.start(1)
    )
    sizes = list(dict.fromkeys(size for match in matches if 0 < (size := int(match[1])) <= LARGEST_PARTY))
    if len(sizes) < 2:
        return Party(sizes[0]) if sizes else None
    if CHANGE.search(rest) or CORRECTION.search(rest) or re.search(r"\b(?:could|can|now|will)\b", rest):
        return Party(sizes[-1])
    return Party(sizes[0], tuple(sizes[1:]))


def _same_twice(guests: Sequence[Match]) -> bool:
    """Whether one party is named twice (`4 people … make it 5 people`), and not two kinds of guests."""
    general = [match["who"] for match in guests if re.fullmatch(PERSONS, match["who"])]
    return len(general) > 1 and not any(who.startswith(("adult", "grown")) for who in general)


def _guest_list(rest: str, guests: Sequence[Match]) -> Party | None:
    """Persons named one after the other, counted; None without any."""
    with_self = WITH_SELF.search(rest)
    counted = [guest for guest in guests if _is_counted(rest, guest)]
    if not counted:
        if with_self:
            return Party(int(with_self[1] or with_self[2]) + 1)
        if ALONE.search(rest):
            return Party(1)
        return Party(2) if BOTH.search(rest) or PAIR.search(rest) else None
    if len(counted) == 1 and not with_self and not _comes_along(rest, counted[0]):
        return None
    beside = BESIDE.search(rest[: counted[0].start()])  # `3 and a baby`
    total = int(beside[1]) if beside else 0
    whole = 0  # what `people` says, beside persons named one by one
    for guest in counted:
        number = _number_of(guest)
        if number is None:
            return Party(unknown=True)
        total += number
        whole += number if re.fullmatch(r"people|persons?|guests?|of us|in total", guest["who"]) else 0
    if whole > 1 and total - whole in (whole - 1, whole):  # `with a friend, for two people`
        return Party(whole)
    total = min(total, LARGEST_PARTY - 1)
    if SELF.search(rest) and not NOT_COMING.search(rest):
        return Party(total + 1)
    if total == 0:
        return None
    own = any(re.search(r"\b(?:my|our)\b", guest[0]) for guest in counted)
    general = all(re.fullmatch(PERSONS, guest["who"]) for guest in counted)
    if not general and not own and ALONG.search(rest[: counted[0].start()]) and _direct(rest) is None:
        return Party(total + 1, (total,))  # `with three friends`: whoever says so comes along
    return Party(total) if general or not own else Party(total, (total + 1,))


def _comes_along(rest: str, guest: Match) -> bool:
    """Whether one person who is named without a number is a guest, and not only spoken of (`my wife is ill`)."""
    if re.search(r"\d|twins", guest[0]) or SELF.search(rest[max(0, guest.start() - 12) : guest.end() + 12]):
        return True
    before = re.search(r"\b(?:for|with|bringing|and|be|is|plus|just)(?: just)? ?$", rest[: guest.start()])
    return before is not None or not re.search(r"\w", rest[: guest.start()] + rest[guest.end() :].replace("_", ""))


def _is_counted(rest: str, guest: Match) -> bool:
    """Whether persons are meant: with a number or `my`, or as a further member of a list."""
    number = guest["count"] or guest["count2"]
    if number == "another" or " more " in guest[0]:
        return False
    if re.fullmatch(PERSONS, guest["who"]):
        return bool(number)
    listed = re.search(r"(?:and|,|with|plus|&) ?$", rest[: guest.start()])
    return bool(number or guest["mine"] or listed or guest["who"] in ("mom", "dad", "mum"))


def _number_of(guest: Match) -> int | None:
    """How many of these; None for a plural without a number."""
    said = (guest["count2"] or guest["count"] or "").strip()
    if said.isdigit():
        return int(said) * (2 if guest["who"] in ("couples", "pairs") else 1)
    if said == "no":
        return 0
    if guest["who"] in ("twins", "parents", "grandparents"):
        return 2
    many = re.search(r"(?:s|children|people|ladies|men|women)$", guest["who"]) and not re.fullmatch(ONE, guest["who"])
    return None if many and said not in ("a", "an", "another") else 1
