"""How many persons: `party of six`, `two adults and a child`, `me and my wife`, `four of us`, `just me`.

A guest list is counted. Whether the caller comes along with `my mother and an aunt` is not said: both counts are
candidates. Guests without a number (`my nieces`) make the size unknown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from callwaiting.understanding.moments import CHANGE, CORRECTION
from callwaiting.understanding.numbers import HOMOPHONES

LARGEST_PARTY = 500


@dataclass(frozen=True, slots=True)
class Party:
    """`size` None: nothing was said. `others`: further readings. `unknown`: guests were named, not how many."""

    size: int | None = None
    others: tuple[int, ...] = ()
    unknown: bool = False


_GROWN = (
    r"people|peoples|persons?|ppl|pax|guests?|adults?|grown ?-?ups?|diners?|covers?|heads?|patrons?|clients?|customers?|"
    r"visitors?|attendees|participants|members|men|women|ladies|gentlemen|seats?|seaters?|chairs|individuals|folks|tops?"
)
_KIN = (
    r"kids?|child(?:ren)?|infants?|bab(?:y|ies)|toddlers?|minors?|sons?|daughters?|boys?|girls?|friends?|cousins?|"
    r"colleagues?|coworkers?|co-workers|relatives?|siblings?|brothers?|sisters?|nieces?|nephews?|parents?|grandparents|"
    r"others?|buddies|mates?|teenagers?|teens|family members|grand(?:kids|children|sons?|daughters?|child)|"
    r"aunts?|uncles?|roommates?|neighbou?rs?|students?|employees|partners?|couples?"
)
_ONE = (
    r"wife|husband|hubby|spouse|fianc[eé]e?|girlfriend|boyfriend|mother|father|mom|mommy|mum|mummy|dad|daddy|son|"
    r"daughter|brother|sister|friend|buddy|mate|boss|colleague|coworker|co-worker|aunt|auntie|uncle|cousin|niece|nephew|"
    r"grand(?:mother|father|ma|pa|son|daughter|child)|granny|nan|partner|baby|kid|child|boy|girl|roommate|neighbou?r|"
    r"client|guest|date|assistant|secretary|(?:mother|father|sister|brother|son|daughter)-in-law|in-law|team ?mate|step\w+"
)
_NUMBER = r"(?:\d{1,3}|an?|no|another)"
_SELF = r"(?:me|myself|i|us)"
_MINE = r"(?:my|our|his|her|their|the|a|an)"

DIRECT = re.compile(
    rf"\b(?P<a>\d{{1,3}})[ -]?(?:more |other |of the |small |little |young |whole |hungry |minor |additional )?(?:{_GROWN})\b"
    rf"|\b(?:party|group|table|tables|reservation|booking|room|seats?|seating|spot|spots|space|total|family|number|sitting|"
    rf"dinner|lunch|breakfast|brunch|meal|somewhere|something|suite|appointment|place|it|that) (?:size )?(?:of|for|is|will be|"
    rf"to|up to) (?:the |about |just |only |exactly |around )?(?P<b>\d{{1,3}})\b(?! ?(?:{_KIN}|nights?|days?|hours?|weeks?|rooms?|"
    rf"months?|minutes?|beds?|tables?|\d|%))"
    rf"|\b(?P<c>\d{{1,3}}) (?:of us|of them|of my|in total|total|altogether|in all|in the party|in our party|strong)\b"
    rf"|\bfor (?:the |just |only |about |around )?(?P<d>\d{{1,3}})\b(?=(?: of us)?(?:[ ,.?!;]*(?:$|_|(?:at|on|in|under|please|and|by|"
    rf"with|from|near|outside|inside|thanks?|if|would|that|around|close|not|tonight|i|we|today|my)\b)))"
    rf"|\b(?:there (?:will be|are|is)|we (?:are|will be)|it (?:is|will be)|make (?:it|that)|be|to be|have|only|just|be just) (?:just |only |about |now )?"
    rf"(?P<e>\d{{1,3}})\b(?=$|[ ,.?!;]*(?:$|of us|not|instead|please|now|people|coming|_|and|in|at|for))"
)
GUEST = re.compile(
    rf"\b(?:(?P<count>\d{{1,3}}|an?|no|another) (?:of )?)?(?:{_MINE} )?(?P<count2>\d{{1,3}} )?"
    rf"(?:other |more |small |little |young |best |good |older |minor |lovely |dear |close |additional )*"
    rf"(?P<who>{_GROWN}|{_KIN}|{_ONE})\b(?!['-])"
)
SELF = re.compile(r"\b(?:me|myself|us|and i|i and|i am (?:coming|travelling|traveling|bringing)|i will be (?:coming|with|bringing)|just me)\b")
PLURAL_ONLY = re.compile(r"(?:s|children|people|ladies|men|women|ies)$")
LIST_LINK = re.compile(r"^[ ,]*(?:(?:and|plus|with|&|along with|as well as|also|,|or)[ ,]*)*(?:with )?$")


def party_in(rest: str, whole_plain: str, asked: bool) -> Party:
    """The party in a text whose dates and times have been blanked out."""
    lists = _guest_list(rest)
    grown = [match["who"] for match in GUEST.finditer(rest) if re.fullmatch(_GROWN, match["who"])]
    if len(grown) > 1 and not any(word.startswith(("adult", "grown")) for word in grown):
        lists = None
    direct = _direct(rest)
    if lists is not None and (direct is None or lists.unknown or len(GUEST.findall(rest)) > 1 or lists.others):
        found = lists
    else:
        found = direct if direct is not None else lists
    if found is not None:
        return found
    if asked:
        numbers = [int(number) for number in re.findall(r"(?<![\d.:/])\b\d{1,3}\b(?![\d.:/%])", rest)]
        if len(set(numbers)) == 1 and 0 < numbers[0] <= LARGEST_PARTY:
            return Party(numbers[0])
        if len(set(numbers)) > 1:
            return Party(numbers[-1], tuple(dict.fromkeys(numbers[:-1])))
        if whole_plain.strip(" .!?") in HOMOPHONES:
            return Party(HOMOPHONES[whole_plain.strip(" .!?")])
    return Party()


def _direct(rest: str) -> Party | None:
    matches = list(DIRECT.finditer(rest))
    numbers = [int(next(group for group in match.groups() if group)) for match in matches]
    sizes = list(dict.fromkeys(number for number in numbers if 0 < number <= LARGEST_PARTY))
    if not sizes:
        return None
    if len(sizes) == 1:
        return Party(sizes[0])
    if CHANGE.search(rest) or CORRECTION.search(rest) or re.search(r"\b(?:could|can|now|will)\b", rest):
        return Party(sizes[-1])
    return Party(sizes[0], tuple(sizes[1:]))


def _guest_list(rest: str) -> Party | None:
    """Persons named one after the other, counted; None without any."""
    total, grown_only, unknown, named = 0, True, False, 0
    matches = [match for match in GUEST.finditer(rest) if not _is_other_sense(rest, match)]
    myself = bool(SELF.search(rest)) and not re.search(r"\bfor (?:me|us)\b.{0,3}(?:please|\?|$)", rest)
    alone = re.search(r"\b(?:just|only|be) (?:for )?(?:me|myself)\b|\bfor (?:myself|1)$|\b(?:by|on) my ?self\b|\balone\b", rest)
    counted: set[str] = set()
    for match in matches:
        count = (match["count2"] or match["count"] or "").strip()
        who = match["who"]
        mine = re.search(rf"\b{_MINE} ", match[0])
        grown = re.fullmatch(_GROWN, who) is not None
        if grown and not count:
            continue
        if not count and not mine and not re.search(r"(?:and|,|with|plus|&) ?$", rest[: match.start()]) and who not in ("mom", "dad", "mum"):
            continue
        named += 1
        grown_only = grown_only and grown
        if count.isdigit():
            total += int(count)
        elif count in ("no",):
            continue
        elif PLURAL_ONLY.search(who) and not re.fullmatch(_ONE, who) and count not in ("a", "an", "another"):
            unknown = True
        else:
            total += 1
        counted.add(who)
    plus = re.search(r"\b(\d{1,3}) (?:others?|more|plus (?:me|myself))\b|\b(?:me|myself|i) (?:and|plus) (\d{1,3})\b(?! ?[a-z])|"
                     r"\b(\d{1,3}) (?:and|plus) (?:me|myself)\b", rest)  # fmt: skip
    if plus and not named:
        return Party(int(next(group for group in plus.groups() if group)) + 1)
    if not named:
        if re.search(r"\b(?:me|myself|i) and (?!i\b)[a-z]+\b|\b[a-z]+ and (?:myself|i)\b(?! (?:will|want|would|need|have|am|can))", rest) and not alone:
            return Party(2) if not re.search(r"\bmy \w+s and i\b", rest) else Party(unknown=True)
        return Party(1) if alone else None
    if unknown:
        return Party(unknown=True)
    if myself:
        return Party(min(total + 1, LARGEST_PARTY)) if total or alone else None
    if total == 0:
        return None
    if grown_only or not re.search(rf"\b(?:my|our)\b", " ".join(match[0] for match in matches)):
        return Party(min(total, LARGEST_PARTY))
    return Party(total, (total + 1,))


def _is_other_sense(rest: str, match: re.Match[str]) -> bool:
    """`this guest house`, `a kids menu`, `seat at the bar`: the word is there, the persons are not."""
    after = rest[match.end() :]
    return re.match(r" ?(?:house|menu|meals?|room|club|area|chair|pool|play|bed|name|'s|friendly|is the name|speaking)\b", after) is not None
