"""Is the fault proof able to fail? Each guard is removed in a copy of the checkout, and the proof must turn red there.

Exit status 1 when a mutation goes unnoticed, or when the untouched copy is red itself.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PARTS = ("bench", "callwaiting", "migrations", "tasks", "tests", "celery_worker.py", "wsgi.py", "pyproject.toml")
DRAIN = "callwaiting/features/webhooks/drain.py"


@dataclass(frozen=True)
class Mutation:
    """`changes` are (file, regular expression, what every match becomes)."""

    name: str
    changes: tuple[tuple[str, str, str], ...]


MUTATIONS = (
    Mutation("nothing", ()),
    Mutation("no sweeper", (("tasks/sweeper.py", r"for due in due_jobs\(runtime\):", "for due in list[Job]():"),)),
    Mutation(
        "no fence",
        (
            (DRAIN, r" and (e\.)?lease_token = \S+", ""),
            # The number of an attempt is taken once the event was claimed anew, which fences as well.
            (DRAIN, r"from (finished|failed)\n", r"from \1 on conflict do nothing\n"),
            (DRAIN, r"raise Fenced\n", "pass\n"),
        ),
    ),
    Mutation(
        "no ON CONFLICT", (("callwaiting/features/webhooks/inbox_rows.py", r"on conflict [^;]*?(?=returning)", ""),)
    ),
)


def run(mutation: Mutation, seed: int) -> dict[str, object]:
    """The proof's own report on a copy with the mutation. Raises SystemExit when the text to change is not there."""
    with tempfile.TemporaryDirectory(prefix="callwaiting-mutation-") as directory:
        copy = Path(directory) / "checkout"
        copy.mkdir()
        for part in PARTS:
            source = CHECKOUT / part
            shutil.copytree(source, copy / part) if source.is_dir() else shutil.copy(source, copy / part)
        for file, pattern, replacement in mutation.changes:
            text, times = re.subn(pattern, replacement, (copy / file).read_text(encoding="utf-8"))
            if not times:
                raise SystemExit(f"{mutation.name}: {file} does not have {pattern!r} any more")
            (copy / file).write_text(text, encoding="utf-8")
        argv = [sys.executable, "-m", "bench.faults", "--seconds", "1", "--short-leases", "--quiet", "30"]
        argv += ["--seed", str(seed), "--json"]
        done = subprocess.run(argv, cwd=copy, stdout=subprocess.PIPE, text=True, timeout=600)
        if not done.stdout:
            raise SystemExit(f"{mutation.name}: the proof itself failed, which proves nothing")
        found: dict[str, object] = json.loads(done.stdout)
        return found


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.mutations", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=[mutation.name for mutation in MUTATIONS])
    given = parser.parse_args()
    unexpected = 0
    for mutation in MUTATIONS:
        if given.only not in {None, mutation.name}:
            continue
        violations = run(mutation, given.seed)["violations"]
        assert isinstance(violations, list)
        expected = bool(violations) == bool(mutation.changes)
        unexpected += not expected
        verdict = "red" if violations else "green"
        sys.stdout.write(f"{mutation.name}: {verdict}{'' if expected else ' (UNEXPECTED)'}\n")
        sys.stdout.writelines(f"  {line}\n" for line in violations[:5])
        sys.stdout.flush()
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
