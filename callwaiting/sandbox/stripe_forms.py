"""Stripe's request encoding: nested names in a form, `line_items[0][price_data][currency]=usd`."""

from __future__ import annotations

import re
from typing import Any

_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")

Form = dict[str, Any]  # text, lists and objects of text, as deep as the names go


class BadForm(ValueError):
    """A name is not of the nested form, or two names contradict each other."""


def parse(pairs: list[tuple[str, str]]) -> Form:
    """Build the nested object. `a[]=x` appends; objects whose names are all numbers become lists. Raises BadForm."""
    root: Form = {}
    for name, value in pairs:
        match = _NAME.fullmatch(name)
        if match is None:
            raise BadForm(name)
        keys = [match.group(1), *_PART.findall(match.group(2))]
        place = root
        for key in keys[:-1]:
            place = place.setdefault(key or str(len(place)), {})
            if not isinstance(place, dict):
                raise BadForm(name)
        place[keys[-1] or str(len(place))] = value
    return {key: _listed(value) for key, value in root.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    parts = {key: _listed(part) for key, part in value.items()}
    if parts and all(key.isdigit() for key in parts):
        return [parts[key] for key in sorted(parts, key=int)]
    return parts
