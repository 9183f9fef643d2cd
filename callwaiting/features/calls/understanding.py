"""What a caller means: commands, wishes, yes and no. Pure. What a number or a whole sentence means is worked out by
`callwaiting.understanding`; here are the words of this dialogue.

Speech comes as text from Twilio and may be anything. What is not surely understood is None or empty, and the caller
is asked; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from callwaiting.features.calls.vocabulary import (
    ABOUT_HOURS,
    ABOUT_PLACE,
    ANGER,
    ANY_TIME,
    ASKING_AFTER,
    BOOKED,
    CHANGING,
    COMMANDS,
    DONE,
    FOREIGN,
    INTENT_PHRASES,
    INTENTS,
    QUESTIONS,
    WAITING,
    Command,
    Intent,
)
from callwaiting.features.consents.service import is_free_stop
from callwaiting.understanding.text import read
from callwaiting.understanding.yes_no import plain_answer

LONGEST_WAIT = 8


def command_in(words: Sequence[str]) -> Command | None:
    """The command somewhere in these words, if any."""
    found = (command for command, phrases in COMMANDS.items() if any(has(words, phrase) for phrase in phrases))
    command = next(found, None)
    return Command.STOP_TEXTS if command is not Command.EMERGENCY and is_free_stop(" ".join(words)) else command


def intent_in(words: Sequence[str]) -> Intent | None:
    """What is wanted, when the words speak of one thing only."""
    if has(words, ("do", "i", "need")) or (asks_something(words) and {"deliver", "delivery"} & set(words)):
        return Intent.QUESTION
    if CHANGING & set(words) and BOOKED & set(words):
        return Intent.CHANGE
    for intent, phrases in INTENT_PHRASES.items():
        if any(has(words, phrase) for phrase in phrases):
            return intent
    if asks_something(words) and (ABOUT_HOURS | ABOUT_PLACE) & set(words):
        return Intent.QUESTION
    found = {INTENTS[word] for word in words if word in INTENTS}
    return found.pop() if len(found) == 1 else None


def asks_to_wait(words: Sequence[str]) -> bool:
    """Whether the caller needs a moment."""
    return 0 < len(words) <= LONGEST_WAIT and any(has(words, phrase) for phrase in WAITING)


def asks_something(words: Sequence[str]) -> bool:
    """Whether this sounds like a question about the business."""
    return any(word in QUESTIONS for word in words[:4]) or (0 < len(words) <= 2 and bool(ABOUT_PLACE & set(words)))


def wants_any(words: Sequence[str]) -> bool:
    """Whether any of the times will do."""
    return any(has(words, phrase) for phrase in ANY_TIME)


def asks_after(words: Sequence[str]) -> bool:
    """Whether this asks what there is, rather than for it: `do you have cola`, but not `can I have a cola`."""
    return tuple(words[:2]) in ASKING_AFTER or tuple(words[:1]) in ASKING_AFTER


def is_angry(words: Sequence[str]) -> bool:
    """Whether the caller swears."""
    return any(word in ANGER for word in words)


def other_language(words: Sequence[str]) -> str | None:
    """The voice's name of the language that is spoken instead of English, when two words of it are heard."""
    counts = {language: len(known & set(words)) for language, known in FOREIGN.items()}
    language = max(counts, key=lambda name: counts[name])
    return language if counts[language] >= 2 else None


def yes_or_no(words: Sequence[str]) -> bool | None:
    """A plain yes or no. None when neither, or when a yes comes with anything else than polite words."""
    return _answer(tuple(words))


def says_done(words: Sequence[str]) -> bool:
    """Whether the caller has nothing to add."""
    rest = [
        word for word in words if word not in {"no", "nope", "please", "thanks", "thank", "you", "ok", "okay", "um"}
    ]
    return bool(words) and (tuple(rest) in DONE or (not rest and yes_or_no(words) is False))


@lru_cache(maxsize=1024)
def _answer(words: tuple[str, ...]) -> bool | None:
    return plain_answer(read(" ".join(words)).plain)


def has(words: Sequence[str], phrase: tuple[str, ...]) -> bool:
    return any(tuple(words[i : i + len(phrase)]) == phrase for i in range(len(words) - len(phrase) + 1))
