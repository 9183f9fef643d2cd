"""Starts processes in order, starts the dead ones again, and stops all of them in reverse order."""

from __future__ import annotations

import contextlib
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from types import FrameType

from callwaiting.embedded.process import POLL_S, ManagedProcess, StartFailed

TICK_S = 0.1
FIRST_DELAY_S = 0.5
LONGEST_DELAY_S = 10.0
HEALTHY_AFTER_S = 30.0
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class State(Enum):
    STARTING = auto()
    UP = auto()
    WAITING = auto()


@dataclass(slots=True)
class Watched:
    process: ManagedProcess
    state: State = State.STARTING
    launched_at: float = 0.0
    delay_s: float = 0.0
    due: float = 0.0


class Supervisor:
    """Keeps `processes` running; each may count on those before it.

    One thread does everything by polling, so the callables that tell readiness must answer quickly. `on_event` gets
    a short line for each thing that happens; if it cannot write the line (disk full, terminal gone) that is no reason
    to stop. A process that runs already is taken over as it is.
    """

    def __init__(
        self,
        processes: Sequence[ManagedProcess],
        *,
        on_event: Callable[[str], None],
        ready_within_s: float = 60,
        grace_s: float = 10,
    ) -> None:
        self._watched = [Watched(process) for process in processes]
        self._on_event = on_event
        self._ready_within_s = ready_within_s
        self._grace_s = grace_s
        self._stop_requested = False

    def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Start all, call `on_ready`, supervise until SIGINT, SIGTERM, SIGHUP or `request_stop`, then stop all.

        For the main thread, which gets the signals. Raises `StartFailed` when a process does not come up the first
        time; the others are stopped then too.
        """
        with self._signals_stop_us():
            try:
                self.start()
                if not self._stop_requested:
                    on_ready()
                while not self._stop_requested:
                    time.sleep(TICK_S)
                    self.tick()
            finally:
                self.stop()

    def start(self) -> None:
        """Start one after the other, each when the one before is ready; stop early if that is requested."""
        for watched in self._watched:
            process = watched.process
            if not process.is_running():
                process.launch()
            watched.launched_at = time.monotonic()
            while watched.state is State.STARTING and not self._stop_requested:
                if failure := self._failure(watched):
                    raise StartFailed(f"{process.name} {failure}.\n{process.log_tail()}")
                if process.is_ready():
                    watched.state = State.UP
                    self._tell(f"{process.name} is up")
                else:
                    time.sleep(POLL_S)
            if self._stop_requested:
                return

    def tick(self) -> None:
        """Look at each process once and do what is due."""
        for watched in self._watched:
            try:
                self._look_at(watched)
            except StartFailed as error:
                self._again_later(watched, f"did not start: {error}")

    def stop(self) -> None:
        """Stop all, the last one first; each has the grace period to end by itself."""
        for watched in reversed(self._watched):
            was_running = watched.process.is_running()
            watched.process.stop(self._grace_s)
            if was_running:
                self._tell(f"{watched.process.name} has stopped")

    def request_stop(self) -> None:
        """Let `run` return soon. May be called from a signal handler or another thread."""
        self._stop_requested = True

    def _look_at(self, watched: Watched) -> None:
        process = watched.process
        if watched.state is State.WAITING:
            if time.monotonic() >= watched.due:
                watched.state, watched.launched_at = State.STARTING, time.monotonic()
                process.launch()
        elif failure := self._failure(watched):
            self._again_later(watched, failure)
        elif watched.state is State.STARTING and process.is_ready():
            watched.state = State.UP
            self._tell(f"{process.name} is up again")

    def _failure(self, watched: Watched) -> str:
        if not watched.process.is_running():
            return f"ended with {watched.process.exit_code}"
        if watched.state is State.STARTING and time.monotonic() - watched.launched_at > self._ready_within_s:
            return f"was not ready within {self._ready_within_s:g} s"
        return ""

    def _again_later(self, watched: Watched, failure: str) -> None:
        watched.process.stop(self._grace_s)
        now = time.monotonic()
        healthy = now - watched.launched_at >= HEALTHY_AFTER_S and watched.state is State.UP
        watched.delay_s = (
            min(watched.delay_s * 2, LONGEST_DELAY_S) if watched.delay_s and not healthy else FIRST_DELAY_S
        )
        watched.state, watched.due = State.WAITING, now + watched.delay_s
        self._tell(f"{watched.process.name} {failure}; again in {watched.delay_s:g} s")

    def _tell(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # ValueError: a closed stream
            self._on_event(line)

    @contextlib.contextmanager
    def _signals_stop_us(self) -> Iterator[None]:
        def handler(_number: int, _frame: FrameType | None) -> None:
            self.request_stop()

        under_nohup = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        numbers = [number for number in STOP_SIGNALS if not (number == signal.SIGHUP and under_nohup)]
        before = {number: signal.signal(number, handler) for number in numbers}
        try:
            yield
        finally:
            for number, previous in before.items():
                signal.signal(number, previous)
