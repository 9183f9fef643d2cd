"""One JSON line in, one JSON line out: the form in which anyone can score the understanding. docs/understanding.md"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from functools import lru_cache

import orjson

from callwaiting.core.errors import CallwaitingError
from callwaiting.understanding.errors import RequestInvalid
from callwaiting.understanding.result import ItemHeard, Names, Period, Understood
from callwaiting.understanding.understand import understand
from callwaiting.understanding.vocabulary import Vocabulary
from callwaiting.understanding.vocabulary_forms import vocabulary_from

DEFAULT_TIMEZONE = "UTC"
Json = dict[str, object]


def answer(line: bytes, present: datetime) -> bytes:
    """The answer to one request line, without a line end. Never raises for what the line holds: a line that cannot
    be read is answered with `error` (a code) and `detail`. `present` stands in for a missing `now`."""
    try:
        request = orjson.loads(line)
    except orjson.JSONDecodeError:
        return orjson.dumps({"error": "malformed_json", "detail": "the line is not JSON"})
    try:
        return orjson.dumps(_answered(request, present))
    except CallwaitingError as error:
        return orjson.dumps({"error": error.reason.removeprefix("understanding."), "detail": str(error)})


def _answered(request: object, present: datetime) -> Json:
    if not isinstance(request, Mapping):
        raise RequestInvalid("a request is an object")
    text = request.get("text")
    if text is not None and not isinstance(text, str):
        raise RequestInvalid("text is a text")
    understood = understand(
        text or "",
        now=_now(request.get("now"), present),
        timezone=_text(request.get("timezone"), "timezone") or DEFAULT_TIMEZONE,
        asked=_asked(request.get("asked")),
        vocabulary=_vocabulary(request.get("vocabulary")),
    )
    return as_json(understood)


def as_json(understood: Understood) -> Json:
    """The result with wire names: dates `YYYY-MM-DD`, times `HH:MM`."""
    return {
        "intent": understood.intent.value,
        "confidence": understood.confidence,
        "out_of_scope": understood.out_of_scope,
        "items": [_item(item) for item in understood.items],
        "date": understood.date.isoformat() if understood.date else None,
        "time": f"{understood.time:%H:%M}" if understood.time else None,
        "period": _period(understood.period),
        "party_size": understood.party_size,
        "quantity": understood.quantity,
        "names": _names(understood.names),
        "phone": understood.phone,
        "yes_no": understood.yes_no,
        "doubtful": [slot.value for slot in understood.doubtful],
        "candidates": {slot.value: list(texts) for slot, texts in understood.candidates.items()},
    }


def _item(item: ItemHeard) -> Json:
    options = {group: values[0] if len(values) == 1 else list(values) for group, values in item.options.items()}
    return {"item": item.item, "quantity": item.quantity, "options": options, "removed": list(item.removed)}


def _period(period: Period | None) -> Json | None:
    if period is None:
        return None
    return {"from": _end(period.begin), "to": _end(period.end), "part": period.part}


def _end(end: date | time | None) -> str | None:
    return None if end is None else f"{end:%H:%M}" if isinstance(end, time) else end.isoformat()


def _names(names: Names | None) -> Json | None:
    return None if names is None else {"first": names.first, "last": names.last}


def _text(value: object, field: str) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise RequestInvalid(f"{field} is a text")


def _asked(value: object) -> str | None:
    """A slot's name; of several, the first."""
    if isinstance(value, list):
        value = value[0] if value else None
    return _text(value, "asked")


def _now(value: object, present: datetime) -> datetime:
    if value is None:
        return present
    try:
        return datetime.fromisoformat(_text(value, "now") or "")
    except ValueError as error:
        raise RequestInvalid("now is an ISO 8601 date and time") from error


def _vocabulary(value: object) -> Vocabulary | None:
    return None if value is None else _parsed(orjson.dumps(value))


@lru_cache(maxsize=32)
def _parsed(vocabulary: bytes) -> Vocabulary | None:
    return vocabulary_from(orjson.loads(vocabulary))
