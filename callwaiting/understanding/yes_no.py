"""Yes and no: plain answers only. A yes that comes with a change is none, and `not bad` is not a no."""

from __future__ import annotations

import re

YES = re.compile(
    r"\b(?:yes|yeah|yea|yep|yup|yah|^ya|sure|correct|certainly|absolutely|definitely|exactly|indeed|agreed|confirm(?:ed)?|"
    r"affirmative|perfect|please do|of course|go ahead|do it|go for it|all good|"
    r"sounds? (?:very |really |pretty )?(?:good|great|fine|perfect)|"
    r"(?:that|it) (?:would |will )?(?:works?|suits?)(?: me)?(?: well| fine)?(?: for (?:me|us))?|that is the plan|"
    r"i like (?:it|that|the sound of (?:it|that))|"
    r"that is (?:right|correct|fine|great|good|perfect|it exactly|the one)|(?:is|are|was) (?:right|correct|true)|"
    r"looks? (?:good|great|fine|right|correct|alright|perfect)|right|works for me|that works|fine(?: by me)?|"
    r"place (?:it|the order|my order)|book (?:it|both|them|all)(?: of (?:it|them))?|"
    r"i do(?! not)|i am(?! not)|it is true|"
    r"ok(?:ay)?|alright|all right|why not|by all means|not bad|no (?:problem|worries|doubt))\b"
)
NO = re.compile(
    r"\b(?:no|nope|nah|naw|negative|incorrect|wrong|never|false|"
    r"(?:do|does|did|is|are|was|will|would|could|should|must|have|has) not|cannot|not|neither|none|"
    r"cancel|forget it|never ?mind)\b"
)
FINE_WITH_NO = re.compile(
    r"\b(?:not bad|no (?:problem|worries|doubt|hurry)|why not|do not mind|does not matter|no no yes|not only)\b"
)
UNDECIDED = re.compile(
    r"\b(?:yes|no)\b.{0,20}\b(?:or|maybe|not sure)\b|\b(?:yes and no|not sure|maybe|perhaps|do not know)\b"
)
FIRST_NO = re.compile(
    r"(?:(?:oh|well|ok(?:ay)?|yeah|so|i am)[ ,]+)*(?:no|nope|nah|sorry|incorrect|wrong|negative|it is false)\b"
)
# Some say yes by it and others no, or it asks back: nothing may be done because of it.
EITHER = re.compile(
    r"\b(?:i am|not bad|no (?:problem|worries|doubt|hurry)|why not|right now|do not mind|does not matter)\b|"
    r"^(?:is|are|was|does|did|do (?!it|that|so)|can|could|would|will) "
)
POLITE = re.compile(
    r"\b(?:please|thanks?|thank you|very much|a lot|so much|sir|ma'?am|madam|mate|hi|hello|hey|oh|well|so|then|and|i|"
    r"it|that|this|is|am|are|the|you|me|think|guess|believe|just|would|will|be|like|can|could|lets?|for|to|a|all|do|"
    r"does|looks?|order|booking|it's|one|1|everything|now|great|good|much appreciated|wonderful|lovely|super|cool|"
    r"both|them)\b"
)


def yes_or_no(plain: str) -> bool | None:
    """Whether the text says yes or no. None when it says neither, or both without deciding."""
    if UNDECIDED.search(plain):
        return None
    without = FINE_WITH_NO.sub(" ok ", plain)
    no = NO.search(without)
    if no is None:
        return True if YES.search(without) else None
    if FIRST_NO.match(without):
        return False
    yes = YES.search(without)
    if yes and re.search(r"\bnot (?:right|correct|fine|good|ok|sure)\b", without):
        return False
    return None if yes else False


def plain_answer(plain: str) -> bool | None:
    """What may be acted on: a no, or a yes with nothing but polite words beside it."""
    answer = yes_or_no(plain)
    return None if answer and (EITHER.search(plain) or not is_bare(plain)) else answer


def is_bare(plain: str) -> bool:
    """Whether nothing else is said than a yes or a no, and polite words."""
    rest = POLITE.sub(" ", NO.sub(" ", YES.sub(" ", FINE_WITH_NO.sub(" ", plain))))
    return not re.search(r"\w", rest)


def begins_with_no(plain: str) -> bool:
    """Whether the first word is a no that stands for itself: `no, without onions`, but not `no onions`."""
    return re.match(r"(?:oh |well )?(?:no|nope|nah)(?:[,.;!]| (?:i|it|that|make|with)\b)", plain) is not None
