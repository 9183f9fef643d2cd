"""Ends our child processes when we are killed with -9 and cannot end them ourselves.

A second, tiny process holds the other end of a pipe. The kernel closes our end however we die, and the guardian then
stops every process group still on its list. Linux's PR_SET_PDEATHSIG would need a `preexec_fn`, fires when the
*thread* that started the child ends, and leaves grandchildren alone; a pipe has none of these faults and works on
macOS too.

The second half of this file is the guardian's own program: it is run by its path and imports only the standard
library.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

GRACE_S = 5.0


class Guardian:
    """Our end of the pipe. The process behind it is started with the first child."""

    def __init__(self) -> None:
        self._pipe: int | None = None
        self._watched: dict[int, str] = {}

    def watch(self, pid: int, signals: Sequence[signal.Signals]) -> None:
        """From now on `pid`, leader of a process group, gets `signals` one after the other if we die."""
        self._watched[pid] = f"{pid} {','.join(str(int(number)) for number in signals)}\n"
        self._tell(self._watched[pid])

    def forget(self, pid: int) -> None:
        """`pid` has ended: the number may soon be another's."""
        if self._watched.pop(pid, None):
            self._tell(f"{pid}\n")

    def _tell(self, line: str) -> None:
        if self._pipe is not None:
            try:
                os.write(self._pipe, line.encode())
            except BrokenPipeError:  # somebody ended the guardian: take a new one
                os.close(self._pipe)
            else:
                return
        self._pipe = _start_guardian()
        os.write(self._pipe, "".join(self._watched.values()).encode())


def _start_guardian() -> int:
    theirs, ours = os.pipe()
    try:
        # It forks and the first process ends at once, so that there is nothing for us to wait for later.
        subprocess.run(  # noqa: S603 - our own file
            [sys.executable, "-I", "-S", __file__],
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
            check=True,
            timeout=30,
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return ours


GUARDIAN = Guardian()


def read_until_owner_is_gone() -> dict[int, list[int]]:
    """What is still to be ended: process group → signals."""
    watched: dict[int, list[int]] = {}
    for line in sys.stdin:
        pid, _, signals = line.strip().partition(" ")
        if signals:
            watched[int(pid)] = [int(number) for number in signals.split(",")]
        else:
            watched.pop(int(pid), None)
    return watched


def end(watched: dict[int, list[int]]) -> None:
    """Newest first; each signal has `GRACE_S` to work before the next one; at last the rest of each group dies."""
    for step in range(max((len(signals) for signals in watched.values()), default=0)):
        living = [pid for pid in reversed(watched) if _exists(pid)]
        for pid in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, watched[pid][min(step, len(watched[pid]) - 1)])
        deadline = time.monotonic() + GRACE_S
        while any(map(_exists, living)) and time.monotonic() < deadline:
            time.sleep(0.05)
    for pid in watched:
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
            os.killpg(pid, signal.SIGKILL)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


if __name__ == "__main__":
    if os.fork():
        os._exit(0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    end(read_until_owner_is_gone())
