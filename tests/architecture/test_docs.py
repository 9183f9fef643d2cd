"""What the documents say about the code, compared with the code."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from callwaiting.cli import group
from callwaiting.core.db import DatabaseRole
from callwaiting.core.errors import PUBLIC_FACES
from callwaiting.core.settings import Settings
from callwaiting.features.bookings import transitions as booking_states
from callwaiting.features.orders import transitions as order_states
from callwaiting.features.payments import transitions as payment_states
from migrations import overview
from tasks.webhook_handlers import HANDLERS

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
OUTSIDE_SETTINGS = {"DATABASE_URL", "DATABASE_ROLE_SECRET"}  # of `callwaiting db` alone


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| (`[A-Z].*?) \| (.*?) \|", (DOCS / "configuration.md").read_text(), re.MULTILINE)
    listed = {name: default for names, default in rows for name in re.findall(r"`([A-Z_]+)`", names)}

    assert set(listed) - OUTSIDE_SETTINGS == {name.upper() for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        if isinstance(field.default, str | int) and field.default != "" and name != "database_pool_size":
            assert listed[name.upper()].strip("`") == str(field.default), name


def test_every_setting_is_read() -> None:
    """One that nothing reads promises what it does not do. PAYPAL_WEBHOOK_ID is only judged."""
    code = "".join(path.read_text() for path in [*ROOT.glob("callwaiting/**/*.py"), *ROOT.glob("tasks/*.py")])
    by_role = {f"database_url_{role.value}" for role in DatabaseRole}

    unread = {name for name in Settings.model_fields.keys() - by_role if not re.search(rf"\.{name}\b", code)}
    assert unread == {"paypal_webhook_id"}


def test_list_of_tables_is_that_of_the_models() -> None:
    kept = (DOCS / "schema.md").read_text()

    assert kept == overview.page(), "renew it: python -m migrations.overview > docs/schema.md"


def arrows(page: str, heading: str) -> list[tuple[str, str, str]]:
    """Of the first picture of states below the heading: from, to, and what is written beside."""
    text = (DOCS / page).read_text().partition(f"# {heading}\n")[2]
    picture = text.partition("stateDiagram-v2\n")[2].partition("```")[0]
    return sorted(re.findall(r"^ *(\w+) --> (\w+)(?:: (.+))?$", picture, re.M))


def test_pictures_of_states_are_those_of_the_code() -> None:
    followers = {
        "Payments": payment_states.NEXT,
        "Refunds": payment_states.REFUND_NEXT,
        "Disputes": payment_states.DISPUTE_NEXT,
    }
    for name, states in followers.items():
        assert arrows("states.md", name) == sorted((a, b, "") for a, ends in states.items() for b in ends), name
    orders = sorted((str(a), str(b), str(move)) for (a, move), b in order_states.MOVES.items())
    assert arrows("states.md", "Orders") == orders
    assert {arrow[:2] for arrow in arrows("money.md", "Deposits")} < {arrow[:2] for arrow in orders}
    assert {arrow[:2] for arrow in arrows("bookings.md", "Bookings")} == {
        (a, b) for (a, _), b in booking_states.MOVES.items()
    }


def test_table_of_errors_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| `([A-Z_]+)` \| (\d+) \| (.*?) \| (.*?) \|$", (DOCS / "integrating.md").read_text(), re.M)

    assert rows == [(code.value, str(face.status), face.title, face.message) for code, face in PUBLIC_FACES.items()]


def test_every_event_that_is_handled_is_asked_for_at_its_provider() -> None:
    """Who registers an endpoint as the page says gets all of them, and none that nobody handles."""
    page = (DOCS / "integrating.md").read_text()
    for provider, heading in (("stripe", "### Stripe"), ("paypal", "### PayPal")):
        asked_for = page.partition(heading)[2].partition("and these events:")[2].partition("\n3. ")[0]
        handled = {event_type for name, event_type in HANDLERS if name == provider}
        assert set(re.findall(r"`([A-Za-z_.-]+)`", asked_for)) == handled


def test_every_decision_is_in_the_index() -> None:
    index = (DOCS / "adr/README.md").read_text()
    pages = sorted(path for path in (DOCS / "adr").glob("[0-9]*.md"))
    numbers = [path.name[:4] for path in pages]

    assert len(pages) >= 11
    assert len(set(numbers)) == len(numbers)
    assert re.findall(r"^\| (\d{4}) \| \[.*\]\((.*)\) \|$", index, re.MULTILINE) == [
        (path.name[:4], path.name) for path in pages
    ]
    for path in pages:
        text = path.read_text()
        assert len(text.splitlines()) <= 40, path.name
        for part in ("Context", "Decision", "Evidence", "Consequences"):
            assert f"## {part}" in text, f"{path.name}: {part}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)

    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target and not target.startswith("#"):
            assert (page.parent / target.split("#")[0]).exists(), f"{page.name}: {target}"


def commands_shown() -> set[str]:
    """Every `callwaiting …` that a page tells a reader to type."""
    shown: set[str] = set()
    for page in PAGES:
        text = page.read_text()
        spans = [
            " ".join(span.split()) for span in re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", text, flags=re.S))
        ]
        lines = [
            line.split("#")[0].strip()
            for block in re.findall(r"```\n(.*?)```", text, re.S)
            for line in block.splitlines()
        ]
        shown.update(item for item in (*spans, *lines) if item.startswith("callwaiting "))
    return shown


@pytest.mark.parametrize("shown", sorted(commands_shown()))
def test_commands_and_options_exist(shown: str) -> None:
    command: click.Command = group
    context = click.Context(command)
    options: set[str] = {"--help"}
    for word in shown.split()[1:]:
        if word.startswith("--"):
            assert word in options, f"{shown}: {word}"
        elif isinstance(command, click.Group):
            found = command.get_command(context, word)
            assert found, f"{shown}: {word}"
            command, context = found, click.Context(found, parent=context)
            options |= {name for parameter in found.params for name in parameter.opts}
