from __future__ import annotations

import json
import re
import subprocess
import sys
import threading

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import event

from callwaiting.cli.audit import command
from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.audit import repository
from callwaiting.features.audit import service as audit
from callwaiting.features.audit.chain import chain_batch
from tests.factories.merchants import create_merchant
from tests.servers import execute


@pytest.fixture
def run(environment: dict[str, str], worker: Runtime, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return CliRunner()


def call(run: CliRunner, *arguments: str) -> Result:
    return run.invoke(command, arguments)


def chain(runtime: Runtime) -> None:
    with runtime.database.unit_of_work(SystemScope("chain"), DatabaseRole.AUDIT) as session:
        chain_batch(session)


def note(runtime: Runtime, scope: MerchantScope, action: str, subject: str = "") -> None:
    with runtime.database.unit_of_work(scope) as session:
        audit.record(session, action, subject=subject, details={"total_minor": 1200})


def test_verify_prints_a_head_that_is_an_anchor_later(run: CliRunner, worker: Runtime, merchant: MerchantScope) -> None:
    chain(worker)
    first = call(run, "verify")
    head = re.fullmatch(r"OK: 1 links hold; head (1:[0-9a-f]{64})\n", first.stdout)
    assert first.exit_code == 0
    assert head is not None
    note(worker, merchant, "order.paid")
    chain(worker)

    assert call(run, "verify", "--anchor", head[1]).exit_code == 0
    assert call(run, "verify", "--anchor", "2:" + "0" * 64).exit_code == 1
    assert call(run, "verify", "--anchor", "nonsense").exit_code == 2


def test_verify_of_a_broken_chain_ends_with_1(
    run: CliRunner, worker: Runtime, merchant: MerchantScope, admin_url: str
) -> None:
    note(worker, merchant, "order.paid")
    chain(worker)
    execute(admin_url, "alter table audit.log disable trigger append_only")
    execute(admin_url, "update audit.log set record = record || 'x'::bytea where seq = 2")
    execute(admin_url, "alter table audit.log enable trigger append_only")

    plain = call(run, "verify")
    as_json = call(run, "verify", "--json")

    assert plain.exit_code == as_json.exit_code == 1
    assert plain.stdout.startswith("BROKEN at seq 2: ")
    answer = json.loads(as_json.stdout)
    assert (answer["ok"], answer["links"], answer["first_bad_seq"], answer["cause"]) == (False, 1, 2, "hash")


def test_show_filters_and_marks_what_waits(run: CliRunner, worker: Runtime, merchant: MerchantScope) -> None:
    other = create_merchant(worker, "Mario's")
    note(worker, merchant, "order.placed", "order:1")
    chain(worker)
    note(worker, merchant, "order.paid", "order:1")
    note(worker, other, "order_line.added", "order:2")

    def shown(*arguments: str) -> list[tuple[str, bool]]:
        result = call(run, "show", "--json", *arguments)
        assert result.exit_code == 0, result.output
        return [(entry["action"], entry["chained"]) for entry in map(json.loads, result.stdout.splitlines())]

    assert shown("--merchant", str(merchant.merchant_id)) == [
        ("merchant.created", True),
        ("order.placed", True),
        ("order.paid", False),
    ]
    assert shown("--action", "order.paid") == [("order.paid", False)]
    assert shown("--action", "order.") == [("order.placed", True), ("order.paid", False)]
    assert shown("--subject", "order:2") == [("order_line.added", False)]
    assert shown("--since", "1h", "--limit", "3") == [
        ("order.placed", True),
        ("order.paid", False),
        ("order_line.added", False),
    ]
    assert shown("--since", "2999-01-01") == []
    assert call(run, "show", "--since", "yesterday").exit_code == 2
    plain = call(run, "show", "--action", "order.paid").stdout
    assert plain.startswith(" waiting  ")
    assert "order:1  ok  system  total_minor=1200" in plain


def test_follow_goes_on_with_what_comes_and_says_each_once(
    environment: dict[str, str], worker: Runtime, merchant: MerchantScope
) -> None:
    note(worker, merchant, "order.placed")
    arguments = ["audit", "show", "--json", "--follow", "--limit", "1"]
    process = subprocess.Popen(
        [sys.executable, "-c", "from callwaiting.cli import main; main()", *arguments],
        env={**environment, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    watchdog = threading.Timer(60, process.kill)
    watchdog.start()
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["action"] == "order.placed"
        chain(worker)
        note(worker, merchant, "order.paid")
        entry = json.loads(process.stdout.readline())
        assert (entry["action"], entry["chained"]) == ("order.paid", False)
    finally:
        process.terminate()
        watchdog.cancel()
        process.communicate()


def test_an_entry_that_is_chained_between_the_two_looks_is_found_once(worker: Runtime, merchant: MerchantScope) -> None:
    note(worker, merchant, "order.paid")
    with worker.database.unit_of_work(SystemScope("look"), DatabaseRole.AUDIT) as session:
        looks: list[object] = []

        @event.listens_for(session, "do_orm_execute")
        def chained_before_the_second(state: object) -> None:
            looks.append(state)
            if len(looks) == 2:
                chain(worker)

        found = repository.entries(session, repository.Filter(action="order.paid"), limit=50)

    assert len(looks) == 2
    assert [entry.body["action"] for entry in found] == ["order.paid"]
    assert found[0].seq is not None
