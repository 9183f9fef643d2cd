"""What to dial so that a carrier forwards calls that are not taken to one of our numbers. Pure; the facts and their
sources are in `forwarding.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from callwaiting.core import phone
from callwaiting.core.errors import FieldError, ValidationFailed

Condition = Literal["no_answer", "busy", "unreachable"]
CONDITIONS: tuple[Condition, ...] = ("no_answer", "busy", "unreachable")
ANY = "gsm"


@dataclass(frozen=True, slots=True)
class Carrier:
    """`countries` are none for what holds everywhere; `timed`: how long it rings can be chosen."""

    key: str
    label: str
    countries: tuple[str, ...]
    number: str
    timed: bool
    notes: tuple[str, ...]
    codes: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Code:
    """What is dialled for one condition. Not every carrier answers a query."""

    condition: Condition
    activate: str
    deactivate: str
    query: str | None


@cache
def carriers() -> Mapping[str, Carrier]:
    """All known carriers by key, what holds everywhere first."""
    read = tomllib.loads(files(__package__).joinpath("forwarding.toml").read_text(encoding="utf-8"))
    return {key: _carrier(key, facts, read) for key, facts in read.items()}


def codes(carrier_key: str, number: str, seconds: int) -> list[Code]:
    """The exact codes for a number of ours (E.164). `seconds` of ringing count where the carrier lets one choose.

    Raises ValidationFailed for a carrier that is not known, and for one that does not forward to this number's country.
    """
    carrier = carriers().get(carrier_key)
    if carrier is None:
        raise ValidationFailed(FieldError("carrier", "This carrier is not known here."))
    dialled = _dialled(carrier, number)
    found = []
    for condition in CONDITIONS:
        if condition in carrier.codes:
            code = carrier.codes[condition]
            activate = code["activate"].format(number=dialled, seconds=seconds)
            found.append(Code(condition, activate, code["deactivate"], code.get("query")))
    return found


def _dialled(carrier: Carrier, number: str) -> str:
    if carrier.number == "e164":
        return number
    if carrier.number == "dialled":
        return phone.dialled_from(carrier.countries[0], number)
    if phone.region_of(number) not in carrier.countries:
        raise ValidationFailed(FieldError("carrier", "This carrier forwards to numbers of its own country only."))
    return phone.national_digits(number)


def _carrier(key: str, facts: Mapping[str, Any], all_facts: Mapping[str, Any]) -> Carrier:
    base = {**all_facts[facts["like"]], **facts} if "like" in facts else facts
    return Carrier(
        key=key,
        label=base["label"],
        countries=tuple(base["countries"]),
        number=base["number"],
        timed=base["timed"],
        notes=tuple(base.get("notes", ())),
        codes=base["codes"],
    )
