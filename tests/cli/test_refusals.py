"""What a command cannot do is one line on standard error and an exit status, never a traceback."""

from __future__ import annotations

import json
import os
import shlex
import socket
from collections.abc import Mapping
from pathlib import Path
from unittest import mock
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from callwaiting.cli import group
from callwaiting.cli.home import Home
from callwaiting.cli.up import _preparations
from callwaiting.embedded.claim import stable_port

NOBODY = UUID(int=0)
SOME_URL = "postgresql://somebody:not-4-d3fault@127.0.0.1:9/x"
NEED_A_DATABASE = [
    "events list",
    f"events show {NOBODY}",
    "events replay --all-dead --dry-run",
    "sources list",
    "sources pause nobody",
    "audit show",
    "audit verify",
    "merchants list",
    "users list",
    "keys list",
    "ledger show",
    "ledger verify",
    "reconcile",
    f"catalogue export --merchant {NOBODY}",
    f"forwarding codes --merchant {NOBODY}",
    f"consents evidence --merchant {NOBODY} --phone +12125550123",
]


def run(arguments: list[str], environ: Mapping[str, str]) -> Result:
    with mock.patch.dict(os.environ, environ, clear=True):
        return CliRunner().invoke(group, arguments)


@pytest.mark.parametrize("call", NEED_A_DATABASE)
def test_a_database_that_is_away_is_said_in_one_line(call: str, environment: dict[str, str]) -> None:
    away = {name: SOME_URL for name in environment if name.startswith("DATABASE_URL_")}
    done = run(call.split(), {**environment, **away})
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "Error: the database cannot be reached\n"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("--port 99999", "not in the range"),
        ("--port 0", "not in the range"),
        ("--port 65534", "not in the range"),  # the stand-ins take the two after it
        ("--workers 0", "not in the range"),
        ("--web-workers 0", "not in the range"),
    ],
)
def test_up_judges_its_options(arguments: str, why: str, tmp_path: Path) -> None:
    done = run(["up", "--data-dir", str(tmp_path / "home"), *arguments.split()], {})
    assert done.exit_code == 2
    assert why in done.stderr
    assert not (tmp_path / "home").exists()


def test_up_says_that_its_directory_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    port = str(stable_port(tmp_path / "port", 0))
    done = run(["up", "--no-sandbox", "--port", port, "--data-dir", str(tmp_path / "file" / "home")], {})
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: the data directory cannot be used: Not a directory:")


@pytest.mark.parametrize(
    ("database", "broker", "why"),
    [
        (SOME_URL, None, "set both DATABASE_URL and REDIS_URL"),
        (SOME_URL, "nonsense", "the server of REDIS_URL cannot be used"),
        (SOME_URL, "redis://:secret-1@127.0.0.1:9/0", "the server of REDIS_URL cannot be used"),
        (SOME_URL, "own", "DATABASE_URL: connection to server at"),
        ("nonsense", "own", "DATABASE_URL: is not of the form postgresql://"),
    ],
)
def test_up_says_which_given_server_it_cannot_use(
    database: str, broker: str | None, why: str, environment: dict[str, str], tmp_path: Path
) -> None:
    urls = {"DATABASE_URL": database, "REDIS_URL": environment["REDIS_URL"] if broker == "own" else broker}
    port = str(stable_port(tmp_path / "port", 0))
    done = run(
        ["up", "--no-sandbox", "--port", port, "--data-dir", str(tmp_path / "home")],
        {name: url for name, url in urls.items() if url},
    )
    assert done.exit_code == (2 if broker is None else 1)
    assert f"Error: {why}" in done.stderr
    assert not {"secret-1", "not-4-d3fault"} & set(done.output.replace("@", ":").split(":"))


@pytest.mark.parametrize("command", ["upgrade", "urls"])
def test_db_says_that_its_url_is_none(command: str) -> None:
    secret = "q7Zw3nB9xK2mV5tR8yL1pD4sG6hJ0cFa"
    done = run(["db", command], {"DATABASE_URL": "nonsense", "DATABASE_ROLE_SECRET": secret})
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: DATABASE_URL: is not of the form")


def test_the_greeting_says_what_another_terminal_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = Home(tmp_path / "it's here")
    assert f"export CALLWAITING_HOME={shlex.quote(str(home.path))}" in "\n".join(_preparations(home))
    monkeypatch.chdir(tmp_path)
    assert not any("CALLWAITING_HOME" in line for line in _preparations(Home(Path(".callwaiting"))))


def test_the_demo_names_the_directory_that_holds_none(tmp_path: Path) -> None:
    done = run(["demo", "--json"], {"CALLWAITING_HOME": str(tmp_path)})
    assert done.exit_code == 1
    assert json.loads(done.stdout)["broken"].startswith(f"no demo merchant in {tmp_path}:")


def test_a_filter_without_all_dead_is_wrong_usage(environment: dict[str, str]) -> None:
    done = run(["events", "replay", str(NOBODY), "--provider", "stripe", "--dry-run"], environment)
    assert done.exit_code == 2
    assert "give --all-dead" in done.stderr


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(["up", "--no-sandbox", "--port", str(port), "--data-dir", str(tmp_path / "home")], {})
    assert done.exit_code == 2
    assert f"port {port} is taken" in done.stderr
