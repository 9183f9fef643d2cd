"""Other people's tools: found in the checks' own venv or on the PATH, and run for a bounded time."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from security.report import ToolMissing

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv-security"
OUTPUT_LINES = 25


def find(name: str) -> str:
    """The tool's path. Raises ToolMissing."""
    path = shutil.which(name, path=str(VENV / "bin")) or shutil.which(name)
    if path is None:
        raise ToolMissing(f"{name} is not here: `make .venv-security` installs what pip has, apt the rest")
    return path


def run(argv: Sequence[str], *, seconds: float, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """What the tool says (both streams in `stdout`) and its exit status; 124 when it was stopped after `seconds`."""
    process = subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=cwd, errors="replace"
    )
    try:
        output, _ = process.communicate(timeout=seconds)
        status = process.returncode
    except subprocess.TimeoutExpired:
        process.kill()
        output, _ = process.communicate()
        status = 124
    return subprocess.CompletedProcess(argv, status, output, "")


def tail(text: str) -> list[str]:
    """The last lines that say something."""
    return [line for line in text.splitlines() if line.strip()][-OUTPUT_LINES:]
