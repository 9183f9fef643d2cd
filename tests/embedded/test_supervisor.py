"""Real children. A child "lives" as long as it, or any descendant that inherited its lock, holds a file lock."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import callwaiting
from callwaiting.embedded import supervisor as module
from callwaiting.embedded.child import Child
from callwaiting.embedded.process import LOG_LIMIT_BYTES, AlreadyRunning, ManagedProcess, StartFailed
from callwaiting.embedded.supervisor import Supervisor

HOLD = "import fcntl, sys, time; lock = open(sys.argv[1], 'w'); fcntl.flock(lock, fcntl.LOCK_EX); time.sleep(300)"
# The grandchild inherits the lock, and neither of the two heeds SIGTERM when "deaf".
FAMILY = """
import fcntl, os, signal, sys, time
lock = open(sys.argv[1], "w")
if sys.argv[2:] == ["deaf"] or os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
fcntl.flock(lock, fcntl.LOCK_EX)
time.sleep(300)
"""
# Runs a supervisor over two children in a process of its own, to be ended from outside.
SUPERVISE = """
import signal, sys
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
from pathlib import Path
from callwaiting.embedded.child import Child
from callwaiting.embedded.supervisor import Supervisor
def child(name):
    lock = Path(name).absolute()
    return Child(name, [sys.executable, "-S", "-c", sys.argv[1], str(lock)], env={}, log=Path(name + ".log"),
                 ready=lambda: lock.exists())
def say(line):
    print(line, flush=True)
Supervisor([child("one"), child("two")], on_event=say, grace_s=5).run(lambda: say("ready"))
"""


def lives(lock: Path) -> bool:
    if not lock.exists():
        return False
    with open(lock) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def until(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def child(lock: Path, program: str = HOLD, *arguments: str, ready: Callable[[], bool] | None = None) -> Child:
    argv = [sys.executable, "-S", "-c", program, str(lock), *arguments]
    return Child(lock.name, argv, env={}, log=lock.with_suffix(".log"), ready=ready or (lambda: lives(lock)))


def tick_until(supervisor: Supervisor, condition: Callable[[], bool]) -> None:
    def ticked() -> bool:
        supervisor.tick()
        return condition()

    until(ticked)


@pytest.fixture
def supervise() -> Iterator[Callable[..., Supervisor]]:
    made: list[Supervisor] = []

    def make(*processes: ManagedProcess, on_event: Callable[[str], None] = lambda _line: None) -> Supervisor:
        made.append(Supervisor(processes, on_event=on_event, ready_within_s=20, grace_s=0.5))
        return made[-1]

    yield make
    for one in made:
        one.stop()


def test_starts_in_order_restarts_the_dead_and_stops_in_reverse(
    tmp_path: Path, supervise: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_DELAY_S", 0.01)
    events: list[str] = []
    first = child(tmp_path / "first")
    second = child(tmp_path / "second")
    supervisor = supervise(first, second, on_event=events.append)
    supervisor.start()
    assert os.getsid(first.pid) == first.pid, "Ctrl-C would reach the child too"
    old = first.pid
    first.kill()
    tick_until(supervisor, lambda: "first is up again" in events)
    assert first.pid != old
    assert lives(tmp_path / "first")
    supervisor.stop()
    assert not lives(tmp_path / "first")
    assert events == [
        "first is up",
        "second is up",
        "first ended with -9; again in 0.01 s",
        "first is up again",
        "second has stopped",
        "first has stopped",
    ]


def test_delays_double_up_to_a_limit_and_start_anew_after_a_healthy_life(
    tmp_path: Path, supervise: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(module, "LONGEST_DELAY_S", 0.03)
    events: list[str] = []
    healthy = tmp_path / "healthy"
    lock = tmp_path / "web"
    program = "import os, sys\nif not os.path.exists(sys.argv[2]): sys.exit(3)\n" + HOLD
    process = child(lock, program, str(healthy))
    healthy.touch()
    supervisor = supervise(process, on_event=events.append)
    supervisor.start()
    healthy.unlink()
    process.kill()
    tick_until(supervisor, lambda: len(events) > 4)
    assert events[1:5] == ["web ended with -9; again in 0.01 s"] + [
        f"web ended with 3; again in {delay} s" for delay in (0.02, 0.03, 0.03)
    ]
    healthy.touch()
    tick_until(supervisor, lambda: "web is up again" in events)
    monkeypatch.setattr(module, "HEALTHY_AFTER_S", 0)
    process.kill()
    supervisor.tick()
    assert events[-1] == "web ended with -9; again in 0.01 s"


def test_one_that_does_not_come_up_stops_those_before_it(tmp_path: Path, supervise: Callable[..., Supervisor]) -> None:
    first = child(tmp_path / "first")
    broken = child(tmp_path / "broken", "import sys; print('no such table'); sys.exit(3)")
    with pytest.raises(StartFailed, match=r"broken ended with 3\.\nno such table"):
        supervise(first, broken).run()
    assert not first.is_running()
    assert not lives(tmp_path / "first")


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(StartFailed, match="ghost cannot be started"):
        Child("ghost", [str(tmp_path / "ghost")], env={}, log=tmp_path / "log").start()


def test_one_that_is_never_ready_is_stopped(tmp_path: Path) -> None:
    process = child(tmp_path / "deaf", ready=lambda: False)
    with pytest.raises(StartFailed, match=r"deaf was not ready within 0\.2 s"):
        process.start(timeout_s=0.2)
    assert not process.is_running()


def test_a_running_one_is_taken_over_and_not_launched_twice(
    tmp_path: Path, supervise: Callable[..., Supervisor]
) -> None:
    process = child(tmp_path / "web")
    process.start()
    pid = process.pid
    supervise(process).start()
    assert process.pid == pid
    with pytest.raises(AlreadyRunning):
        process.launch()


@pytest.mark.parametrize("arguments", [[], ["deaf"]], ids=["grandchild", "deaf"])
def test_stop_ends_the_deaf_and_their_grandchildren(tmp_path: Path, arguments: list[str]) -> None:
    process = child(tmp_path / "family", FAMILY, *arguments)
    process.start()
    process.stop(grace_s=0.2)
    until(lambda: not lives(tmp_path / "family"))


def test_grandchildren_of_a_dead_child_are_gone_before_it_starts_again(
    tmp_path: Path, supervise: Callable[..., Supervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_DELAY_S", 0.01)
    events: list[str] = []
    process = child(tmp_path / "family", FAMILY)
    supervisor = supervise(process, on_event=events.append)
    supervisor.start()
    process.kill()
    assert lives(tmp_path / "family"), "the grandchild should still be there"
    tick_until(supervisor, lambda: len(events) > 1)
    until(lambda: not lives(tmp_path / "family"))


def start_supervisor(tmp_path: Path, program: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SUPERVISE, program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(callwaiting.__file__).parents[1])},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with start_supervisor(tmp_path, HOLD) as process:
        assert process.stdout
        until(lambda: lives(tmp_path / "one") and lives(tmp_path / "two"))
        assert [process.stdout.readline() for _ in range(3)] == ["one is up\n", "two is up\n", "ready\n"]
        os.killpg(process.pid, number)  # as the terminal does it
        assert process.stdout.read() == "two has stopped\none has stopped\n"
        assert process.wait(20) == 0
    assert not lives(tmp_path / "one")
    assert not lives(tmp_path / "two")


def test_children_and_grandchildren_do_not_outlive_a_killed_supervisor(tmp_path: Path) -> None:
    with start_supervisor(tmp_path, FAMILY) as process:
        until(lambda: lives(tmp_path / "one") and lives(tmp_path / "two"))
        process.kill()
    until(lambda: not lives(tmp_path / "one") and not lives(tmp_path / "two"), seconds=30)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here, so a full disk was not shown")
def test_a_full_disk_stops_neither_the_supervisor_nor_a_child(
    tmp_path: Path, supervise: Callable[..., Supervisor]
) -> None:
    lock = tmp_path / "noisy"
    shell = f'echo hello; exec "{sys.executable}" -S -c "$0" "$1"'
    noisy = Child("noisy", ["/bin/sh", "-c", shell, HOLD, str(lock)], env={}, log=Path("/dev/full"))
    with open("/dev/full", "w") as full:

        def say(line: str) -> None:
            os.write(full.fileno(), line.encode())

        with pytest.raises(OSError, match="No space left"):
            say("proof that this fails")
        supervisor = supervise(noisy, on_event=say)
        supervisor.start()
        until(lambda: lives(lock))
        supervisor.tick()
        assert noisy.is_running()
        supervisor.stop()


def test_a_log_that_cannot_be_opened_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    process = child(tmp_path / "web")
    process.log = tmp_path / "log"
    process.start()
    assert process.is_running()
    process.stop()


def test_a_large_log_is_put_aside(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with open(log, "w") as file:
        file.truncate(LOG_LIMIT_BYTES + 1)
    process = Child("web", ["/bin/echo", "fresh"], env={}, log=log)
    process.launch()
    until(lambda: not process.is_running())
    assert log.read_text() == "fresh\n"
    assert log.stat().st_mode & 0o077 == 0
    assert (tmp_path / "web.log.1").stat().st_size == LOG_LIMIT_BYTES + 1
    process.stop()


def test_a_child_gets_only_its_own_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL_OF_ANOTHER_ROLE", "secret")
    process = Child("env", ["/usr/bin/env"], env={"DATABASE_URL": "mine"}, log=tmp_path / "log")
    process.launch()
    until(lambda: not process.is_running())
    assert process.log_tail() == "DATABASE_URL=mine"
    process.stop()
