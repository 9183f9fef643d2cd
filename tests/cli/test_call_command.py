"""What `callwaiting call` tells of the audit trail, when records are committed in another order than they were made."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, cast

import pytest

from callwaiting.cli.call import Conversation
from callwaiting.cli.demo_world import World
from callwaiting.features.audit.repository import Entry


class Trail:
    """The trail at each look; a record of a slow transaction comes to stand before those that were seen."""

    def __init__(self, *looks: str) -> None:
        self._looks = list(looks)

    def audit_since(self, since: datetime) -> list[Entry]:
        look = self._looks.pop(0) if len(self._looks) > 1 else self._looks[0]
        return [Entry(None, None, {"id": action, "action": action}) for action in look.split()]

    def received(self, caller: str) -> list[str]:
        return []

    def ring(self, caller: str) -> dict[str, Any]:
        return {"call_sid": "CA1", "ended": True, "error": None, "spoken": "", "elapsed_ms": 1.0}


def test_each_record_is_told_once_in_whatever_order_they_are_committed(capsys: pytest.CaptureFixture[str]) -> None:
    trail = Trail("call.started", "order.placed call.started", "order.placed call.started call.finalised")

    Conversation(cast(World, trail), "+12125550142", as_json=True, echo=False).play(iter(()))

    told = [entry for line in capsys.readouterr().out.splitlines() for entry in json.loads(line)["stored"]]
    assert told == ["call.started", "order.placed", "call.finalised"]
