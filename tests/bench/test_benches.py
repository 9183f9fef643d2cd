"""Every bench does its work once, on few events: what it measures means nothing here, but it must not have ceased to
run. One stack for all of them, because a server that starts is the dearest thing here; so it is one test."""

from __future__ import annotations

import argparse
import importlib

import pytest

import bench.__main__
from bench import ack, api, audit, disk, flood, process, retention, scale, voice
from bench.load import write_prepared
from bench.stack import Stack, load_run
from bench.stories import EVENTS, Stories
from callwaiting.embedded.child import Child

FEW = 24
EMPTY = "truncate app.webhook_events cascade"


@pytest.mark.parametrize("name", bench.__main__.BENCHES)
def test_it_can_be_started(name: str) -> None:
    assert callable(importlib.import_module(f"bench.{name}").main)


def test_every_bench_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PROCESSES", 1)
    with Stack() as stack:
        environment = stack.environment("web") | dict.fromkeys(api.LIMITS, api.UNLIMITED) | api.PRODUCTION
        with stack.serving("bench.secured:app", processes=1, threads=8, environment=environment) as (port, server):
            events_are_processed(stack, port)
            events_are_acknowledged(stack, port, server)
            wrong_passwords_are_refused(stack, port)
            bodies_are_emptied(stack)
            inboxes_are_filled(stack)
            records_are_chained(stack)
            calls_are_answered(stack, port)
            lists_are_read(stack, port, server)


def say(_: str) -> None:
    """Nobody listens."""


def events_are_processed(stack: Stack, port: int) -> None:
    """Recorded and replayed; a worker's start is left to the bench, for it would take as long as all the rest."""
    assert process.Bench(stack, port, Stories(stack, port), "stories", say).bare(EVENTS)["per_second"] > 0


def events_are_acknowledged(stack: Stack, port: int, server: Child) -> None:
    assert len(disk.alone(stack.home.path, 100, 0.1)) >= 10
    run = ack.Bench(stack, 0.1, say).run
    for path in (stack.source_path, ack.OWN):
        result = run("tiny", server, port, path, connections=2, budget=FEW)
        assert (result["non_2xx"], result["errors"], result["requests"] > 0) == (0, 0, True)


def wrong_passwords_are_refused(stack: Stack, port: int) -> None:
    file = stack.home.path / "flood"
    write_prepared(file, flood.wrong_passwords(port, 2))
    statuses = load_run(port, file, connections=2, seconds=1)["statuses"]
    assert isinstance(statuses, dict)
    assert statuses
    assert set(statuses) <= flood.EXPECTED


def bodies_are_emptied(stack: Stack) -> None:
    stack.execute(EMPTY)
    stack.execute(retention.FILL.format(rows=FEW))
    with stack.runtime() as runtime:
        emptier = retention.Emptier(runtime.database)
        emptier.run()
    assert emptier.done
    assert stack.execute(retention.LEFT) == [(0,)]


def inboxes_are_filled(stack: Stack) -> None:
    stack.execute(EMPTY)
    stack.execute(scale.FILL.format(rows=FEW))
    stack.execute(scale.REST)


def records_are_chained(stack: Stack) -> None:
    with stack.runtime() as runtime:
        assert audit.chained(stack, runtime, FEW) > 0
        assert audit.verified(runtime) > 0
    assert audit.inserted(stack, FEW) > 0
    assert audit.fetched(stack) > 0


def calls_are_answered(stack: Stack, port: int) -> None:
    stack.execute("truncate app.phone_numbers, app.catalogue_items cascade")  # of the stories
    source = voice.furnish(stack)
    assert voice.quantiles(voice.talk(source, port, 1, 1))["turns"] > 1


def lists_are_read(stack: Stack, port: int, server: Child) -> None:
    merchant_id = api.fill(stack, 60, 2)
    token = api.access_token(stack, merchant_id)
    given = argparse.Namespace(connections=2, seconds=0.1)
    for path in (api.EDGE, api.PATH):
        assert api.run(stack, server, port, path, token, given)["errors"] == 0
    api.policy_us(stack, merchant_id, rounds=1, each=1)
