"""In which country a business is, as far as its zone tells: how its numbers are dialled and which feasts it keeps."""

from __future__ import annotations

from callwaiting.understanding.days import MONTH_FIRST

ZONES = (
    ("Europe/London", "GB"), ("Europe/Dublin", "IE"), ("Australia/", "AU"), ("Pacific/Auckland", "NZ"),
    ("Africa/Johannesburg", "ZA"), ("Asia/Kolkata", "IN"), ("Asia/Singapore", "SG"), ("Canada/", "CA"),
    *((f"America/{city}", "CA") for city in (
        "Toronto", "Montreal", "Vancouver", "Edmonton", "Winnipeg", "Halifax", "Regina", "St_Johns", "Moncton",
        "Whitehorse", "Yellowknife", "Iqaluit",
    )),
)  # fmt: skip


def country_of(timezone: str) -> str | None:
    """ISO 3166; None for a zone that says nothing of it."""
    known = next((country for zone, country in ZONES if timezone.startswith(zone)), None)
    return known or ("US" if timezone.startswith(MONTH_FIRST) else None)
