"""How each kind of effect is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwaiting.features.messages import sending
from callwaiting.features.messages import service as messages
from callwaiting.features.outbox.service import Performer
from callwaiting.features.payments import capture

PERFORMERS: Mapping[str, Performer[Any, Any]] = {  # each performer has its own types of request and result
    messages.EFFECT: Performer(sending.load, sending.call, sending.record, sending.reject),
    capture.EFFECT: Performer(capture.load, capture.call, capture.record, capture.reject),
}
