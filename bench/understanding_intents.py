"""The frozen map from the data sets' intents to ours. What is in no map is another world; near misses are skipped."""

from __future__ import annotations

from typing import Any

# Sets whose every sentence is for a business's line, with the intent that all of them have (none: several).
IN_SCOPE: dict[str, tuple[str, ...]] = {
    "booking_restaurants8k.jsonl": (),
    "booking_nlupp_hotels.jsonl": (),
    "booking_snips.jsonl": ("book",),
    "order_taskmaster4_coffee.jsonl": ("order",),
}
OTHERS: dict[str, dict[str, tuple[str, ...]]] = {
    "intent_clinc150.jsonl": {
        "restaurant_reservation": ("book",), "cancel_reservation": ("cancel",),
        "accept_reservations": ("book", "question"), "confirm_reservation": ("booking_status",),
        "order_status": ("order_status",),
        "order": ("order",), "yes": ("yes",), "no": ("no",), "maybe": ("dont_know",),
        "greeting": ("greeting",), "goodbye": ("goodbye",),
        "thank_you": ("thanks",), "repeat": ("repeat",), "cancel": ("cancel", "no"), "what_can_i_ask_you": ("help",),
        "are_you_a_bot": ("help", "human"),
    },
    "intent_banking77.jsonl": {},
}  # fmt: skip
# Sentences that a shop's line might well hear, in sets that are about something else.
SKIPPED = frozenset({
    "restaurant_reviews", "restaurant_suggestion", "meal_suggestion", "schedule_meeting", "book_hotel", "pay_bill",
    "how_busy", "change_language", "what_is_your_name", "visa_or_mastercard", "card_acceptance", "request_refund",
    "Refund_not_showing_up",
})  # fmt: skip
_NLUPP = {"cancel_close_leave_freeze": "cancel", "repeat": "repeat", "handoff": "human", "change": "change"}


def nlupp_intent(row: dict[str, Any]) -> tuple[str, ...] | None:
    """Our intent of a row with several labels, where they say one."""
    found = [ours for theirs, ours in _NLUPP.items() if theirs in row["intents"]]
    return (found[0],) if found else None
