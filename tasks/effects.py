"""How each kind of effect is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callwaiting.features.calls import recordings
from callwaiting.features.forwarding import placing
from callwaiting.features.forwarding import service as forwarding
from callwaiting.features.messages import sending
from callwaiting.features.messages import service as messages
from callwaiting.features.outbox.service import Performer
from callwaiting.features.outgoing import delivery
from callwaiting.features.outgoing import service as outgoing
from callwaiting.features.payments import asking, capture, closing, refund_effects
from callwaiting.features.payments.refunds import effect_of

REFUND = Performer(refund_effects.load, refund_effects.call, refund_effects.record, refund_effects.reject)

PERFORMERS: Mapping[str, Performer[Any, Any]] = {  # each performer has its own types of request and result
    messages.EFFECT: Performer(sending.load, sending.call, sending.record, sending.reject),
    forwarding.EFFECT: Performer(placing.load, placing.call, placing.record, placing.reject),
    placing.END: Performer(placing.load_end, placing.call_end, placing.record_end, placing.reject_end),
    recordings.EFFECT: Performer(recordings.load, recordings.perform, recordings.record, recordings.reject),
    capture.EFFECT: Performer(capture.load, capture.call, capture.record, capture.reject, comes_again=True),
    asking.EFFECT: Performer(asking.load, asking.call, asking.record, asking.reject, comes_again=True),
    closing.EFFECT: Performer(closing.load, closing.call, closing.record, closing.reject),
    outgoing.EFFECT: Performer(delivery.load, delivery.call, delivery.record, delivery.reject),
    effect_of("stripe"): REFUND,
    effect_of("paypal"): REFUND,
    refund_effects.LIST: Performer(
        refund_effects.load_lookup,
        refund_effects.call_lookup,
        refund_effects.record_lookup,
        refund_effects.reject_lookup,
    ),
}
