"""Text messages of a merchant, as the other slices know them. How it is done lies in the modules beside this one."""

from __future__ import annotations

from callwaiting.features.messages.fates import Fate, fate_of
from callwaiting.features.messages.figures import TextFigures, per_day
from callwaiting.features.messages.incoming import IncomingText, receive
from callwaiting.features.messages.missed_calls import text_missed_call
from callwaiting.features.messages.planning import EFFECT, plan_message, plan_text, write_by_hand
from callwaiting.features.messages.reconciling import statuses_of, under_way
from callwaiting.features.messages.sending import apply_status

__all__ = [
    "EFFECT",
    "Fate",
    "IncomingText",
    "TextFigures",
    "apply_status",
    "fate_of",
    "per_day",
    "plan_message",
    "plan_text",
    "receive",
    "statuses_of",
    "text_missed_call",
    "under_way",
    "write_by_hand",
]
