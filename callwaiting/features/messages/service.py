"""Text messages of a merchant, as the other slices know them. How it is done lies in the modules beside this one."""

from __future__ import annotations

from callwaiting.features.messages.fates import Fate, fate_of
from callwaiting.features.messages.figures import TextFigures, per_day
from callwaiting.features.messages.missed_calls import text_missed_call
from callwaiting.features.messages.planning import EFFECT, plan_message, plan_text, write_by_hand

__all__ = [
    "EFFECT",
    "Fate",
    "TextFigures",
    "fate_of",
    "per_day",
    "plan_message",
    "plan_text",
    "text_missed_call",
    "write_by_hand",
]
