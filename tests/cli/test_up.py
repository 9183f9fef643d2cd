"""The two things a newcomer does first, as processes: `callwaiting up`, then `callwaiting demo`."""

from __future__ import annotations

import fcntl
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from click.testing import CliRunner

from callwaiting.cli import group
from callwaiting.cli.runtime import merchant_session, worker_runtime
from callwaiting.embedded.claim import is_free
from callwaiting.features.phone_numbers import service as phone_numbers

CALLWAITING = [sys.executable, "-c", "from callwaiting.cli import main; main()"]
READY_S = 90


class Up:
    """A running `callwaiting up` of its own."""

    def __init__(self, home: Path, port: int) -> None:
        self.home = home
        self.port = port
        self.output = home.with_suffix(".log")
        with self.output.open("wb") as log:
            self.process = subprocess.Popen(
                [*CALLWAITING, "up", "--data-dir", str(home), "--port", str(port), "--verbose"],
                stdout=log,
                stderr=log,
                env={name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
                start_new_session=True,
            )

    def wait(self, condition: Callable[[], bool], what: str, seconds: float = READY_S) -> None:
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end or self.process.poll() is not None:
                raise AssertionError(f"{what}\n{self.text()}")
            time.sleep(0.1)

    def text(self) -> str:
        return self.output.read_text(errors="replace")

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command in this process: one of its own takes two seconds to start."""
        done = CliRunner().invoke(group, arguments, env={"CALLWAITING_HOME": str(self.home)})
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    def run_apart(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*CALLWAITING, *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            env={"PATH": os.environ["PATH"], "CALLWAITING_HOME": str(self.home)},
        )

    def child_named(self, name: str) -> list[int]:
        """Pids of our own grandchildren whose command line has `name`."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                environment, command = (path / "environ").read_bytes(), (path / "cmdline").read_bytes()
            except OSError:
                continue
            if str(self.home).encode() in environment and name.encode() in command:
                found.append(int(path.name))
        return sorted(found)


@pytest.fixture(scope="module")
def up() -> Iterator[Up]:
    root = Path(tempfile.mkdtemp(prefix="callwaiting up é "))  # a checkout may lie anywhere
    root.chmod(0o755)
    # Several checkouts may be tested at once, and web servers of the same port would share it.
    ports = random.sample(range(18100, 21100, 3), 50)
    port = next(port for port in ports if all(map(is_free, (port, port + 1, port + 2))))
    started = Up(root / "home", port)
    try:
        started.wait(lambda: "Callwaiting is ready" in started.text(), "not ready")
        yield started
    finally:
        if started.process.poll() is None:
            started.process.send_signal(signal.SIGINT)
            started.process.wait(40)
        shutil.rmtree(root, ignore_errors=True)


def test_the_demo_plays_through(up: Up) -> None:
    played = up.run_apart("demo", "--data-dir", str(up.home), "--json")
    assert played.returncode == 0, played.stdout[-1500:] + played.stderr + up.text()
    steps = [json.loads(line) for line in played.stdout.splitlines()]
    assert sum("Pay here" in step["what"] for step in steps) == 2
    assert any("A deposit of $15.00 is due now" in step["what"] for step in steps)
    assert all("broken" not in step for step in steps)
    # Signs in with a code, tests the line, reads of two orders, gives back, signs out.
    assert sum(step["who"] == "owner" for step in steps) == 6
    assert any("forwarding works" in step["what"] for step in steps)
    events = [step["what"] for step in steps if step["who"] == "worker"]
    for provider in ("twilio", "stripe", "paypal"):
        assert any(told.startswith(provider) and "acknowledged in" in told for told in events)


def test_a_second_demo_at_the_same_time_is_told_so(up: Up) -> None:
    with (up.home / "demo.json").open("rb") as story:
        fcntl.flock(story, fcntl.LOCK_EX)
        played = up.run("demo", "--data-dir", str(up.home), "--json")
    assert played.returncode == 1
    assert "another demo" in json.loads(played.stdout)["broken"]


def test_a_call_in_the_terminal(up: Up, tmp_path: Path) -> None:
    """Somebody is rung and does not press the key; the order that was begun before is placed."""
    lines = ["// an order", "two margheritas", "can I talk to somebody", "/leave", "that's all", "1", "never played"]
    script = tmp_path / "script.txt"
    script.write_text("\n".join(lines))
    played = up.run("call", "--data-dir", str(up.home), "--json", "--script", str(script))
    assert played.returncode == 0, played.stdout + played.stderr + up.text()
    turns = [json.loads(line) for line in played.stdout.splitlines()]
    assert [turn["heard"] for turn in turns if "heard" in turn][1:3] == [
        {"speech": "two margheritas"},
        {"speech": "can I talk to somebody"},
    ]
    spoken = " ".join(turn.get("spoken", "") for turn in turns)
    assert "nobody could take your call" in spoken
    (text,) = [text for turn in turns for text in turn["texted"]]
    assert "$24.90" in spoken  # 2 x 11.50 and 8.25 %
    assert "$24.90" in text
    stored = [entry.partition(" ")[0] for turn in turns for entry in turn["stored"]]
    assert {"call.started", "call.person_requested", "order.placed", "call.finalised"} <= set(stored)


def test_the_pizzeria_knows_its_hours(up: Up, tmp_path: Path) -> None:
    script = tmp_path / "script.txt"
    script.write_text("when do you close")
    played = up.run("call", "--data-dir", str(up.home), "--json", "--script", str(script))
    assert played.returncode == 0, played.stdout + played.stderr
    spoken = " ".join(json.loads(line).get("spoken", "") for line in played.stdout.splitlines())
    assert "Monday to Sunday, from 11 AM to 10 PM" in spoken


def test_another_business_is_rung(up: Up, tmp_path: Path) -> None:
    """One that was opened just now: its number is nobody's at first."""
    script, number = tmp_path / "script.txt", "+12125550177"
    script.write_text("when do you close")
    words = ("call", "--data-dir", str(up.home), "--json", "--script", str(script), "--to", number)
    nobody = up.run(*words)
    assert (nobody.returncode, nobody.stdout) == (1, "")
    assert f"no business has the number {number}" in nobody.stderr
    opened = up.run("merchants", "create", "--name", "Ada's Salon", "--timezone", "America/New_York",
                    "--currency", "USD", "--json")  # fmt: skip
    runtime = worker_runtime(data_dir=up.home)
    try:
        with merchant_session(runtime, UUID(json.loads(opened.stdout)["id"])) as session:
            phone_numbers.add_number(session, number)
    finally:
        runtime.close()
    played = up.run(*words)
    assert played.returncode == 0, played.stdout + played.stderr + up.text()
    turns = [json.loads(line) for line in played.stdout.splitlines()]
    assert "Ada's Salon" in turns[0]["spoken"]
    assert "call.started" in " ".join(turns[0]["stored"])


def test_the_operators_commands_work_against_it(up: Up) -> None:
    listed = up.run("events", "list", "--json")
    assert listed.returncode == 0, listed.stderr
    assert up.run("audit", "verify").returncode == 0
    sources = up.run("sources", "list", "--json")
    assert sources.returncode == 0
    assert "whsec_" not in sources.stdout


def test_the_greeting_says_how_the_owner_signs_in(up: Up) -> None:
    owner = json.loads((up.home / "demo.json").read_text())["owner"]
    for shown in (owner["email"], owner["password"], owner["totp_secret"]):
        assert shown in up.text()
    assert re.search(r"code \d{6} just now", up.text())


def test_an_absent_event_is_said_to_be_absent(up: Up) -> None:
    nothing = up.run("events", "show", "00000000-0000-0000-0000-000000000000")
    assert nothing.returncode == 1
    assert "there is no event" in nothing.stderr


def test_secrets_are_for_their_owner_only(up: Up) -> None:
    for name in ("secrets.json", "operator.json", "demo.json"):
        assert (up.home / name).stat().st_mode & 0o077 == 0


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads /proc to see the environments of children")
def test_processes_have_their_own_roles_only_and_the_web_is_started_again(up: Up) -> None:
    web = up.child_named("granian")
    environment = Path(f"/proc/{web[0]}/environ").read_text()
    assert "DATABASE_URL_WEB=" in environment
    for role in ("SERVICE", "WORKER", "AUDIT"):
        assert f"DATABASE_URL_{role}" not in environment
    (beat,) = up.child_named("tasks.beat")
    assert "DATABASE_URL" not in Path(f"/proc/{beat}/environ").read_text()
    os.kill(web[0], signal.SIGKILL)
    up.wait(lambda: "web is up again" in up.text(), "web was not started again", 40)
    with urllib.request.urlopen(f"http://127.0.0.1:{up.port}/health/ready", timeout=5) as answer:
        assert answer.status == 200


def test_ctrl_c_stops_all_of_it(up: Up) -> None:
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(40) == 0
    assert is_free(up.port)
    assert is_free(up.port + 1)


def test_the_demo_without_a_system_says_what_to_do(tmp_path: Path) -> None:
    lost = CliRunner().invoke(group, ["demo", "--data-dir", str(tmp_path)])
    assert lost.exit_code == 1
    assert "callwaiting up" in lost.stderr
