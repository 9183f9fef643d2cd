"""How the status of an outgoing text may move. Twilio's notices come in any order and more than once."""

from __future__ import annotations

from collections.abc import Mapping

_ON_THE_WAY = ("accepted", "queued", "sending", "sent")
_ENDS = frozenset({"delivered", "undelivered", "failed"})

# A status may be skipped, never taken back. The three ends are final; only a delivered text can still be read
# (twilio.com/docs/messaging/api/message-resource, status values).
NEXT: Mapping[str, frozenset[str]] = {
    "planned": frozenset({*_ON_THE_WAY, *_ENDS, "read", "suppressed"}),
    **{status: frozenset({*_ON_THE_WAY[place + 1 :], *_ENDS, "read"}) for place, status in enumerate(_ON_THE_WAY)},
    "delivered": frozenset({"read"}),
    "undelivered": frozenset(),
    "failed": frozenset(),
    "read": frozenset(),
    "suppressed": frozenset(),
    "received": frozenset(),
}
EARLIER: Mapping[str, list[str]] = {end: [status for status, ends in NEXT.items() if end in ends] for end in NEXT}
