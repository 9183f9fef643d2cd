"""The share of the disk in an open loop: the same arrivals, and nothing done for them but a write and its flush."""

from __future__ import annotations

import os
import time
from pathlib import Path

PAGE = 8192
EVENT = 2048  # bytes that an event adds to the log of Postgres, about
ROOM = 16 << 20  # as large as one of its segments, and written over and over like it


def alone(directory: Path, rate: float, seconds: float) -> list[float]:
    """Latencies in seconds, sorted. Whatever has arrived is flushed together, as inbox and Postgres do it: a perfect
    server on this disk would not be faster."""
    file = directory / "flushed"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, bytes(ROOM))
        os.fsync(descriptor)
        return sorted(_flushed(descriptor, rate, seconds))
    finally:
        os.close(descriptor)
        file.unlink()


def _flushed(descriptor: int, rate: float, seconds: float) -> list[float]:
    found: list[float] = []
    due = time.perf_counter()
    end, place = due + seconds, 0
    while due < end:
        time.sleep(max(0.0, due - time.perf_counter()))
        now, waiting = time.perf_counter(), []
        while due <= now and due < end:
            waiting.append(due)
            due += 1 / rate
        pages = bytes(PAGE * -(-len(waiting) * EVENT // PAGE))
        place = place if place + len(pages) <= ROOM else 0
        os.pwrite(descriptor, pages, place)
        place += len(pages)
        os.fdatasync(descriptor)
        now = time.perf_counter()
        found += [now - arrived for arrived in waiting]
    return found
