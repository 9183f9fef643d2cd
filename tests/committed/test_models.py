"""The models are the schema: the migration that would be written next has nothing to do."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from migrations import prepare
from tests.servers import ROLE_SECRET


def test_models_are_the_schema(admin_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "migrations"
    shutil.copytree(prepare.HERE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(prepare, "HERE", copy)
    newest = max(path.name[:4] for path in copy.glob("versions/*.py"))

    prepare.write_next(prepare.role_url(admin_url, ROLE_SECRET, prepare.MIGRATOR), "Nothing is left.")

    (written,) = copy.glob("versions/*_nothing_is_left.py")
    assert written.name[:4] == f"{int(newest) + 1:04}"
    text = written.read_text()
    assert f"down_revision = '{newest}'" in text
    done = [line.strip() for line in text.partition("op.execute(LIMITS)")[2].splitlines()]
    assert [line for line in done if line and not line.startswith("#")] == ["pass"], text
