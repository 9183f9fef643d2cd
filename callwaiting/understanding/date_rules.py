"""The patterns of every way in which a day can be said, the most special first; what each means is in `dates`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from callwaiting.understanding.calendar_words import MONTH, PART, TOMORROW, UNIT, WEEKDAY
from callwaiting.understanding.counted_days import (
    read_ahead,
    read_count,
    read_delay,
    read_gone,
    read_half_hours,
    read_hours_and_minutes,
    read_now,
    read_part_of_hour,
    read_spoken,
    read_upcoming,
    read_weekdays_ahead,
)
from callwaiting.understanding.dates import (
    read_day_of_month,
    read_feast,
    read_iso,
    read_last_day,
    read_nth_of_month,
    read_number,
    read_numeric,
    read_unsaid,
    read_weekday,
    read_weekday_and_number,
    read_weekday_and_numeric,
)
from callwaiting.understanding.days import Days, Match, Today
from callwaiting.understanding.feasts import FEAST
from callwaiting.understanding.moment_words import COUNTED
from callwaiting.understanding.text import blank

SHIFT = re.compile(
    r"\b(?P<length>for (?:about )?)?(?:(?P<count>\d{1,2}|an?|the) )?(?P<unit>day|week|fortnight)s? "
    r"(?P<way>before |after |from |on |(?=$))(?:the )?$"
)
_BESIDE = re.compile(rf"[ ,(]{{1,3}}(?:(?:in the |at |early |late )*(?:{PART})[ ,]+)?(?:(?:on|the) )*")
WEEK_BEHIND = re.compile(r" week\b(?![ -]?end)")
Reading = Callable[[Match, Today], Days | None]


def days_in(plain: str, today: Today) -> list[Days]:
    """The mentions of days, in the order of the text."""
    found: list[Days] = []
    rest = plain
    for pattern, reading in RULES:
        for match in pattern.finditer(rest):
            mention = reading(match, today)
            if mention is not None:
                found.append(mention)
                rest = blank(rest, match.start(), match.end())
    return _with_weekdays(plain, [_shifted(plain, each) for each in sorted(found, key=lambda each: each.start)])


def _with_weekdays(plain: str, found: list[Days]) -> list[Days]:
    """`March 25, Wednesday`, `Wednesday evening, March 25`: a weekday beside its date belongs to it, where it fits."""
    kept: list[Days] = []
    for mention in found:
        last = kept[-1] if kept else None
        if last and _BESIDE.fullmatch(plain[last.end : mention.start]):
            dated, other = (last, mention) if last.month_said or last.bare else (mention, last)
            fitting = tuple(day for day in dated.days if other.days and day.weekday() == other.days[0].weekday())
            if (
                fitting
                and (dated.month_said or dated.bare)
                and re.fullmatch(rf"(?:on |the )*{WEEKDAY}", plain[other.start : other.end])
            ):
                kept[-1] = replace(dated, start=last.start, end=mention.end, days=fitting)
                continue
        kept.append(mention)
    return kept


def _shifted(plain: str, mention: Days) -> Days:
    """`two weeks before Christmas`, `the day after the 3rd`, `a week on Thursday`, `tomorrow week`.

    `For a week on Thursday` may be how long it shall be instead: then both days are meant.
    """
    before = SHIFT.search(plain[: mention.start])
    if mention.gone:
        return mention
    if before is None:
        behind = WEEK_BEHIND.match(plain[mention.end :])
        return _moved(mention, mention.start, mention.end + 5, timedelta(days=7)) if behind else mention
    way, unit = before["way"].strip(), before["unit"]
    if way == "from" and before["length"]:
        return mention  # `for two days from the 10th` is how long it shall be
    unclear = way == "from" and unit == "day" and (mention.bare or mention.month_said)  # `4 days from the 1st`, long?
    if way in ("", "on") and (unit == "day" or (before["count"] is None and unit != "fortnight")):
        return mention
    count = read_count(before["count"] or "a") * {"day": 1, "week": 7, "fortnight": 14}[unit]
    moved = _moved(mention, before.start(), mention.end, timedelta(days=-count if way == "before" else count))
    if before["length"]:
        return replace(moved, days=(*mention.days, *moved.days))
    return replace(moved, days=(*moved.days, *mention.days)) if unclear else moved


def _moved(mention: Days, start: int, end: int, by: timedelta) -> Days:
    return replace(mention, start=start, end=end, days=tuple(day + by for day in mention.days), bare=None)


_YEAR = r"(?:,? ?(?:in |of )?(?P<year>(?:19|20)\d\d\b(?!-\d)|20 [2-9]\d\b|'\d\d\b|this year|next year))?"
_BEFORE = rf"(?<![:.\d/])(?<![$£€])(?<![$£€] )\b(?:(?P<weekday>{WEEKDAY}),? ?(?:on |the |\()*)?"
_ORD = r"(?:st|nd|rd|th)"
_ANCHOR = rf"(?:(?:from|after|following) (?P<anchor>now|today|tonight|{TOMORROW}|(?:this |next )?{WEEKDAY}))"
_COUNT = r"(?P<count>\d{1,3}|an?|another)(?: more| whole)?"

_AFTER_NUMBER = (
    r" ?(?:$|[.,!?;:_)-]|(?:at|for|from|to|till?|until|through|thru|and|or|in|on|if|is|was|would|will|please|with|by|"
    r"under|around|about|after|before|works?|rather|as|because|since|so|maybe|perhaps|that|should|does|sounds|okay|ok|my|instead|only|thanks?|thank|but|not|then|can|could|are|it|i|we|"
    r"evening|night|morning|afternoon|lunch|dinner|possible|better|fine|either|"
    r"(?!1\b(?! ?(?:[ap]\.?m|o'? ?clock|[:.]\d|person|people)))\d)\b)"
)
# `First` and `second` are days only behind one of these.
_BEFORE_NUMBER = (
    r"(?:^|(?<=\bon )|(?<=\bfor )|(?<=\bby )|(?<=\bto )|(?<=\btill )|(?<=until )|(?<=\bfrom )|(?<=before )|"
    r"(?<=after )|(?<=\band )|(?<=\bor )|(?<=[,_-] )|(?<=[,_-]))"
)
_ANY_ORD = rf"(?:{_ORD})?"
_END_OF_RANGE = (
    rf"(?= ?(?:-|to|until|till|through|and) ?(?:the )?\d{{1,2}}"
    rf"(?:{_ANY_ORD},? (?:of )?(?:{MONTH})(?! ?(?:the )?\d{{1,2}}(?:{_ORD}|\b)(?!:))|\.\d{{1,2}}\.(?:20)?\d\d\b))"
)

RULES: tuple[tuple[re.Pattern[str], Reading], ...] = tuple(
    (re.compile(pattern), reading)
    for pattern, reading in (
        (r"\bin (?:about )?(?:half an|(?:a )?quarter of an|3[ /-](?:quarters|4)(?: of)?(?: an)?) hour\b",
         read_part_of_hour),
        (r"\b(20\d\d)[-/.](\d{1,2})[-/.](\d{1,2})(?:\b|(?=t\d))", read_iso),
        (rf"(?:\b(?:the|from|between) |(?<![\d.])\b(?!1 ))(?P<day>\d{{1,2}}){_ANY_ORD}(?P<month>(?!))?{_END_OF_RANGE}",
         read_number),
        (rf"\b(?:the )?(?:very )?last(?: day)? (?:of|in) (?P<month>{MONTH}|(?:the|this|next) month)"
         rf"{_YEAR}", read_last_day),
        (rf"\b(?P<count>\d{{1,3}}|an?) (?P<weekday>{WEEKDAY}) (?:from now|from today|away)", read_weekdays_ahead),
        (r"\b(?:\d{1,3}|an?|half an) (?:minutes?|mins?|hours?|hrs?) (?:later|earlier|late|early)\b", read_delay),
        (rf"\b(?:(?:2nd|3rd|next)[ -](?:to[ -])?last|penultimate) {WEEKDAY} (?:of|in) [a-z]+\b|"
         rf"\b(?:super ?bowl|mothering|election|ascension) {WEEKDAY}|"
         r"\b(?:chinese|lunar|orthodox|jewish|persian|thai) (?:new year'?s?|christmas|easter)(?: (?:day|eve))?\b|"
         rf"\b{WEEKDAY} (?:just gone|gone|before last)\b|\bweek[ -]?ends? after (?:next|this|that)\b|"
         r"\b(?:\d{1,2}|an?) week[ -]?ends? (?:from now|from today|away|ahead)\b|"
         rf"\bin (?:an?|\d{{1,3}}) (?:day|week|month|hour)s? (?:or|to|maybe) \d{{1,3}}\b|"
         rf"\bin \d{{1,3}} ?(?:-|or|to|maybe) ?\d{{1,3}} {UNIT}\b|"
         rf"\b(?:days?|weeks?|months?|years?) and a half (?:from|after|before) (?:now|today|{TOMORROW}|{WEEKDAY})|"
         r"\bin (?:\d{1,3}|an?) (?:(?:days?|weeks?|months?|years?) and a half|"
         r"and a half (?:days|weeks|months|years))\b",
         read_unsaid),
        (r"\bin (?:about |around |just )?(?P<hours>\d{1,2}|an?) ?(?:hours?|hrs?),? (?:and )?"
         r"(?P<minutes>\d{1,2}) ?(?:minutes?|mins?)\b|"
         r"\b(?P<hours2>\d{1,2}|an?) ?(?:hours?|hrs?),? (?:and )?(?P<minutes2>\d{1,2}) ?(?:minutes?|mins?) from now\b",
         read_hours_and_minutes),
        (rf"\b(?P<nth>\d{_ORD}|last) (?P<weekday>{WEEKDAY}) (?:of|in) "
         rf"(?P<month>{MONTH}|(?:the|this|next) month){_YEAR}", read_nth_of_month),
        (rf"(?<!st )(?<!nd )(?<!rd )(?<!th )(?<!of ){_BEFORE}"
         rf"(?P<month>{MONTH}) (?:the )?(?P<day>\d{{1,2}}){_ORD}{_YEAR}",
         read_day_of_month),
        (rf"{_BEFORE}(?:next |this |coming )?(?P<day>\d{{1,2}}){_ORD}?(?: day)?,?[ ./-]?(?:of )?(?:the )?"
         rf"(?P<month>{MONTH})(?:[/-](?=\d))?{_YEAR}",
         read_day_of_month),
        (rf"{_BEFORE}(?:next |this |coming )?(?P<month>{MONTH})[ /-]?(?:the )?"
         rf"(?P<day>\d{{1,2}})(?!\d|:\d|[ ]?[ap]\.?m\b){_ORD}?{_YEAR}", read_day_of_month),
        (rf"{_BEFORE}(?P<first>\d{{1,2}})(?P<dot>[/.-])(?P<second>\d{{1,2}})(?P=dot)(?P<year>(?:19|20)\d\d|\d\d)\b",
         read_numeric),
        (rf"{_BEFORE}(?P<first>\d{{1,2}})(?P<dot>/)(?P<second>\d{{1,2}})(?P<year>(?!))?(?![\d/]|\.\d)", read_numeric),
        (rf"{_BEFORE}(?P<first>\d{{1,2}})(?P<dot>\.)(?P<second>\d{{1,2}})\.(?P<year>(?!))?(?=$|[ -])", read_numeric),
        (rf"\b(?P<weekday>{WEEKDAY}),? (?:the )?(?P<first>\d{{1,2}})(?P<dot>\.)(?P<second>\d{{1,2}})(?P<year>(?!))?"
         r"(?![\d.]|[ ]?[ap]\.?m)", read_weekday_and_numeric),
        (rf"\b(?P<weekday>{WEEKDAY})(?:,| in)? {_COUNT} (?P<unit>{UNIT}) {_ANCHOR}", read_ahead),
        (rf"\b(?P<weekday>{WEEKDAY}),? in {_COUNT} (?P<unit>{UNIT})\b", read_ahead),
        (rf"\b{_COUNT} (?P<unit>{UNIT})(?:'s)?(?: time)? {_ANCHOR}(?:,? on (?P<weekday>{WEEKDAY}))?", read_ahead),
        (rf"\b(?P<which>last |next |this |coming )?(?:the )?(?P<feast>{FEAST})\b{_YEAR}", read_feast),
        (rf"\b(?P<weekday>{WEEKDAY}),? (?:on )?(?:the )?(?P<day>\d{{1,2}})(?:{_ORD}|(?=$|[.,!?_](?!\d)))"
         rf"(?! (?:people|person|guest))(?:,? ?(?P<year>20\d\d))?", read_weekday_and_number),
        (rf"\b(?:the )?(?P<day>\d{{1,2}})(?:{_ORD})?(?: day)?(?: of| in)? "
         rf"(?P<month>(?:the|this|next|the next|last|the current|the coming|the following) month)\b", read_number),
        (r"\b(?P<month>(?:this|next) month),?(?: on| for)? the (?P<day>\d{1,2})(?:st|nd|rd|th)\b", read_number),
        (rf"(?<!\ba )(?<!\b1 )(?:\bthe |{_BEFORE_NUMBER}|\b(?![123](?:st|nd|rd)))(?P<day>\d{{1,2}}){_ORD}\b"
         rf"(?P<month>(?!))?(?={_AFTER_NUMBER})", read_number),
        (rf"\bthe (?P<day>(?![123](?:st|nd|rd))\d{{1,2}}){_ORD}\b(?P<month>(?!))?(?! ?(?:{COUNTED}))", read_number),
        (rf"\b(?:the )?day after (?:{TOMORROW})|\b(?:{TOMORROW})|\bto-?day(?:'?s)?\b|\bto[- ]?nigh?te?(?:'?s)?\b|"
         rf"\bthis (?:morning|afternoon|evening|lunch ?time)\b", read_spoken),
        (rf"\b(?:(?:the )?day before )?yesterday(?:'?s)?\b|"
         r"\b(?:last|this past|the past) (?:night|week|month|year|weekend)\b(?! of)|"
         rf"\b(?:\d{{1,3}}|an?) (?:{UNIT}) (?:ago|before(?! (?:\d|noon|midday|lunch))|earlier)\b", read_gone),
        (rf"\b{MONTH} in {_COUNT} years?\b|\bthe day after\b(?! [a-z_])|\b(?:closest|nearest) to\b", read_unsaid),
        (r"\b(?:upcoming (?P<count>\d{1,3})|(?P<count2>\d{1,3}) upcoming) days?\b", read_upcoming),
        (r"\bin (?:about |around |just )?(?P<hours>\d{1,2}|an?)(?:\.5 ?(?:hours?|hrs?)| and a half (?:hours?|hrs?)|"
         r" (?:hours?|hrs?) and a half)\b", read_half_hours),
        (rf"\bin (?:about |around |just |exactly )?{_COUNT} ?(?P<unit>{UNIT})(?:'s?)?(?: time)?"
         rf"(?: on (?P<weekday>{WEEKDAY}))?(?![a-z])",
         read_ahead),
        (rf"\b{_COUNT} (?P<unit>{UNIT}) (?:later|away|hence)\b", read_ahead),
        (rf"\b(?P<which>)(?P<weekday>{WEEKDAY})"
         r"(?P<after> (?:of )?(?:the )?(?:next|following|this) week| (?:after next|week)\b)",
         read_weekday),
        (rf"\b(?P<which>)(?P<after>next week,? (?:on )?)(?P<weekday>{WEEKDAY})(?![a-z'])", read_weekday),
        (rf"\b(?P<which>(?:the )?)(?P<weekday>{WEEKDAY})(?P<after> after (?:this|that|the next)(?: 1)?\b)",
         read_weekday),
        (rf"\b(?P<which>(?:(?:on|the|this|next|coming|upcoming|following|last|previous|past|of) )*)"
         rf"(?P<weekday>{WEEKDAY})(?![a-z'])(?P<after>(?!))?",
         read_weekday),
        (r"(?:\bright )?\bnow(?=[.?!,]|$| until| till| to | please)|\bright now\b|\basap\b|\bstraight ?away\b|"
         r"\bimmediately\b|\bat the moment\b", read_now),
    )
)  # fmt: skip
