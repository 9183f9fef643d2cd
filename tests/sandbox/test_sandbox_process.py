"""The sandbox as a process: starts, refuses bad starts, stops cleanly, and comes back with its state."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from callwaiting.sandbox.__main__ import main
from callwaiting.sandbox.store import Store
from tests.sandbox.conftest import CALLER, SHOP, Control, Listener, configuration, until


@contextmanager
def _process(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The running process and its URL; killed at the end if it still runs."""
    command = [sys.executable, "-m", "callwaiting.sandbox", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"})
    try:
        assert process.stdout is not None
        match = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert match is not None
        yield process, match.group()
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_state_outlives_a_kill_and_deliveries_go_on(tmp_path: Path, listener: Listener) -> None:
    config, state = tmp_path / "sandbox.json", tmp_path / "state"
    config.write_text(json.dumps(configuration(listener.url)), encoding="utf-8")
    arguments = ("--config", str(config), "--state-dir", str(state))
    with _process(*arguments) as (process, url), httpx.Client() as client:
        control = Control(url, client)
        control.put("behaviours", {"webhooks": {"hold": True}})
        call = control.post("calls", {"from": CALLER, "to": SHOP})
        assert [d["state"] for d in control.deliveries("twilio") if d["event_type"] != "voice"] == ["pending"]
        root = client.get(f"{url}/_sandbox/paypal/ca.pem").text
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert listener.at("/status") == []
    assert (state / "journal.jsonl").stat().st_mode & 0o077 == 0
    assert (state / "leaf.key").stat().st_mode & 0o077 == 0
    with _process(*arguments) as (process, url), httpx.Client() as client:
        control = Control(url, client)
        [ended] = listener.wait(1, "/status")
        assert ended.form["CallSid"] == call["call_sid"]
        assert [shown["call_sid"] for shown in control.get("calls")["calls"]] == [call["call_sid"]]
        assert client.get(f"{url}/_sandbox/paypal/ca.pem").text == root == (state / "ca.pem").read_text()
        until(lambda: control.deliveries("twilio")[-1]["state"] == "delivered")
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0


def test_half_a_journal_line_is_dropped(tmp_path: Path) -> None:
    rows = [["messages", "SM1", {"sid": "SM1"}], ["messages", "SM2", {"sid": "SM2"}]]
    journal = tmp_path / "journal.jsonl"
    journal.write_text(json.dumps([rows[0]]) + "\n" + json.dumps([rows[1]])[:-5], encoding="utf-8")
    store = Store(journal)
    assert [row["sid"] for row in store.rows("messages")] == ["SM1"]
    store.put("messages", "SM3", {"sid": "SM3"})
    store.close()
    again = Store(journal)
    assert [row["sid"] for row in again.rows("messages")] == ["SM1", "SM3"]
    again.close()


@pytest.mark.parametrize("content", [None, "{", '{"stripe": 1}', '{"strip": {}}'])
def test_bad_configuration_is_refused(tmp_path: Path, content: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    config = tmp_path / "sandbox.json"
    if content is not None:
        config.write_text(content, encoding="utf-8")
    assert main(["--config", str(config)]) == 2
    assert "configuration" in capsys.readouterr().err


def test_taken_port_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    assert f"cannot serve on port {port}" in capsys.readouterr().err
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_help_and_unknown_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, code in ((["--help"], 0), (["--what"], 2)):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == code
    assert "--state-dir" in capsys.readouterr().out
