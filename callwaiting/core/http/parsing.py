"""Reading a request into a schema, or saying field by field what is wrong with it, in our own words."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn, TypeVar

from flask import request
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from callwaiting.core.errors import BadRequest, FieldError, ValidationFailed
from callwaiting.core.http.errors import MalformedJson
from callwaiting.core.http.limits import UnsupportedMediaType
from callwaiting.core.http.schemas import Schema

Read = TypeVar("Read", bound=Schema)
MAX_DEPTH = 20
MAX_FIELDS = 50  # of those that are wrong, so many are named
MAX_FIELD_NAME = 100
NUL = "Must not contain the character U+0000."  # which Postgres cannot store
MESSAGES = {
    "missing": "This field is required.",
    "extra_forbidden": "This field is not known here.",
    "model_type": "Must be an object.",
    "model_attributes_type": "Must be an object.",
    "dict_type": "Must be an object.",
    "list_type": "Must be a list.",
    "tuple_type": "Must be a list.",
    "string_type": "Must be text.",
    "int_type": "Must be a whole number.",
    "int_parsing": "Must be a whole number.",
    "int_parsing_size": "Is too large.",
    "int_from_float": "Must be a whole number.",
    "float_type": "Must be a number.",
    "float_parsing": "Must be a number.",
    "finite_number": "Must be a finite number.",
    "bool_type": "Must be true or false.",
    "bool_parsing": "Must be true or false.",
    "uuid_type": "Must be a UUID.",
    "uuid_parsing": "Must be a UUID.",
    "datetime_type": "Must be a date and time with its offset, as in 2026-05-04T18:30:00Z.",
    "datetime_parsing": "Must be a date and time with its offset, as in 2026-05-04T18:30:00Z.",
    "datetime_from_date_parsing": "Must be a date and time with its offset, as in 2026-05-04T18:30:00Z.",
    "timezone_aware": "Must be a date and time with its offset, as in 2026-05-04T18:30:00Z.",
    "date_type": "Must be a date, as in 2026-05-04.",
    "date_parsing": "Must be a date, as in 2026-05-04.",
    "date_from_datetime_parsing": "Must be a date, as in 2026-05-04.",
    "time_type": "Must be a time of day, as in 18:30.",
    "time_parsing": "Must be a time of day, as in 18:30.",
    "literal_error": "Must be {expected}.",
    "enum": "Must be {expected}.",
    "greater_than": "Must be greater than {gt}.",
    "greater_than_equal": "Must be at least {ge}.",
    "less_than": "Must be less than {lt}.",
    "less_than_equal": "Must be at most {le}.",
    "string_too_short": "Must have at least {min_length} characters.",
    "string_too_long": "Must have at most {max_length} characters.",
    "too_short": "Must have at least {min_length} items.",
    "too_long": "Must have at most {max_length} items.",
    "string_pattern_mismatch": "Does not have the required form.",
    "value_error": "{error}",  # raised by a validator of ours, whose text is meant for the client
}
OTHER = "This value is not valid."


def read_query(schema: type[Read]) -> Read:
    """The query parameters. Raises BadRequest when one is repeated, ValidationFailed."""
    parameters: dict[str, str] = {}
    for name, value in request.args.items(multi=True):
        if name in parameters:
            raise BadRequest(f"the parameter {name[:MAX_FIELD_NAME]!r} is repeated", reason="http.repeated_parameter")
        if "\0" in value:
            raise ValidationFailed(FieldError(name[:MAX_FIELD_NAME], NUL))
        parameters[name] = value
    try:
        return schema.model_validate_strings(parameters, strict=True)
    except ValidationError as error:
        refuse(error)


def read_body(schema: type[Read]) -> Read:
    """The JSON body. Raises UnsupportedMediaType, MalformedJson, ValidationFailed."""
    if request.mimetype != "application/json" or request.mimetype_params.get("charset", "utf-8").lower() != "utf-8":
        raise UnsupportedMediaType
    raw = request.get_data(cache=False)
    document = strict_json(raw)
    try:
        read = schema.model_validate_json(raw, strict=True)
    except ValidationError as error:
        refuse(error)
    if b"\\u0000" in raw:
        fields = [FieldError(path[:MAX_FIELD_NAME], NUL) for path in _texts_with_nul(document, "")]
        if fields:
            raise ValidationFailed(*fields[:MAX_FIELDS])
    return read


def strict_json(raw: bytes) -> object:
    """The document, UTF-8. Raises MalformedJson, also for a name given twice, NaN or Infinity, and nesting deeper
    than 20: readers disagree about what these mean."""
    try:
        document = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise MalformedJson(type(error).__name__) from error
    level = list(_containers([document]))
    for _ in range(MAX_DEPTH):
        level = [inner for node in level for inner in _containers(node.values() if isinstance(node, dict) else node)]
        if not level:
            return document
    raise MalformedJson(f"deeper than {MAX_DEPTH}")


def refuse(error: ValidationError) -> NoReturn:
    """Raises ValidationFailed with our words for each field, or MalformedJson when it is not JSON at all."""
    found = error.errors(include_url=False, include_input=False)
    if any(issue["type"] == "json_invalid" for issue in found):
        raise MalformedJson("cannot be read as JSON") from error
    raise ValidationFailed(*(_named(issue) for issue in found[:MAX_FIELDS])) from error


def _named(issue: ErrorDetails) -> FieldError:
    path = ".".join(map(str, issue["loc"]))[:MAX_FIELD_NAME]
    return FieldError(path, MESSAGES.get(issue["type"], OTHER).format_map(issue.get("ctx", {})))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise ValueError("a name is given twice")
    return named


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _containers(nodes: Iterable[object]) -> Iterator[dict[str, object] | list[object]]:
    return (node for node in nodes if isinstance(node, dict | list))


def _texts_with_nul(node: object, path: str) -> Iterator[str]:
    if isinstance(node, str) and "\0" in node:
        yield path
    elif isinstance(node, dict):
        for name, value in node.items():
            yield from _texts_with_nul(value, f"{path}.{name}" if path else name)
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _texts_with_nul(value, f"{path}.{index}" if path else str(index))
