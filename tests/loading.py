"""A fresh checkout is compiled once, not by each process of the run.

All processes of a run load all modules of tests, at the same time and in the same order: where nothing is compiled yet,
each would compile everything, a fifth of a minute of work for nothing. So each loads another part first, and finds the
rest compiled by the others.
"""

from __future__ import annotations

import contextlib
import importlib
from pathlib import Path

TESTS = Path(__file__).parent


def load_share(number: int, processes: int) -> None:
    """Import every `processes`-th module of tests, from the one with this number on. What fails is left to collecting,
    which says why."""
    for path in sorted(TESTS.rglob("test_*.py"))[number::processes]:
        name = ".".join(path.relative_to(TESTS.parent).with_suffix("").parts)
        with contextlib.suppress(Exception):
            importlib.import_module(name)
