"""What becomes of a text that Twilio did not deliver, by Twilio's error code.

Each code is explained at twilio.com/docs/api/errors/<code>. One that is not listed only fails its text.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Remedy(StrEnum):
    """What is done beyond marking the text as failed."""

    NONE = "none"
    STOP = "stop"
    """The recipient has told Twilio to stop: it goes into the consent ledger, and nothing more is sent."""
    AGAIN = "again"
    """The phone was off or out of reach: one more attempt, later."""
    UNREACHABLE = "unreachable"
    """No text will ever reach this number: none is sent until it texts us itself."""
    ALERT = "alert"
    """Something is wrong on our side, with every text: people have to act."""


class Failure(NamedTuple):
    meaning: str
    remedy: Remedy


FAILURES: Mapping[str, Failure] = {
    "20429": Failure("Too many requests: Twilio's rate limit was met.", Remedy.ALERT),
    "21211": Failure("The recipient's number is not a valid phone number.", Remedy.UNREACHABLE),
    "21214": Failure("The recipient's number cannot be reached.", Remedy.UNREACHABLE),
    "21408": Failure("Texts to this country are not enabled in the Twilio account.", Remedy.ALERT),
    "21606": Failure("The business's number cannot send texts.", Remedy.ALERT),
    "21610": Failure("The recipient has replied STOP to this number.", Remedy.STOP),
    "21611": Failure("The number has too many texts waiting at Twilio.", Remedy.AGAIN),
    "21612": Failure("The business's number cannot text this recipient.", Remedy.ALERT),
    "21614": Failure("The recipient's number is not a mobile number.", Remedy.UNREACHABLE),
    "21617": Failure("The text is longer than 1600 characters.", Remedy.NONE),
    "21635": Failure("The recipient's number is a landline.", Remedy.UNREACHABLE),
    "30001": Failure("The queue of the sending number overflowed.", Remedy.AGAIN),
    "30002": Failure("The Twilio account is suspended.", Remedy.ALERT),
    "30003": Failure("The phone is switched off or out of reach.", Remedy.AGAIN),
    "30004": Failure("The recipient or the carrier blocks texts.", Remedy.NONE),
    "30005": Failure("The recipient's number is unknown or no longer in use.", Remedy.UNREACHABLE),
    "30006": Failure("The number is a landline or its carrier takes no texts.", Remedy.UNREACHABLE),
    "30007": Failure("The carrier filtered the text as unwanted.", Remedy.ALERT),
    "30008": Failure("The carrier gave no reason.", Remedy.NONE),
    "30022": Failure("The campaign's rate limit of the carriers was exceeded.", Remedy.AGAIN),
    "30023": Failure("The brand's daily limit of the carrier was exceeded.", Remedy.ALERT),
    "30032": Failure("The toll-free number is not verified.", Remedy.ALERT),
    "30034": Failure("The number is not registered for A2P 10DLC.", Remedy.ALERT),
    "63014": Failure("The recipient has blocked the channel.", Remedy.NONE),
}
UNKNOWN = Failure("Twilio gave a code that is not in our table.", Remedy.NONE)


def failure_of(code: str) -> Failure:
    """What the code means and what is done about it."""
    return FAILURES.get(code, UNKNOWN)
