"""How each kind of effect is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwaiting.features.outbox.service import Performer

PERFORMERS: Mapping[str, Performer[Any, Any]] = {}  # each performer has its own types of request and result
