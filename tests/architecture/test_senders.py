"""Every text passes the consent ledger: there is one way to the telephony provider, and it leads through the gate."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
SENDING = "callwaiting/features/messages/sending.py"
ADAPTERS = {"callwaiting/providers/twilio.py", "callwaiting/providers/registry.py"}


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Where something of this name is called in what runs in production."""
    for folder in ("callwaiting", "tasks"):
        for path in (ROOT / folder).rglob("*.py"):
            source = path.read_text(encoding="utf-8")
            for node in ast.walk(ast.parse(source)) if name in source else ():  # to parse is dear
                if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == name:
                    yield str(path.relative_to(ROOT)), node


def test_texts_are_sent_in_one_place() -> None:
    senders = [
        path for path, node in calls("send_message") if "telephony" in ast.unparse(node.func) and path not in ADAPTERS
    ]
    outside = {path for path, _ in calls("send_message")} - {SENDING, *ADAPTERS, "callwaiting/providers/smtp.py"}

    assert senders == [SENDING]
    assert outside == set()
    assert {path for path, _ in calls("OutgoingMessage")} == {SENDING}


def test_what_is_sent_there_has_passed_the_gate() -> None:
    ((path, made),) = calls("Dispatch")

    assert path == SENDING
    assert ast.unparse(made.args[-1]) == "gate.withheld_now(session, row)"


def test_rows_of_texts_are_written_where_consent_is_asked() -> None:
    planners = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "callwaiting").rglob("*.py")
        if "insert into app.messages" in path.read_text(encoding="utf-8")
        or "insert(Message)" in path.read_text("utf-8")
    }

    assert planners == {"callwaiting/features/messages/planning.py", "callwaiting/features/messages/incoming.py"}
