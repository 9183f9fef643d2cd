"""What production consists of is listed, and how soon its weaknesses are repaired is written down."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

from security import sbom

ROOT = Path(__file__).parents[2]


def test_bill_of_materials_lists_what_production_consists_of() -> None:
    components = cast(list[dict[str, Any]], sbom.bill()["components"])
    listed = {one["name"]: one["version"] for one in components}
    pinned = {
        re.sub(r"[-_.]+", "-", name).lower(): version
        for name, version in re.findall(
            r"^([\w.-]+)(?:\[[^\]]*\])?==([^\s;]+)", (ROOT / "requirements.txt").read_text(), re.MULTILINE
        )
    }

    assert len(pinned) > 10
    assert listed.items() >= pinned.items()
    assert {"itsdangerous", "kombu"} <= listed.keys() - pinned.keys()  # what is drawn in by what is named
    assert not {"pytest", "mypy"} & listed.keys()
    for one in components:
        assert one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}"
        assert one["licenses"][0]["license"]["name"] != "unknown", one["name"]


def test_time_limits_for_repairs_are_named() -> None:
    text = (ROOT / "SECURITY.md").read_text()

    assert len(re.findall(r"^\| .+ \| .*\d+ (?:hours|days).* \|$", text, re.MULTILINE)) == 4
    assert "make sbom" in text
