"""The page of all tables, made of the models: `python -m migrations.overview > docs/schema.md`. A test compares."""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Mapper

from callwaiting import models as models  # every table
from callwaiting.core.db import Base

HEAD = """# The tables

Made of the models by `python -m migrations.overview`; how they came to be stands in `migrations/versions/`. Who may
read or write a table stands beside its creation there. Who the roles are, and how columns are sealed:
[security.md](security.md#database-roles).

*Of*: whose rows these are. `merchant`: Row Level Security shows a transaction its own merchant's rows only. `person`:
those of the person who is signed in. `platform`: nobody's, or of several. Where a merchant may be absent, the row is
the platform's then.
"""


def page() -> str:
    """The page, as Markdown."""
    slices: dict[str, list[str]] = defaultdict(list)
    for mapper in Base.registry.mappers:
        table = mapper.local_table
        assert isinstance(table, Table)  # noqa: S101 - no model of ours maps a join
        slices[_slice(mapper)].append(
            f"| `{table.fullname}` | {_first_sentence(mapper)} | {_owner(table)} | {', '.join(_sealed(table))} |"
        )
    return HEAD + "".join(_section(name, sorted(rows)) for name, rows in sorted(slices.items()))


def _section(name: str, rows: list[str]) -> str:
    return "\n".join(["", f"## {name}", "", "| table | a row is | of | sealed |", "|---|---|---|---|", *rows, ""])


def _slice(mapper: Mapper[Any]) -> str:
    words = mapper.class_.__module__.split(".")
    return words[2] if words[1] == "features" else words[1]


def _first_sentence(mapper: Mapper[Any]) -> str:
    text = " ".join((mapper.class_.__doc__ or "").split())
    return re.split(r"(?<=\.) ", text)[0].removesuffix(".").replace("|", r"\|")


def _owner(table: Table) -> str:
    merchant = table.columns.get("merchant_id")
    if merchant is not None or table.name == "merchants":
        return "merchant, or the platform" if merchant is not None and merchant.nullable else "merchant"
    return "person" if table.name == "users" or "user_id" in table.columns else "platform"


def _sealed(table: Table) -> Iterator[str]:
    bodies = table.name == "webhook_events"
    return (f"`{one.name}`" for one in table.columns if one.name.endswith("_sealed") or (bodies and one.name == "raw"))


if __name__ == "__main__":
    sys.stdout.write(page())
