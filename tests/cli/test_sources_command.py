"""`callwaiting sources` as an operator uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from callwaiting.cli import group
from callwaiting.core import clock
from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.webhooks.source_cache import read_source
from callwaiting.features.webhooks.sources import UnknownSource

SECRET = "whsec_from_the_dashboard_0123"


@pytest.fixture
def operator(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch, worker: Runtime) -> CliRunner:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return CliRunner()


def run(operator: CliRunner, *arguments: str, given: str = "") -> Result:
    return operator.invoke(group, ["sources", *arguments], input=given)


def made(operator: CliRunner, *arguments: str) -> dict[str, str]:
    result = run(operator, "create", "--mode", "test", "--json", *arguments)
    assert result.exit_code == 0, result.output
    found: dict[str, str] = json.loads(result.stdout)
    return found


def secrets(worker: Runtime, public_id: str) -> list[str]:
    source = read_source(worker.database, DatabaseRole.WORKER, public_id)
    return list(source.credentials(clock.now()).secrets)


def test_create_prints_the_url_and_a_made_secret_once(operator: CliRunner, worker: Runtime) -> None:
    result = run(operator, "create", "--provider", "stripe", "--mode", "test", "--generate-secret")
    assert result.exit_code == 0
    assert "http://callwaiting.test/webhooks/stripe/" in result.stdout
    secret = result.stdout.rpartition("Secret, shown this once: ")[2].strip()
    listed = json.loads(run(operator, "list", "--json").stdout)
    assert secrets(worker, listed[0]["public_id"]) == [secret]
    assert secret not in run(operator, "list").stdout + run(operator, "list", "--json").stdout


def test_a_secret_that_was_given_is_not_repeated(operator: CliRunner, worker: Runtime, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET + "\n")
    source = made(operator, "--provider", "stripe", "--secret-file", str(file))
    assert SECRET not in json.dumps(source)
    assert secrets(worker, source["public_id"]) == [SECRET]
    rotated = run(operator, "rotate", source["public_id"], "--secret-file", "-", given="whsec_the_next_9876543210\n")
    assert (rotated.exit_code, rotated.stdout) == (0, "Done.\n")
    assert secrets(worker, source["public_id"]) == [SECRET, "whsec_the_next_9876543210"]


def test_a_merchants_source_is_changed_in_its_own_scope(
    operator: CliRunner, worker: Runtime, merchant: MerchantScope
) -> None:
    source = made(operator, "--provider", "stripe", "--merchant", str(merchant.merchant_id), "--generate-secret")
    public_id = source["public_id"]
    assert run(operator, "pause", public_id).exit_code == 0
    with pytest.raises(UnknownSource):
        read_source(worker.database, DatabaseRole.WORKER, public_id)
    assert "paused" in run(operator, "list").stdout
    assert json.loads(run(operator, "resume", public_id, "--json").stdout)["state"] == "active"
    assert read_source(worker.database, DatabaseRole.WORKER, public_id).merchant_id == merchant.merchant_id


def test_paypal_takes_a_webhook_id_later_but_never_the_placeholder(operator: CliRunner, worker: Runtime) -> None:
    public_id = made(operator, "--provider", "paypal")["public_id"]
    refused = run(operator, "rotate", public_id, "--webhook-id", "WEBHOOK_ID")
    assert (refused.exit_code, "placeholder" in refused.stderr) == (1, True)
    assert run(operator, "rotate", public_id, "--webhook-id", "1JE4291016473214C").exit_code == 0
    assert read_source(worker.database, DatabaseRole.WORKER, public_id).webhook_id == "1JE4291016473214C"


def test_wrong_use_is_2_and_an_unknown_source_1(operator: CliRunner) -> None:
    assert run(operator, "rotate", "A" * 22).exit_code == 2
    assert run(operator, "pause", "A" * 22).exit_code == 1
    assert run(operator, "create", "--provider", "twilio", "--mode", "test").exit_code == 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ("--provider twilio", "AccountSid"),
        ("--provider twilio --account AC12", "32 hexadecimal digits"),
        ("--provider stripe --account ca_123", "acct_"),
        ("--provider stripe --account acct_1,", "acct_"),
    ],
)
def test_an_account_that_cannot_be_one_is_refused(operator: CliRunner, arguments: str, why: str) -> None:
    result = run(operator, "create", "--mode", "test", *arguments.split())
    assert (result.exit_code, result.stdout) == (1, "")
    assert why in result.stderr


def test_a_source_that_is_not_there_is_named(operator: CliRunner) -> None:
    for command in (["pause"], ["resume"], ["rotate", "--generate-secret"]):
        result = run(operator, *command, "nobody")
        assert (result.exit_code, result.stdout) == (1, "")
        assert "There is no source nobody" in result.stderr
