"""Every command that takes `--merchant`: 2 for what is no id, 1 for an id of nobody, and nothing on standard output."""

from __future__ import annotations

import os
from unittest import mock
from uuid import uuid4

import click
import pytest
from click.testing import CliRunner, Result

from callwaiting.cli import COMMANDS, group
from callwaiting.factory import Runtime

CALLS = {
    "alerts list": "--json",
    "catalogue export": "",
    "catalogue import": "- --json",
    "forwarding codes": "",
    "forwarding test": "--json",
    "consents evidence": "--phone +12125550123",
    "ledger show": "--json",
    "ledger verify": "--json",
    "audit verify": "--json",
    "audit show": "--json",
    "events list": "--json",
    "events replay": "--all-dead --dry-run --json",
    "merchants connect": "--provider stripe --mode test --json",
    "sources create": "--provider stripe --mode test --json",
    "users create": "--email ada@example.com --name Ada --password-file - --json",
}


@pytest.fixture
def environ(environment: dict[str, str], worker: Runtime) -> dict[str, str]:
    return environment


def run(environ: dict[str, str], call: str, merchant: str) -> Result:
    words = [*call.split(), *CALLS[call].split(), "--merchant", merchant]
    with mock.patch.dict(os.environ, environ):
        return CliRunner().invoke(group, words, input="a-long-password-of-ada\n")


@pytest.mark.parametrize("call", CALLS)
def test_a_merchant_that_is_not_there(environ: dict[str, str], call: str) -> None:
    absent = str(uuid4())
    done = run(environ, call, absent)
    assert (done.exit_code, done.stdout) == (1, ""), done.output
    assert f"no merchant {absent}" in done.stderr


def test_what_is_no_id_is_wrong_usage(environ: dict[str, str]) -> None:
    for call in CALLS:
        done = run(environ, call, "luigis")
        assert (done.exit_code, done.stdout) == (2, ""), done.output
        assert "'luigis' is not a valid UUID" in done.stderr


def test_none_is_forgotten() -> None:
    context = click.Context(group)
    taking = set()
    for name in COMMANDS:
        command = group.get_command(context, name)
        for word, below in command.commands.items() if isinstance(command, click.Group) else ():
            if any(parameter.name == "merchant" for parameter in below.params):
                taking.add(f"{name} {word}")
    assert taking == set(CALLS)
