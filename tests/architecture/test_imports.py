"""Who may import whom: the contracts in `.importlinter`, and that they would notice a breach."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(linter), "--no-cache", "--no-logo"], cwd=root, capture_output=True, text=True, timeout=120
    )


def test_import_contracts_are_kept() -> None:
    done = lint(ROOT)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("core/clock.py", "import callwaiting.factory", "The top level"),
        ("features/keys/service.py", "from callwaiting.features.audit import service as audit", "Slices"),
        ("features/audit/models.py", "from callwaiting.features.audit import service as audit", "Inside a slice"),
        ("features/alerts/service.py", "from callwaiting.features.keys import models as keys", "One slice sees"),
        ("features/merchants/service.py", "import stripe", "Only the providers"),
        ("features/merchants/service.py", "from flask import g", "Services, repositories"),
        ("core/jobs.py", "import tasks", "The app enqueues"),
        ("sandbox/store.py", "import callwaiting.core.ids", "The sandbox and"),
        ("factory.py", "import callwaiting.embedded.valkey", "Only the command line"),
    ],
)
def test_breach_of_a_contract_is_noticed(tmp_path: Path, module: str, line: str, contract: str) -> None:
    (tmp_path / ".importlinter").write_bytes((ROOT / ".importlinter").read_bytes())
    for package in ("callwaiting", "tasks", "migrations"):
        for source in (ROOT / package).rglob("*.py"):
            copy = tmp_path / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
    breached = tmp_path / "callwaiting" / module
    breached.write_text(f"{breached.read_text()}\n{line}\n")

    done = lint(tmp_path)

    assert done.returncode == 1
    assert any(contract in row and row.endswith("BROKEN") for row in done.stdout.splitlines()), done.stdout
