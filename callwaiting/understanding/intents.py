"""Which intent a sentence has, and whether it is for a business's line at all.

Every pattern that matches adds its weight to its intent; topics of other worlds take away. What the grammars found
(a day, a party, an item) is evidence too. Below THRESHOLD the sentence is out of scope.
"""

from __future__ import annotations

from dataclasses import dataclass

from callwaiting.understanding.intent_words import intent_words
from callwaiting.understanding.result import Intent

THRESHOLD = 1.0
SHORT = 3
# A sentence often greets, thanks, asks and books in one: the errand wins.
LESSER = (Intent.THANKS, Intent.GREETING, Intent.GOODBYE, Intent.QUESTION)
ORDER_OF_ERRANDS = (
    Intent.EMERGENCY, Intent.STOP, Intent.HUMAN, Intent.REPEAT, Intent.START_OVER, Intent.CANCEL, Intent.CHANGE,
    Intent.ORDER_STATUS, Intent.PAY, Intent.MESSAGE, Intent.HOURS, Intent.LOCATION, Intent.HELP, Intent.BOOK,
    Intent.ORDER, Intent.BOOKING_STATUS, Intent.QUESTION, Intent.DONE, Intent.DONT_KNOW, Intent.GOODBYE, Intent.THANKS,
    Intent.GREETING,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the grammars found in the sentence."""

    asked: bool  # the slot that was asked for was answered
    booking: int  # how many of day, time, party and name
    items: bool
    yes_no: bool | None
    bare: bool  # nothing but yes or no
    words: int


def intent_of(plain: str, evidence: Evidence) -> tuple[Intent, float]:
    """(the intent, a confidence of 0 to 1); OUT_OF_SCOPE with the confidence that it is."""
    if evidence.words == 0:
        return Intent.OUT_OF_SCOPE, 0.0
    words = intent_words()
    scores = {
        intent: sum(line.weight for line in lines if line.pattern.search(plain))
        for intent, lines in words.intents.items()
    }
    foreign = sum(min(len(line.pattern.findall(plain)), 2) * line.weight for line in words.foreign)
    if evidence.items:
        scores[Intent.ORDER] += 3
        foreign = 0
    if evidence.yes_no is not None:
        scores[Intent.YES if evidence.yes_no else Intent.NO] += 3 if evidence.bare else 1
    if evidence.bare and evidence.yes_no is not None:
        foreign = 0
    strong = next((intent for intent in ORDER_OF_ERRANDS[:12] if scores[intent] >= 3), None)
    if evidence.items and strong not in (Intent.CANCEL, Intent.CHANGE, Intent.HUMAN, Intent.STOP, Intent.EMERGENCY):
        strong = Intent.ORDER
    errand = any(score for intent, score in scores.items() if intent not in LESSER)
    best = strong or max(ORDER_OF_ERRANDS, key=lambda intent: scores[intent] - 2 * (errand and intent in LESSER))
    plainly = Intent.YES if evidence.yes_no else Intent.NO
    if evidence.yes_no is not None and (scores[best] < 2 or (evidence.bare and scores[best] < 4)):
        best = plainly
    slots = min(evidence.booking, 3)
    support = scores[best] + slots + (4 if evidence.asked else 0)
    if evidence.words <= SHORT:
        support = max(support, 1)  # too short to speak of another world
    score = support - foreign
    if score < THRESHOLD:
        return Intent.OUT_OF_SCOPE, _confidence(THRESHOLD - score)
    if scores[best] < 2 or (evidence.asked and best is Intent.CHANGE and scores[best] < 3):
        return Intent.ANSWER, _confidence(score)
    return best, _confidence(score)


def _confidence(distance: float) -> float:
    """Grows from 0.5 at the threshold towards 1."""
    return round(1 - 0.5 / (1 + max(distance, 0.0)), 2)
