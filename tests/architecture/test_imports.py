"""Who may import whom: the contracts in `.importlinter`, and that they would notice a breach."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import grimp
import pytest

EXPORTED = ("bookings", "callers", "calls", "consents", "messages", "orders", "payments")
DOORS = {"service", "errors", "events"}
# Reviewed: a signed route of another slice verifies its request by the source that the inbox keeps.
# And a route shows whose a row is to those who may see callers, which services know nothing of.
MORE_DOORS = (
    {(slice_, "webhooks.sources") for slice_ in ("calls", "messages")}
    | {(slice_, "callers.shown") for slice_ in ("bookings", "calls", "messages", "orders")}
    | {(slice_, "merchants.hours") for slice_ in ("bookings", "reception")}
    # The figures of a day and the rows of a file are the slices' own, and of no use to any other service.
    | {("summaries", f"{slice_}.figures") for slice_ in ("bookings", "messages", "orders", "payments")}
    | {("exports", f"{slice_}.exporting") for slice_ in EXPORTED}
    # Whether a step of setting up is done is asked where its rows are.
    | {("setup", "accounts.factors"), ("setup", "bookings.services"), ("setup", "calls.listing")}
    | {("setup", "merchants.hours"), ("setup", "payments.accounts")}
    | {("summaries", "accounts.members"), ("summaries", "calls.left_messages")}
)
HEAVY = ("stripe", "twilio", "httpx", "granian", "flower", "phonenumbers.geodata", "alembic")
ROOT = Path(__file__).parents[2]


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    linter = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(linter), "--no-cache", "--no-logo"], cwd=root, capture_output=True, text=True, timeout=120
    )


def test_import_contracts_are_kept() -> None:
    done = lint(ROOT)

    assert done.returncode == 0, done.stdout + done.stderr


# Each line is written into its module of one copy: the linter takes a second of work, and names every breach.
BREACHES = [
    ("core/jobs.py", "import tasks", "tasks", "The top level"),
    ("features/keys/service.py", "from callwaiting.features.audit import service as a", "audit.service", "Slices"),
    (
        "features/audit/models.py",
        "from callwaiting.features.audit import service as audit",
        "audit.service",
        "Inside a",
    ),
    (
        "features/alerts/service.py",
        "from callwaiting.features.keys import models as k",
        "keys.models",
        "One slice sees",
    ),
    ("features/merchants/service.py", "import stripe", "stripe", "Only the providers"),
    ("features/merchants/service.py", "from flask import g", "flask", "Services, repositories"),
    ("core/jobs.py", "import tasks", "tasks", "The app enqueues"),
    ("sandbox/store.py", "import callwaiting.core.ids", "callwaiting.core.ids", "The sandbox and"),
    ("factory.py", "import callwaiting.embedded.valkey", "callwaiting.embedded.valkey", "Only the command line"),
]


@pytest.fixture(scope="module")
def breached(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the linter says of a copy with all breaches."""
    root = tmp_path_factory.mktemp("breached")
    (root / ".importlinter").write_bytes((ROOT / ".importlinter").read_bytes())
    for package in ("callwaiting", "tasks", "migrations"):
        for source in (ROOT / package).rglob("*.py"):
            copy = root / source.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
    for module, line in dict.fromkeys((module, line) for module, line, *_ in BREACHES):
        with (root / "callwaiting" / module).open("a", encoding="utf-8") as source_text:
            source_text.write(f"\n{line}\n")
    done = lint(root)
    assert done.returncode == 1
    return done.stdout.partition("Broken contracts")[2]


@pytest.mark.parametrize(("module", "line", "imported", "contract"), BREACHES)
def test_breach_of_a_contract_is_noticed(breached: str, module: str, line: str, imported: str, contract: str) -> None:
    """The very import is named, under the contract that it breaks."""
    section = re.search(rf"^{contract}[^\n]*\n-+\n(.*?)(?=\n-+\n|\Z)", breached, re.MULTILINE | re.DOTALL)
    importer = "callwaiting." + module.removesuffix(".py").replace("/", ".")

    assert section, breached[:2000]
    unwrapped = " ".join(section[1].split())
    assert re.search(rf"- {re.escape(importer)} -> \S*{re.escape(imported)} \(", unwrapped), section[0][:2000]


def test_slices_meet_at_their_doors_only() -> None:
    graph = grimp.build_graph("callwaiting", cache_dir=None)
    prefix = "callwaiting.features."
    crossings = {
        (importer.split(".")[2], imported.removeprefix(prefix))
        for importer in graph.modules
        if importer.startswith(prefix)
        for imported in graph.find_modules_directly_imported_by(importer)
        if imported.startswith(prefix) and imported.split(".")[2] != importer.split(".")[2]
    }

    assert len(crossings) > 20
    assert {pair for pair in crossings if pair[1].split(".")[-1] not in DOORS} == MORE_DOORS


def test_start_does_not_load_the_vendors_libraries() -> None:
    """Each takes a third of a second and tens of megabytes, in every process, whether it is used or not."""
    program = "import sys, callwaiting.factory, callwaiting.blueprints, callwaiting.cli; print(*sys.modules, sep='\\n')"

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    loaded = set(done.stdout.splitlines())
    assert "callwaiting.factory" in loaded
    assert loaded & set(HEAVY) == set()


def test_what_refuses_a_configuration_is_light() -> None:
    """A process that is configured wrongly says so at once: restarted again and again, it costs next to nothing."""
    program = "import sys, callwaiting.core.settings, callwaiting.core.roles; print(*sys.modules, sep='\\n')"

    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    loaded = set(done.stdout.splitlines())
    assert "callwaiting.core.settings" in loaded
    assert loaded & {"sqlalchemy", "flask", "celery", "callwaiting.factory"} == set()
