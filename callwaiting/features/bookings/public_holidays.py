"""Public holidays of a country or one of its regions, by the library `holidays`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from functools import lru_cache

OBSERVED = " (observed)"


def supported(country: str, region: str | None) -> bool:
    """Whether the library knows the country (ISO 3166-1 alpha-2) and, if one is given, its region."""
    regions = _countries().get(country)
    return regions is not None and (region is None or region in regions)


@lru_cache(maxsize=512)
def of_year(country: str, region: str | None, year: int) -> Mapping[date, tuple[str, ...]]:
    """The days of a year that are public holidays, with their English names. One that is kept on another day because
    it falls on a weekend has the same name on both."""
    import holidays

    try:
        found = holidays.country_holidays(country, subdiv=region, years=year, language="en_US")
    except NotImplementedError:  # the country or region is gone from a later library
        return {}
    return {
        day: tuple(dict.fromkeys(name.removesuffix(OBSERVED) for name in found.get_list(day)))
        for day in sorted(found)
        if day.year == year
    }


def closed_days(country: str | None, region: str | None, open_on: Collection[str], *years: int) -> frozenset[date]:
    """The holidays of these years on which the business is closed: those that are not named in `open_on`."""
    if country is None:
        return frozenset()
    return frozenset(
        day
        for year in dict.fromkeys(years)
        for day, names in of_year(country, region, year).items()
        if not set(names) <= set(open_on)
    )


@lru_cache(maxsize=1)
def _countries() -> Mapping[str, Collection[str]]:
    import holidays

    return holidays.list_supported_countries(include_aliases=False)
