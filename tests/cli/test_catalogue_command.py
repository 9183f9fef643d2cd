"""`callwaiting catalogue` against a real database."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest
from click.testing import CliRunner, Result

from callwaiting.cli import group
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from tests.factories.catalogue import MENU, create_menu

Run = Callable[..., Result]


@pytest.fixture
def run(environment: dict[str, str], merchant: MerchantScope) -> Run:
    def invoke(*words: str, given: bytes = b"") -> Result:
        options = ["--merchant", str(merchant.merchant_id)]
        with mock.patch.dict(os.environ, environment):
            return CliRunner().invoke(group, ["catalogue", *words, *options], input=given)

    return invoke


def test_there_and_back(run: Run, worker: Runtime, merchant: MerchantScope, tmp_path: Path) -> None:
    create_menu(worker, merchant)
    for name in ("json", "csv"):
        path = tmp_path / f"menu.{name}"
        assert run("export", "--format", name, "--output", str(path)).exit_code == 0
        removed = run("import", "-", "--remove-missing", "--json", given=b"name,price\n")
        assert len(json.loads(removed.stdout)["removed"]) == len(MENU), removed.output
        back = run("import", str(path))
        assert back.stdout.splitlines()[-1] == f"{len(MENU)} added, 0 changed, 0 removed, 0 as they were"


def test_a_table_of_an_old_spreadsheet(run: Run) -> None:
    table = "name;price\r\nKäsespätzle;9,50\r\n".encode("cp1252")
    tried, done, again = (run("import", "-", *more, given=table) for more in (["--dry-run"], [], []))

    assert tried.stdout.splitlines() == [
        "+ Käsespätzle  $9.50",
        "1 added, 0 changed, 0 removed, 0 as they were (dry run: nothing was done)",
    ]
    assert done.stdout.splitlines()[0] == "+ Käsespätzle  $9.50"
    assert again.stdout.splitlines() == ["0 added, 0 changed, 0 removed, 1 as they were"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (b"name,price\nTea,1.5\n", "csv.2.price: Must be an amount as in 12.50."),
        (b'{"currency": "USD", "items": [{"name": "Tea"}]}', "items.0.price: This field is required."),
        (b'{"currency": "EUR", "items": []}', "catalogue.currency: Must be USD."),
        (b"{", "Error: The body is not valid JSON."),
    ],
)
def test_what_cannot_be_is_said_by_line_and_column(run: Run, given: bytes, told: str) -> None:
    refused = run("import", "-", given=given)

    assert (refused.exit_code, refused.stdout, told in refused.stderr.splitlines()) == (1, "", True), refused.output
