"""`callwaiting forwarding` with a worker beside it, and the stand-in for the telephone company."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest import mock

import pytest
from click.testing import CliRunner, Result

from callwaiting.cli import group
from tests.factories.phone_numbers import NUMBER
from tests.features.conftest import owner
from tests.features.forwarding.conftest import OTHER, Shop, server, shop

__all__ = ["owner", "server", "shop"]  # fixtures
Run = Callable[..., Result]


@pytest.fixture
def run(environment: dict[str, str], shop: Shop) -> Run:
    def invoke(*words: str) -> Result:
        options = ["--merchant", str(shop.scope.merchant_id)]
        with mock.patch.dict(os.environ, environment):
            return CliRunner().invoke(group, ["forwarding", *words, *options])

    return invoke


@contextmanager
def working(shop: Shop) -> Iterator[None]:
    """A worker that makes calls and takes notices meanwhile."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.05):
            shop.work()
            shop.tell()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(20)


def test_a_line_that_is_forwarded(run: Run, shop: Shop) -> None:
    shop.line(forwards_to=NUMBER)
    with working(shop):
        done = run("test", "--number", NUMBER, "--json")

    states = [json.loads(line)["state"] for line in done.stdout.splitlines()]
    assert (done.exit_code, states[0], states[-1]) == (0, "planned", "works"), done.output


def test_a_line_that_is_not(run: Run, shop: Shop) -> None:
    shop.line(picks_up=True)
    with working(shop):
        done = run("test", "--number", NUMBER)

    assert (done.exit_code, done.stdout.splitlines()[-1].split()[0]) == (1, "answered"), done.output


def test_without_a_worker(run: Run) -> None:
    done = run("test", "--number", NUMBER, "--wait", "1")

    assert (done.exit_code, "Does a worker run?" in done.stderr) == (1, True), done.output


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["test"], 2, "--number is needed"),
        (["test", "--number", "+12125550199"], 1, "no such number"),
        (["codes", "--number", NUMBER, "--carrier", "smoke_signals"], 1, "not known"),
        (["codes", "--number", NUMBER, "--seconds", "31"], 2, "31"),
    ],
)
def test_wrong_words(run: Run, words: list[str], status: int, told: str) -> None:
    done = run(*words)

    assert (done.exit_code, told in done.stderr) == (status, True), done.output


def test_codes(run: Run) -> None:
    shown = run("codes", "--number", OTHER, "--seconds", "15")

    assert shown.exit_code == 0, shown.output
    assert f"**61*{OTHER}*11*15#" in shown.stdout
    assert "verizon_us" in run("codes", "--carrier", "list").stdout
