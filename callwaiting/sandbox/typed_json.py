"""Reads JSON into dataclasses and says by its dotted path what does not fit."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


class Misfit(ValueError):
    """The JSON is not of the wanted shape; the text names the place."""


def read(shape: type[T], value: object, path: str = "") -> T:
    """Build a `shape` from parsed JSON. Missing fields take their defaults, unknown ones are refused.

    Raises Misfit. Shapes are dataclasses of int, float, str, bool, lists, dicts by text, and dataclasses.
    """
    result: T = _read(shape, value, path or "the document")
    return result


def _read(shape: Any, value: Any, path: str) -> Any:  # types are values here, which only Any can say
    if is_dataclass(shape):
        if not isinstance(value, dict):
            raise Misfit(f"{path} must be an object")
        hints = get_type_hints(shape)
        names = {field.name for field in fields(shape)}
        if unknown := sorted(set(value) - names):
            raise Misfit(f"{path} has unknown fields: {', '.join(unknown)}")
        parts = {name: _read(hints[name], part, f"{path}.{name}") for name, part in value.items()}
        try:
            return shape(**parts)  # type: ignore[operator]  # a dataclass type, as tested above
        except TypeError as error:
            raise Misfit(f"{path} lacks a field: {error}") from None
    if get_origin(shape) is list:
        if not isinstance(value, list):
            raise Misfit(f"{path} must be a list")
        return [_read(get_args(shape)[0], part, f"{path}[{index}]") for index, part in enumerate(value)]
    if get_origin(shape) is dict:
        if not isinstance(value, dict):
            raise Misfit(f"{path} must be an object")
        return {name: _read(get_args(shape)[1], part, f"{path}.{name}") for name, part in value.items()}
    if shape is float and type(value) is int:
        return float(value)
    if type(value) is not shape:
        raise Misfit(f"{path} must be {shape.__name__}")
    return value
