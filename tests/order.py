"""In which order the processes of a run take the tests, so that none is left alone with a long one in the end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parent
# The longest first; they mostly wait for processes that start and end.
LONG = (
    "cli/test_up.py",
    "faults/test_kill_nine.py",
    "tasks/test_worker.py",
    "architecture/test_style.py",
    "embedded/test_embedded_postgres.py",
    "tasks/test_jobs.py",
    "faults/test_trouble.py",
    "features/calls/test_any_call.py",
)


def in_shares(items: Sequence[pytest.Item], processes: int) -> list[pytest.Item]:
    """The tests in as many equal runs as there are processes, which is how `--dist worksteal` gives them out before
    one takes work from another. The long files stand first, dealt out by turns, each in one piece."""
    files = [ROOT / name for name in LONG]
    long = [[item for item in items if item.path == path] for path in files]
    rest = [item for item in items if item.path not in files]
    ordered: list[pytest.Item] = []
    for number in range(processes):
        share = [item for group in long[number::processes] for item in group]
        size = (len(items) - len(ordered)) // (processes - number)
        fill = max(size - len(share), 0)
        ordered += share + rest[:fill]
        del rest[:fill]
    return ordered + rest
