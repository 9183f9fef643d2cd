"""The description as a page for people: the document's parts in the order and the words of a reader."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from callwaiting.core.http.openapi import resolved

Json = dict[str, Any]
LIMITS = (
    ("minimum", "at least {}"),
    ("exclusiveMinimum", "more than {}"),
    ("maximum", "at most {}"),
    ("exclusiveMaximum", "less than {}"),
    ("minLength", "at least {} characters"),
    ("maxLength", "at most {} characters"),
    ("minItems", "at least {} items"),
    ("maxItems", "at most {} items"),
    ("pattern", "form {}"),
)


class Field(NamedTuple):
    """One line of a table. `type_ref` is the schema that the page explains elsewhere."""

    name: str
    type_name: str
    type_ref: str | None
    required: bool
    notes: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One operation as the page shows it. `refusals` pairs a status with its codes."""

    anchor: str
    method: str
    path: str
    summary: str
    description: str
    parameters: list[Field]
    body: tuple[str, str] | None
    answer: tuple[str, str] | None
    status: str
    refusals: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Page:
    introduction: str
    groups: dict[str, list[Entry]]
    schemas: dict[str, list[Field]]
    notes: dict[str, str]


def page_of(document: Json) -> Page:
    """What the template needs of an OpenAPI document."""
    groups: dict[str, list[Entry]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups[operation["tags"][0]].append(_entry(document, method.upper(), path, operation))
    schemas = {name: _fields(schema) for name, schema in document["components"]["schemas"].items()}
    notes = {name: schema.get("description", "") for name, schema in document["components"]["schemas"].items()}
    return Page(document["info"]["description"], groups, schemas, notes)


def _fields(schema: Json) -> list[Field]:
    """Those of an object; of anything else, such as a list of words, one line that stands for itself."""
    if "properties" not in schema:
        return [_field("value", schema, True)]
    return [_field(name, inner, name in schema.get("required", ())) for name, inner in schema["properties"].items()]


def _entry(document: Json, method: str, path: str, operation: Json) -> Entry:
    parameters = [resolved(document, parameter) for parameter in operation["parameters"]]
    status, answer = next(item for item in operation["responses"].items() if item[0].startswith("2"))
    return Entry(
        anchor=operation["operationId"],
        method=method,
        path=path,
        summary=operation["summary"],
        description=operation["description"],
        parameters=[
            _field(parameter["name"], parameter["schema"], parameter["required"], parameter.get("description", ""))
            for parameter in parameters
        ],
        body=_content(operation["requestBody"]) if "requestBody" in operation else None,
        answer=_content(answer) if "example" in answer.get("content", {}).get("application/json", {}) else None,
        status=status,
        refusals=[
            (code, resolved(document, refusal)["description"].replace("`", ""))
            for code, refusal in operation["responses"].items()
            if not code.startswith("2")
        ],
    )


def _content(part: Json) -> tuple[str, str]:
    """The schema's name, and its example as text."""
    media = part["content"]["application/json"]
    return _name(media["schema"]["$ref"]), orjson.dumps(media["example"], option=orjson.OPT_INDENT_2).decode()


def _field(name: str, schema: Json, required: bool, description: str = "") -> Field:
    choices = [choice for choice in schema.get("anyOf", [schema]) if choice.get("type") != "null"]
    chosen = choices[0]
    items = chosen.get("items", {})
    ref = chosen.get("$ref") or items.get("$ref")
    kind = _name(ref) if ref else _kind(items or chosen)
    type_name = f"list of {kind}" if chosen.get("type") == "array" else kind
    if len(choices) < len(schema.get("anyOf", ())):
        type_name += " or null"
    notes = [schema.get("description", description)]
    notes += [text.format(chosen[key]) for key, text in LIMITS if key in chosen]
    if "enum" in chosen:
        notes.append("one of " + ", ".join(map(str, chosen["enum"])))
    if schema.get("default") is not None:
        notes.append(f"default {schema['default']}")
    return Field(name, type_name, _name(ref) if ref else None, required, " · ".join(filter(None, notes)))


def _kind(schema: Json) -> str:
    return str(schema.get("format") or schema.get("type") or ("text" if "enum" in schema else "any"))


def _name(ref: str) -> str:
    return ref.rpartition("/")[2]
