"""The words that the assistant knows. Multi-word phrases are tuples of words as `words_of` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

Phrase = tuple[str, ...]


class Command(StrEnum):
    """What a caller may say at any step."""

    PERSON = "person"
    START_OVER = "start_over"
    REPEAT = "repeat"
    STOP_TEXTS = "stop_texts"


class Intent(StrEnum):
    """What a caller wants at the beginning."""

    ORDER = "order"
    BOOK = "book"


UNITS: Mapping[str, int] = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17,
    "eighteen": 18, "nineteen": 19,
}  # fmt: skip
TENS: Mapping[str, int] = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
SCALES = frozenset({"hundred", "thousand", "million"})
SET_PHRASES: tuple[tuple[Phrase, int], ...] = (
    (("half", "a", "dozen"), 6), (("a", "dozen"), 12), (("one", "dozen"), 12), (("dozen",), 12),
    (("a", "couple", "of"), 2), (("a", "couple"), 2), (("couple", "of"), 2), (("couple",), 2),
    (("a", "pair", "of"), 2), (("a", "pair"), 2), (("a",), 1), (("an",), 1), (("single",), 1),
)  # fmt: skip
# What speech recognition writes for a number that is all that was said.
HOMOPHONES: Mapping[str, int] = {"won": 1, "to": 2, "too": 2, "for": 4, "ate": 8}
ORDINALS: Mapping[str, int] = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6}

FILLERS = frozenset({
    "a", "ah", "alright", "and", "er", "hm", "i", "is", "it", "its", "just", "me", "my", "number", "oh", "ok", "okay",
    "one", "option", "please", "so", "thank", "thanks", "that", "thats", "the", "think", "this", "uh", "um", "well",
    "will", "would", "you",
})  # fmt: skip
POLITE = frozenset({"no", "nope", "please", "thanks", "thank", "you", "ok", "okay", "um", "uh"})
YES = frozenset({
    "absolutely", "agreed", "certainly", "confirm", "confirmed", "correct", "definitely", "exactly", "perfect", "right",
    "sure", "yeah", "yep", "yes", "yup",
})  # fmt: skip
NO = frozenset({
    "cancel", "cant", "dont", "incorrect", "nah", "negative", "neither", "never", "no", "none", "nope", "not",
    "nothing", "remove", "without", "wrong",
})  # fmt: skip
AFFIRMED: tuple[Phrase, ...] = (
    ("go", "ahead"), ("of", "course"), ("do", "it"), ("place", "the", "order"), ("place", "it"), ("book", "it"),
    ("all", "good"), ("sounds", "good"), ("sounds", "great"), ("thats", "fine"), ("that", "is", "fine"),
)  # fmt: skip
DONE: tuple[Phrase, ...] = (
    ("thats", "all"), ("that", "is", "all"), ("thats", "it"), ("that", "is", "it"), ("nothing", "else"),
    ("that", "will", "be", "all"), ("thatll", "be", "all"), ("that", "would", "be", "all"), ("thatd", "be", "all"),
    ("more",), ("all", "done"), ("im", "done"), ("i", "am", "done"), ("im", "finished"), ("done",), ("finished",),
    ("im", "good"), ("i", "am", "good"), ("nothing", "more"), ("just", "that"),
)  # fmt: skip
SEPARATORS = frozenset({"and", "plus", "also", "then", "or"})
MODIFIERS = frozenset({"with", "extra"})

COMMANDS: Mapping[Command, tuple[Phrase, ...]] = {
    Command.STOP_TEXTS: (
        ("stop", "texting"), ("stop", "text"), ("stop", "texts"), ("stop", "messaging"), ("stop", "messages"),
        ("stop", "sending", "me"), ("no", "more", "texts"), ("no", "more", "text"), ("no", "more", "messages"),
        ("dont", "text"), ("do", "not", "text"), ("dont", "message"), ("do", "not", "message"), ("never", "text"),
        ("quit", "texting"), ("unsubscribe",),
    ),
    Command.START_OVER: (("start", "over"), ("start", "again"), ("begin", "again"), ("restart",)),
    Command.PERSON: (
        ("human",), ("representative",), ("operator",), ("real", "person"), ("a", "person"), ("talk", "to"),
        ("speak", "to"), ("speak", "with"), ("talk", "with"), ("live", "agent"), ("an", "agent"),
    ),
    Command.REPEAT: (("repeat",), ("again",), ("pardon",), ("what", "did", "you", "say")),
}  # fmt: skip

INTENTS: Mapping[str, Intent] = {
    "order": Intent.ORDER, "ordering": Intent.ORDER, "buy": Intent.ORDER, "takeout": Intent.ORDER,
    "takeaway": Intent.ORDER, "delivery": Intent.ORDER, "pickup": Intent.ORDER,
    "book": Intent.BOOK, "booking": Intent.BOOK, "appointment": Intent.BOOK, "reserve": Intent.BOOK,
    "reservation": Intent.BOOK, "schedule": Intent.BOOK, "table": Intent.BOOK,
}  # fmt: skip
