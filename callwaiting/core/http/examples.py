"""An example for every schema: what its fields give as their examples, and something plausible for the rest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

BY_FORMAT = {
    "uuid": "01890f4e-e6c8-7d3a-9c0b-5a7d1f2e3c4b",
    "date-time": "2026-05-04T18:30:00Z",
    "date": "2026-05-04",
    "time": "18:30:00",
    "email": "luigi@example.com",
    "uri": "https://example.com/",
    "binary": "",
}


def example_of(schema: Mapping[str, Any], components: Mapping[str, Mapping[str, Any]]) -> Any:
    """A value that the JSON schema accepts. A text with a pattern needs an example of its own in the schema."""
    if "$ref" in schema:
        return example_of(components[schema["$ref"].rpartition("/")[2]], components)
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("default") is not None:
        return schema["default"]
    for key in ("const", "enum"):
        if key in schema:
            return schema[key] if key == "const" else schema[key][0]
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return example_of(schema[key][0], components)
    match schema.get("type"):
        case "object":
            named = schema.get("properties", {})
            return {name: example_of(inner, components) for name, inner in named.items()}
        case "array":
            return [example_of(schema["items"], components)] if "items" in schema else []
        case "string":
            return BY_FORMAT.get(schema.get("format", ""), "text".ljust(schema.get("minLength", 0), "x"))
        case "integer" | "number":
            return max(schema.get("minimum", 1), 1)
        case "boolean":
            return True
    return None
