"""Days that people name instead of a date, in the English-speaking countries' usual sense."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta

MONDAY, THURSDAY, SUNDAY = 0, 3, 6


def easter(year: int) -> date:
    """Western Easter Sunday (the anonymous Gregorian computus)."""
    golden, century = year % 19, year // 100
    rest = year % 100
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    month, day = divmod(epact + weekday - 7 * ((golden + 11 * epact + 22 * weekday) // 451) + 114, 31)
    return date(year, month, day + 1)


def nth_weekday(year: int, month: int, weekday: int, nth: int) -> date | None:
    """The nth such weekday of a month; -1 is the last. None when the month has no fifth."""
    if nth < 0:
        following = date(year + month // 12, month % 12 + 1, 1)
        last = following - timedelta(days=1)
        return last - timedelta(days=(last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    found = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))
    return found if found.month == month else None


def _nth(month: int, weekday: int, nth: int) -> Callable[[int], date]:
    def of_year(year: int) -> date:
        found = nth_weekday(year, month, weekday, nth)
        assert found is not None  # noqa: S101 - every month has four of each weekday
        return found

    return of_year


def _on(month: int, day: int) -> Callable[[int], date]:
    return lambda year: date(year, month, day)


FEASTS: Mapping[str, Callable[[int], date]] = {
    r"christmas eve|xmas eve": _on(12, 24),
    r"(?:christmas|xmas)(?: day)?": _on(12, 25),
    r"boxing day": _on(12, 26),
    r"new year'?s? eve|nye": _on(12, 31),
    r"new year'?s?(?: day)?": _on(1, 1),
    r"(?:saint |st\.? )?valentine'?s?'?(?: day)?": _on(2, 14),
    r"(?:saint |st\.? )patrick'?s?'?(?: day)?": _on(3, 17),
    r"april fool'?s?'?(?: day)?": _on(4, 1),
    r"(?:international )?(?:may day|workers'? day)": _on(5, 1),
    r"cinco de mayo": _on(5, 5),
    r"juneteenth": _on(6, 19),
    r"independence day|the 4th of july|july the 4th": _on(7, 4),
    r"hall?owe'?en|all hallows'? eve": _on(10, 31),
    r"all saints'?(?: day)?": _on(11, 1),
    r"(?:armistice|remembrance) day": _on(11, 11),
    r"groundhog day": _on(2, 2),
    r"australia day": _on(1, 26),
    r"anzac day": _on(4, 25),
    r"canada day": _on(7, 1),
    r"bastille day": _on(7, 14),
    r"epiphany": _on(1, 6),
    r"bonfire night|guy fawkes(?: night)?": _on(11, 5),
    r"veterans?'?s? day": _on(11, 11),
    r"(?:martin luther king|mlk)(?: jr)?\.?'?s?(?: day)?": _nth(1, MONDAY, 3),
    r"presidents?'?s?'? day": _nth(2, MONDAY, 3),
    r"memorial day": _nth(5, MONDAY, -1),
    r"columbus day|indigenous peoples'? day": _nth(10, MONDAY, 2),
    r"black friday": lambda year: _nth(11, THURSDAY, 4)(year) + timedelta(days=1),
    r"canadian thanksgiving(?: day)?": _nth(10, MONDAY, 2),
    r"cyber monday": lambda year: _nth(11, THURSDAY, 4)(year) + timedelta(days=4),
    r"shrove tuesday|pancake (?:day|tuesday)|mardi gras": lambda year: easter(year) - timedelta(days=47),
    r"ash wednesday": lambda year: easter(year) - timedelta(days=46),
    r"palm sunday": lambda year: easter(year) - timedelta(days=7),
    r"maundy thursday": lambda year: easter(year) - timedelta(days=3),
    r"whit sunday|pentecost(?: sunday)?": lambda year: easter(year) + timedelta(days=49),
    r"whit monday": lambda year: easter(year) + timedelta(days=50),
    r"holy saturday": lambda year: easter(year) - timedelta(days=1),
    r"good friday": lambda year: easter(year) - timedelta(days=2),
    r"easter monday": lambda year: easter(year) + timedelta(days=1),
    r"easter(?: sunday)?": easter,
}
MOTHERS = _nth(5, SUNDAY, 2)
FATHERS = _nth(6, SUNDAY, 3)


def _mothering(year: int) -> date:
    return easter(year) - timedelta(days=21)


# One name for different days: that of the business's country, the likeliest first where it keeps none of them.
BY_COUNTRY: Mapping[str, Mapping[str, Callable[[int], date]]] = {
    r"thanksgiving(?: day)?": {"US": _nth(11, THURSDAY, 4), "CA": _nth(10, MONDAY, 2)},
    r"mother'?s'? day": {
        **dict.fromkeys(("US", "CA", "AU", "NZ", "ZA", "IN", "SG"), MOTHERS), "GB": _mothering, "IE": _mothering
    },
    r"father'?s'? day": {
        **dict.fromkeys(("US", "CA", "GB", "IE", "ZA", "IN", "SG"), FATHERS), "AU": _nth(9, SUNDAY, 1),
        "NZ": _nth(9, SUNDAY, 1),
    },
    r"labou?r day": {
        "US": _nth(9, MONDAY, 1), "CA": _nth(9, MONDAY, 1), "NZ": _nth(10, MONDAY, 4), "IN": _on(5, 1), "SG": _on(5, 1)
    },
}  # fmt: skip
FEAST = "|".join([*FEASTS, *BY_COUNTRY])


def feasts_on(name: str, year: int, country: str | None) -> list[date]:
    """The day in `year` of a name that FEAST matches; several where the country does not decide between them."""
    for pattern, day in FEASTS.items():
        if re.fullmatch(pattern, name):
            return [day(year)]
    kept = next(days for pattern, days in BY_COUNTRY.items() if re.fullmatch(pattern, name))
    own = kept.get(country or "")
    return [own(year)] if own else list(dict.fromkeys(day(year) for day in kept.values()))
