"""What a file of rows is asked for with."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from callwaiting.core.http.schemas import Day, Schema


class FileQuery(Schema):
    """Both days are included; at most 366 of them."""

    since: Day = Field(description="The first day, by the business's clock.")
    until: Day = Field(description="The last day; at most 365 days later.")
    format: Literal["csv", "jsonl"] = Field(default="csv", description="A table, or one JSON object a line.")
