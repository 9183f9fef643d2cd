"""The bare loop: the very statements that the worker's handling of an event consists of, and nothing around them.

`record` handles claimed events for real, except that each transaction is rolled back where it would commit, and keeps
every statement as the server got it. `python -m bench.bare FILE` then runs such a file with commits. What the worker
has planned once a connection is so here too.
"""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import psycopg2
from sqlalchemy import event
from sqlalchemy.engine import Connection

from bench.stack import CHECKOUT
from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.webhooks import claims, drain
from tasks.webhook_handlers import HANDLERS

PREPARE = b"prepare "


class Recording(NamedTuple):
    """What a connection prepares, and the statements of each event."""

    prepared: list[bytes]
    events: list[list[bytes]]


def record(runtime: Runtime) -> Recording:
    """Claim all that is due and handle it, undoing each. It is then still claimed."""
    taken: list[claims.Claim] = []
    while True:
        with runtime.database.unit_of_work(SystemScope("claims of the bench"), DatabaseRole.SERVICE) as session:
            batch = claims.take(session)
        if batch is None:
            break
        taken += batch
    seen: list[bytes] = []

    class Recorder(psycopg2.extensions.cursor):
        def execute(self, query: Any, vars: Any = None) -> None:
            seen.append(self.mogrify(query, vars))
            super().execute(query, vars)

    def undo(connection: Connection) -> None:
        connection.connection.rollback()  # the commit that follows has nothing left to commit

    engine = runtime.database.engine(DatabaseRole.WORKER)
    engine.dispose()  # the recorder is set on new connections
    event.listen(engine, "connect", lambda connection, _: setattr(connection, "cursor_factory", Recorder))
    event.listen(engine, "commit", undo)
    recorded = Recording([], [])
    for claim in taken:
        seen.clear()
        outcome = drain.attempt(runtime.database, runtime.providers, HANDLERS, claim)
        if outcome not in {"done", "ignored"}:
            raise SystemExit(f"an event of the bench was not done but {outcome}")
        recorded.prepared.extend(statement for statement in seen if statement.startswith(PREPARE))
        recorded.events.append([statement for statement in seen if not statement.startswith(PREPARE)])
    return recorded


def replay(url: str, recorded: Recording, directory: Path, processes: int) -> tuple[float, float]:
    """(Events a second of so many processes that run the statements at once, their own CPU in seconds)."""
    running = []
    for number in range(processes):
        file = directory / f"bare-{number}"
        file.write_bytes(pickle.dumps((url, recorded.prepared, recorded.events[number::processes])))
        argv = [sys.executable, "-m", "bench.bare", str(file)]
        pipe = subprocess.PIPE
        running.append(subprocess.Popen(argv, cwd=CHECKOUT, stdin=pipe, stdout=pipe, text=True))
    for process in running:  # each is ready
        assert process.stdout
        process.stdout.readline()
    for process in running:  # all begin at once
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=120)[0] for process in running]
    begins, ends, cpu = zip(*map(json.loads, told), strict=True)
    return len(recorded.events) / (max(ends) - min(begins)), sum(cpu)


def main() -> None:
    url, prepared, events = pickle.loads(Path(sys.argv[1]).read_bytes())  # our own file, written a moment ago
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        for statement in prepared:
            cursor.execute(statement)
        connection.commit()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        began, cpu = time.time(), time.process_time()
        for statements in events:
            for statement in statements:
                cursor.execute(statement)
            connection.commit()
    sys.stdout.write(json.dumps((began, time.time(), time.process_time() - cpu)))


if __name__ == "__main__":
    main()
