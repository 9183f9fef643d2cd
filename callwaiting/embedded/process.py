"""A child process that is started, waited for, watched and stopped. Servers and plain programs are both this."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from callwaiting.embedded.account import Account
from callwaiting.embedded.guardian import GUARDIAN

LOG_LIMIT_BYTES = 10 * 1024 * 1024
POLL_S = 0.03


class StartFailed(RuntimeError):
    """The process did not come up. The text is one or more sentences for the person at the terminal."""


class AlreadyRunning(StartFailed):
    """Another process has the data directory."""


class ManagedProcess(ABC):
    """One child in a session of its own, so that Ctrl-C reaches only us.

    `launch` returns at once, `start` when the child is ready. Neither is safe to call from two threads at a time.
    """

    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM, signal.SIGKILL)

    def __init__(self, name: str, log: Path) -> None:
        self.name = name
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._group_may_live = False

    @abstractmethod
    def launch(self) -> None:
        """Start the child without waiting for it. Raises `StartFailed`."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether the running child does its work now. Raises `StartFailed` when it never will."""

    @property
    def pid(self) -> int:
        """Of the child that runs, or ran last. Raises `StartFailed` before the first launch."""
        if self._process is None:
            raise StartFailed(f"{self.name} was never started.")
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while the child runs; negative for the signal that ended it."""
        return self._process.poll() if self._process else None

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self, timeout_s: float = 30) -> None:
        """Launch and wait until ready. On any failure the child is stopped again. Raises `StartFailed`."""
        deadline = time.monotonic() + timeout_s
        self.launch()
        try:
            while not self.is_ready():
                if not self.is_running():
                    raise StartFailed(
                        f"{self.name} ended with {self.exit_code} before it was ready.\n{self.log_tail()}"
                    )
                if time.monotonic() > deadline:
                    raise StartFailed(f"{self.name} was not ready within {timeout_s:g} s.\n{self.log_tail()}")
                time.sleep(POLL_S)
        except BaseException:
            self.stop()
            raise

    def stop(self, grace_s: float = 10) -> None:
        """Send each of `stop_signals` and wait `grace_s` for each; then kill what is left of the process group."""
        process = self._process
        if process is None:
            return
        for number in self.stop_signals:
            if process.poll() is not None:
                break
            process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(grace_s)
        self._end_group()

    def kill(self) -> None:
        """End the child itself by SIGKILL, at once and uncleanly. For fault tests."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def log_tail(self, lines: int = 8) -> str:
        """The last lines of the log; empty if there is none."""
        with contextlib.suppress(OSError), open(self.log, "rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - 4000))
            return "\n".join(log.read(4000).decode(errors="replace").splitlines()[-lines:])
        return ""

    def _spawn(
        self,
        argv: Sequence[str],
        *,
        env: Mapping[str, str],
        cwd: Path | None = None,
        account: Account | None = None,
        stdin: bytes = b"",
        pass_fds: Sequence[int] = (),
    ) -> None:
        if self.is_running():
            raise AlreadyRunning(f"{self.name} is running already.")
        self._end_group()  # grandchildren of one that died by itself
        with _opened_log(self.log) as log:
            try:
                process = subprocess.Popen(  # noqa: S603 - every caller passes a list
                    argv,
                    env=env,
                    cwd=cwd,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    umask=0o077,
                    pass_fds=pass_fds,
                    user=account.uid if account else None,
                    group=account.gid if account else None,
                    extra_groups=[] if account else None,
                )
            except OSError as error:
                raise StartFailed(f"{self.name} cannot be started: {error}.") from error
        self._process, self._group_may_live = process, True
        GUARDIAN.watch(process.pid, self.stop_signals)
        if process.stdin:
            with contextlib.suppress(BrokenPipeError), process.stdin:  # broken: it has ended, the caller will see
                process.stdin.write(stdin)

    def _end_group(self) -> None:
        """Once only: later the number of the group may be another's."""
        if self._process is None or not self._group_may_live:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: EPERM for a group of zombies
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._group_may_live = False
        GUARDIAN.forget(self._process.pid)


@contextlib.contextmanager
def _opened_log(path: Path) -> Iterator[int]:
    """A descriptor to append to; above `LOG_LIMIT_BYTES` the old file becomes `<name>.1`.

    A log that cannot be written (disk full) is no reason not to serve: the output then goes nowhere.
    """
    with contextlib.suppress(OSError):
        if path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_name(path.name + ".1"))
    try:
        log = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:
        log = os.open(os.devnull, os.O_WRONLY)
    try:
        yield log
    finally:
        os.close(log)
