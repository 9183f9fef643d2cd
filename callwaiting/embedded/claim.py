"""What a server holds alone: its data directory and its port."""

from __future__ import annotations

import contextlib
import fcntl
import os
import random
import socket
import time
from collections.abc import Iterator
from pathlib import Path

from callwaiting.embedded.process import AlreadyRunning, StartFailed

# Below the ranges from which Linux (32768) and macOS (49152) take ports for outgoing connections: a port from there
# could be in use when we come back for it.
PORTS = range(20000, 30000)


@contextlib.contextmanager
def claimed(directory: Path, name: str, wait_s: float) -> Iterator[int]:
    """Lock `directory`; the descriptor is to be handed down to the server.

    The lock lasts until the last process that inherited it has ended, so nobody starts beside the orphans of a killed
    server, and whoever holds it knows that a pid file in there is stale. Waits up to `wait_s`, since after a kill
    those orphans need a moment. Raises `AlreadyRunning`.
    """
    lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + wait_s
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise AlreadyRunning(
                        f"{name} is already running on {directory}: stop it or choose another data directory."
                    ) from None
                time.sleep(0.05)
        yield lock
    finally:
        os.close(lock)


def stable_port(memory: Path, wanted: int) -> int:
    """`wanted`, or for 0 the port remembered in the file `memory`; a new one if there is none or another program
    took it meanwhile. Call it with the directory claimed. Raises `StartFailed` when `wanted` is taken."""
    if wanted:
        require_free(wanted)
        return wanted
    with contextlib.suppress(FileNotFoundError, ValueError):
        remembered = int(memory.read_text())
        if is_free(remembered):
            return remembered
    port = next(filter(is_free, random.sample(PORTS, len(PORTS))), None)
    if port is None:
        raise StartFailed(f"No port from {PORTS.start} to {PORTS.stop - 1} is free.")
    memory.write_text(f"{port}\n")
    return port


def require_free(port: int) -> None:
    """Raises `StartFailed` when another program listens on the loopback `port`."""
    if not is_free(port):
        raise StartFailed(f"Port {port} is taken by another program.")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # ended connections are no hindrance
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True
