"""`callwaiting alerts`: what an operator has to see to, whosever it is."""

from __future__ import annotations

import json
import os
from unittest import mock
from uuid import uuid4

from click.testing import CliRunner, Result

from callwaiting.cli import group
from callwaiting.core.tenancy import MerchantScope, Scope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.alerts import service as alerts
from tests.factories.stored_events import rows


def run(environment: dict[str, str], *words: str) -> Result:
    with mock.patch.dict(os.environ, environment):
        return CliRunner().invoke(group, ["alerts", *words])


def raised(worker: Runtime, scope: Scope, rule: str) -> None:
    with worker.database.unit_of_work(scope) as session:
        alerts.raise_alert(session, rule, subject="x", severity="high", summary=f"What {rule} says.")


def test_alerts_of_all_are_listed_and_settled_where_they_belong(
    environment: dict[str, str], worker: Runtime, merchant: MerchantScope, admin_url: str
) -> None:
    raised(worker, SystemScope("test"), "limiter.per_process")
    raised(worker, merchant, "payments.surplus")

    found = json.loads(run(environment, "list", "--json").stdout)
    owners = {alert["rule"]: alert["merchant_id"] for alert in found}
    assert owners == {"payments.surplus": str(merchant.merchant_id), "limiter.per_process": None}
    shown = run(environment, "list").stdout
    assert "limiter.per_process, platform: What limiter.per_process says." in shown
    of_one = run(environment, "list", "--merchant", str(merchant.merchant_id), "--json")
    assert [alert["rule"] for alert in json.loads(of_one.stdout)] == ["payments.surplus"]

    ids = {alert["rule"]: alert["id"] for alert in found}
    assert run(environment, "resolve", ids["limiter.per_process"]).exit_code == 0
    assert run(environment, "acknowledge", ids["payments.surplus"]).exit_code == 0
    left = json.loads(run(environment, "list", "--json").stdout)
    assert [(alert["rule"], alert["state"]) for alert in left] == [("payments.surplus", "acknowledged")]
    over = json.loads(run(environment, "list", "--state", "resolved", "--json").stdout)
    assert [alert["rule"] for alert in over] == ["limiter.per_process"]
    kept = rows(admin_url, "select merchant_id, record from audit.outbox")
    told = {(row["merchant_id"], json.loads(bytes(row["record"]))["action"]) for row in kept}
    assert {(None, "alert.resolved"), (str(merchant.merchant_id), "alert.acknowledged")} <= told


def test_what_is_not_there_or_over_is_said(environment: dict[str, str], worker: Runtime) -> None:
    assert run(environment, "list").stderr.startswith("There are no such alerts.")
    assert run(environment, "resolve", str(uuid4())).exit_code == 1
    raised(worker, SystemScope("test"), "limiter.per_process")
    (alert,) = json.loads(run(environment, "list", "--json").stdout)
    assert run(environment, "resolve", alert["id"]).exit_code == 0
    assert run(environment, "resolve", alert["id"]).exit_code == 0  # a second time does nothing
    assert run(environment, "acknowledge", alert["id"]).exit_code == 1
