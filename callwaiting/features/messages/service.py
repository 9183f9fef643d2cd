"""Text messages of a merchant, as the other slices know them. How it is done lies in the modules beside this one."""

from __future__ import annotations

from callwaiting.features.messages.after_calls import AfterCall, text_after_call
from callwaiting.features.messages.fates import Fate, fate_of
from callwaiting.features.messages.figures import TextFigures, per_day
from callwaiting.features.messages.gate import quiet_until
from callwaiting.features.messages.incoming import IncomingText, receive
from callwaiting.features.messages.planning import (
    EFFECT,
    is_answered,
    plan_message,
    plan_text,
    reply_key,
    write_by_hand,
)
from callwaiting.features.messages.preferences import assistant_answers
from callwaiting.features.messages.quiet_hours import awake, is_quiet
from callwaiting.features.messages.reconciling import statuses_of, under_way
from callwaiting.features.messages.segments import plain, segments_of
from callwaiting.features.messages.sending import apply_status, status_callback

__all__ = [
    "EFFECT",
    "AfterCall",
    "Fate",
    "IncomingText",
    "TextFigures",
    "apply_status",
    "assistant_answers",
    "awake",
    "fate_of",
    "is_answered",
    "is_quiet",
    "per_day",
    "plain",
    "plan_message",
    "plan_text",
    "quiet_until",
    "receive",
    "reply_key",
    "segments_of",
    "status_callback",
    "statuses_of",
    "text_after_call",
    "under_way",
    "write_by_hand",
]
