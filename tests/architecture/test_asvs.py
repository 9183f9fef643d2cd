"""docs/asvs.yaml: every test that it names exists, every status has its grounds, and no requirement is left out."""

from __future__ import annotations

import ast
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from security.checks import NAMES

ROOT = Path(__file__).parents[2]
REGISTER: dict[str, Any] = yaml.safe_load((ROOT / "docs/asvs.yaml").read_text())
REQUIREMENTS: list[dict[str, Any]] = REGISTER["requirements"]
NOT_APPLICABLE: dict[str, str] = REGISTER["not_applicable"]
FIELDS = {"id", "level", "status", "requirement", "shown_by", "note"}
# Chapter and section → the numbers of its requirements of levels 1 and 2 in ASVS 5.0.0.
STANDARD = {
    "V1.1": "1-2", "V1.2": "1-9", "V1.3": "1-11", "V1.4": "1-3", "V1.5": "1-2",
    "V2.1": "1-3", "V2.2": "1-3", "V2.3": "1-4", "V2.4": "1-1",
    "V3.2": "1-2", "V3.3": "1-4", "V3.4": "1-6", "V3.5": "1-5", "V3.7": "1-2",
    "V4.1": "1-3", "V4.2": "1-1", "V4.3": "1-2", "V4.4": "1-4",
    "V5.1": "1-1", "V5.2": "1-3", "V5.3": "1-2", "V5.4": "1-3",
    "V6.1": "1-3", "V6.2": "1-12", "V6.3": "1-4", "V6.4": "1-4", "V6.5": "1-5", "V6.6": "1-3", "V6.8": "1-4",
    "V7.1": "1-3", "V7.2": "1-4", "V7.3": "1-2", "V7.4": "1-5", "V7.5": "1-2", "V7.6": "1-2",
    "V8.1": "1-2", "V8.2": "1-3", "V8.3": "1-1", "V8.4": "1-1", "V9.1": "1-3", "V9.2": "1-4",
    "V10.1": "1-2", "V10.2": "1-2", "V10.3": "1-4", "V10.4": "1-11", "V10.5": "1-5", "V10.6": "1-2", "V10.7": "1-3",
    "V11.1": "1-2", "V11.2": "1-3", "V11.3": "1-3", "V11.4": "1-4", "V11.5": "1-1", "V11.6": "1-1",
    "V12.1": "1-3", "V12.2": "1-2", "V12.3": "1-4", "V13.1": "1-1", "V13.2": "1-5", "V13.3": "1-2", "V13.4": "1-5",
    "V14.1": "1-2", "V14.2": "1-4", "V14.3": "1-3", "V15.1": "1-3", "V15.2": "1-3", "V15.3": "1-7",
    "V16.1": "1-1", "V16.2": "1-5", "V16.3": "1-4", "V16.4": "1-3", "V16.5": "1-3",
}  # fmt: skip


def ids_of_the_standard() -> list[str]:
    found = []
    for section, numbers in STANDARD.items():
        first, last = map(int, numbers.split("-"))
        found += [f"{section}.{number}" for number in range(first, last + 1)]
    return found


@lru_cache
def names_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text()) if (ROOT / path).is_file() else ast.Module([], [])
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def exists(evidence: str) -> bool:
    """Whether a test or a check of `make security` has this name."""
    kind, _, name = evidence.partition(":")
    if kind == "security":
        return name in NAMES
    path, _, test = evidence.partition("::")
    return test.startswith("test_") and test in names_in(path)


def covers(entry: str, requirement: str) -> bool:
    return requirement == entry or requirement.startswith(f"{entry}.")


def test_every_requirement_is_judged_once_and_in_order() -> None:
    judged = [requirement["id"] for requirement in REQUIREMENTS]
    wanted = [name for name in ids_of_the_standard() if not any(covers(entry, name) for entry in NOT_APPLICABLE)]

    assert judged == wanted


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: str(requirement["id"]))
def test_what_is_said_has_its_grounds(requirement: dict[str, Any]) -> None:
    shown_by, note = requirement.get("shown_by", []), requirement.get("note", "")

    assert requirement.keys() <= FIELDS
    assert requirement["level"] in {1, 2}
    assert requirement["requirement"]
    assert [evidence for evidence in shown_by if not exists(evidence)] == []
    match requirement["status"]:
        case "met":
            assert shown_by
        case "partly" | "open" | "operator":
            assert note
        case other:
            pytest.fail(f"no such status: {other}")


@pytest.mark.parametrize(
    "evidence",
    [
        "tests/architecture/test_asvs.py::test_that_is_not_there",
        "tests/architecture/test_asvs.py::exists",
        "tests/architecture/test_asvs.py",
        "tests/nowhere.py::test_x",
        "security:nothing",
    ],
)
def test_what_does_not_exist_is_missed(evidence: str) -> None:
    assert not exists(evidence)


def test_open_points_are_named_in_the_security_page() -> None:
    page = (ROOT / "docs/security.md").read_text()
    unmet = [found["id"] for found in REQUIREMENTS if found["status"] in {"open", "partly"}]

    assert re.findall(r"\bV\d+\.\d+\.\d+\b", page) == unmet
