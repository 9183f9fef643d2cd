"""Alert rules, the dashboard and the runbooks speak of metrics and rules that exist."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram

from callwaiting.core import metrics

ROOT = Path(__file__).parents[2]
RUNBOOKS = ROOT / "docs/runbooks"
METRIC = re.compile(r"callwaiting_[a-z_]+")


def exposed_names() -> set[str]:
    kinds = (Counter, Gauge, Histogram)
    samples = {
        f"{family.name}{suffix}"
        for metric in vars(metrics).values()
        if isinstance(metric, kinds)
        for family in metric.describe()
        for suffix in {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}.get(family.type, ("",))
    }
    return samples


def test_rules_and_dashboard_name_metrics_that_exist() -> None:
    rules = METRIC.findall((ROOT / "deploy/prometheus/alerts.yml").read_text())
    dashboard = json.loads((ROOT / "deploy/grafana/callwaiting.json").read_text())
    shown = [
        name for panel in dashboard["panels"] for query in panel["targets"] for name in METRIC.findall(query["expr"])
    ]

    assert len(rules) > 10
    assert len(shown) > 10
    assert set(rules) | set(shown) <= exposed_names()


def test_every_rule_has_its_runbook() -> None:
    text = (ROOT / "deploy/prometheus/alerts.yml").read_text()
    rules = re.findall(r"- alert: (\w+)", text)

    assert sorted(path.stem for path in RUNBOOKS.glob("*.md")) == sorted(rules)
    assert re.findall(r"runbook: docs/runbooks/(\w+)\.md", text) == rules
    for rule in rules:
        page = (RUNBOOKS / f"{rule}.md").read_text()
        assert page.startswith(f"# {rule}\n")
        for part in ("**Means**", "**Look**", "**Over when**"):
            assert part in page, f"{rule}: {part}"


def raised_rules() -> set[str]:
    """Every literal rule that the application raises an alert by."""
    found: set[str] = set()
    for path in [*(ROOT / "callwaiting").rglob("*.py"), *(ROOT / "tasks").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("raise_alert", "_alert")):
                arguments = [item for item in node.args[1:2] if isinstance(item, ast.Constant)]
                found.update(item.value for item in arguments if isinstance(item.value, str))
    return found


def test_every_alert_of_the_application_is_explained() -> None:
    page = (RUNBOOKS / "AlertRaised.md").read_text()
    rules = raised_rules()

    assert "webhooks.dead" in rules
    assert {rule for rule in rules if f"`{rule}`" not in page} == set()
