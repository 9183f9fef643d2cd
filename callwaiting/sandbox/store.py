"""All state of the sandbox: tables of JSON objects behind one lock, kept in a journal between starts."""

from __future__ import annotations

import json
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

# Provider resources in their wire form. They are nested JSON of many shapes, so the values stay untyped; the
# mapping is read-only for everybody but `Store.put`, which is how no change can miss the journal.
Row = Mapping[str, Any]


class Store:
    """Tables of rows by key, in order of creation.

    With a journal every transaction is appended as one line before its lock is released, so a killed process loses
    nothing it has answered. Lines are flushed to the operating system, not to the disk.
    """

    def __init__(self, journal: Path | None = None) -> None:
        self._lock = threading.RLock()
        self._tables: dict[str, dict[str, Row]] = {}
        self._depth = 0
        self._pending: list[tuple[str, str, Row]] = []
        self._path = journal
        self._file: TextIO | None = None
        if journal is not None:
            self._replay(journal)
            self._file = self._rewrite(journal)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the lock; nested transactions join the outer one. Nothing is rolled back: check before you put."""
        with self._lock:
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._append()

    def put(self, table: str, key: str, row: Row) -> None:
        with self.transaction():
            self._tables.setdefault(table, {})[key] = row
            if self._file is not None:
                self._pending.append((table, key, row))

    def get(self, table: str, key: str) -> Row | None:
        with self._lock:
            return self._tables.get(table, {}).get(key)

    def rows(self, table: str) -> list[Row]:
        """Every row, oldest first."""
        with self._lock:
            return list(self._tables.get(table, {}).values())

    def clear(self) -> None:
        """Forget everything, in memory and in the journal."""
        with self._lock:
            self._tables.clear()
            self._pending.clear()
            if self._path is not None and self._file is not None:
                self._file.close()
                self._file = self._rewrite(self._path)

    def close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _append(self) -> None:
        if self._pending and self._file is not None:
            self._file.write(json.dumps(self._pending, separators=(",", ":")) + "\n")
            self._file.flush()
        self._pending.clear()

    def _replay(self, path: Path) -> None:
        if not path.exists():
            return
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                changes = json.loads(line)
            except ValueError:
                break  # the last line of a process that was killed while it wrote
            for table, key, row in changes:
                self._tables.setdefault(table, {})[key] = row

    def _rewrite(self, path: Path) -> TextIO:
        """Write the present state as a fresh journal (one line a row) and open it for appending."""
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            fresh.chmod(0o600)
            for table, rows in self._tables.items():
                for key, row in rows.items():
                    file.write(json.dumps([[table, key, row]], separators=(",", ":")) + "\n")
        fresh.replace(path)
        return path.open("a", encoding="utf-8")


def new_id(prefix: str, length: int = 32) -> str:
    """A random id in lower-case hexadecimal, `length` digits after the prefix."""
    return prefix + secrets.token_hex((length + 1) // 2)[:length]
