"""The house rules that a tool can judge: ruff, its formatter, mypy --strict, file length, docstrings."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MAX_LINES = 400
LONG_STATEMENTS = 6


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from (ROOT / folder).rglob("*.py")


@pytest.mark.parametrize(
    "command", [("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",)], ids=" ".join
)
def test_tool_has_nothing_to_say(command: tuple[str, ...]) -> None:
    program = Path(sys.executable).with_name(command[0])

    done = subprocess.run([str(program), *command[1:]], cwd=ROOT, capture_output=True, text=True, timeout=600)

    assert done.returncode == 0, done.stdout + done.stderr


def test_no_file_is_too_long() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources("callwaiting", "tasks", "tests", "bench")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }

    assert long == {}


def test_no_module_is_a_drawer() -> None:
    names = {path.stem for path in sources("callwaiting", "tasks", "migrations", "tests", "bench")}

    assert names & {"utils", "util", "helpers", "helper", "misc", "common"} == set()


def test_every_longer_public_function_says_what_it_promises() -> None:
    silent = []
    for path in sources("callwaiting/core", "callwaiting/features", "callwaiting/providers", "tasks"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in _public(tree):
            long = isinstance(node, ast.FunctionDef) and len(node.body) > LONG_STATEMENTS
            if long and ast.get_docstring(node) is None:
                silent.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")

    assert silent == []


def _public(node: ast.AST) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.ClassDef) and not child.name.startswith("_"):
            yield child
            if isinstance(child, ast.ClassDef):
                yield from _public(child)
