"""The words that the assistant knows. Multi-word phrases are tuples of words as `words_of` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from callwaiting.understanding import numbers

Phrase = tuple[str, ...]


class Command(StrEnum):
    """What a caller may say at any step."""

    EMERGENCY = "emergency"
    PERSON = "person"
    START_OVER = "start_over"
    REPEAT = "repeat"
    STOP_TEXTS = "stop_texts"


class Intent(StrEnum):
    """What a caller wants."""

    ORDER = "order"
    BOOK = "book"
    CHANGE = "change"
    STATUS = "status"
    MESSAGE = "message"
    QUESTION = "question"


ORDINALS: Mapping[str, int] = {word: value for word, value in numbers.ORDINALS.items() if value <= 6}  # no days yet

LEAVING_OUT = frozenset({"without", "no", "hold", "minus"})
FILLERS = frozenset({
    "a", "ah", "alright", "and", "er", "hm", "i", "is", "it", "its", "just", "me", "my", "number", "oh", "ok", "okay",
    "one", "option", "please", "so", "thank", "thanks", "that", "thats", "the", "think", "this", "uh", "um", "well",
    "will", "would", "you",
})  # fmt: skip
POLITE = frozenset({"no", "nope", "please", "thanks", "thank", "you", "ok", "okay", "um", "uh"})
YES = frozenset({
    "absolutely", "agreed", "certainly", "confirm", "confirmed", "correct", "definitely", "exactly", "perfect", "right",
    "sure", "ya", "yea", "yeah", "yep", "yes", "yup",
})  # fmt: skip
NO = frozenset({
    "cancel", "cant", "dont", "incorrect", "nah", "negative", "neither", "never", "no", "none", "nope", "not",
    "nothing", "remove", "without", "wrong",
})  # fmt: skip
DONE: tuple[Phrase, ...] = (
    ("thats", "all"), ("that", "is", "all"), ("thats", "it"), ("that", "is", "it"), ("nothing", "else"),
    ("that", "will", "be", "all"), ("thatll", "be", "all"), ("that", "would", "be", "all"), ("thatd", "be", "all"),
    ("more",), ("all", "done"), ("im", "done"), ("i", "am", "done"), ("im", "finished"), ("done",), ("finished",),
    ("im", "good"), ("i", "am", "good"), ("thats", "everything"), ("that", "is", "everything"), ("everything",),
    ("nothing",), ("thats", "the", "lot"), ("nothing", "more"), ("just", "that"),
)  # fmt: skip
SEPARATORS = frozenset({"and", "plus", "also", "then", "or"})
MODIFIERS = frozenset({"with", "extra"})

COMMANDS: Mapping[Command, tuple[Phrase, ...]] = {
    Command.EMERGENCY: (
        ("emergency",), ("ambulance",), ("911",), ("nine", "one", "one"), ("call", "112"), ("call", "999"),
        ("cant", "breathe"), ("cannot", "breathe"), ("heart", "attack"), ("having", "a", "stroke"), ("unconscious",),
        ("is", "on", "fire"), ("theres", "a", "fire"), ("there", "is", "a", "fire"), ("kill", "myself"),
        ("overdose",), ("bleeding", "badly"), ("being", "attacked"),
    ),
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
# Tried in this order before the single words above: `where is my order` orders nothing.
INTENT_PHRASES: Mapping[Intent, tuple[Phrase, ...]] = {
    Intent.STATUS: (
        ("where", "is", "my", "order"), ("wheres", "my", "order"), ("status", "of", "my", "order"),
        ("order", "status"), ("status", "of", "order"), ("is", "my", "order"), ("about", "my", "order"),
        ("track", "my", "order"), ("did", "you", "get", "my", "payment"), ("check", "my", "order"),
        ("check", "on", "my", "order"), ("check", "on", "an", "order"), ("still", "isnt", "here"),
        ("still", "not", "here"), ("hasnt", "arrived"), ("not", "arrived"), ("hasnt", "come"),
        ("waiting", "for", "my", "order"), ("waiting", "for", "my", "food"),
    ),
    Intent.CHANGE: (
        ("is", "my", "appointment"), ("was", "my", "appointment"), ("is", "my", "booking"), ("was", "my", "booking"),
        ("is", "my", "reservation"), ("was", "my", "reservation"), ("is", "my", "class"),
        ("cant", "make", "it"), ("cannot", "make", "it"), ("wont", "make", "it"), ("not", "make", "it"),
    ),
    Intent.ORDER: (("on", "the", "menu"), ("your", "menu"), ("what", "can", "i", "order")),
    Intent.BOOK: (("what", "services"), ("which", "services"), ("your", "services"), ("what", "can", "i", "book")),
    Intent.MESSAGE: (
        ("leave", "a", "message"), ("take", "a", "message"), ("leave", "message"), ("give", "them", "a", "message"),
        ("pass", "on", "a", "message"), ("call", "me", "back"), ("ring", "me", "back"), ("a", "callback"),
        ("running", "late"), ("be", "late"), ("minutes", "late"),
        ("a", "call", "back"), ("tell", "the", "team"), ("leave", "a", "note"),
        ("complain",), ("complaint",),
    ),
}  # fmt: skip
CHANGING = frozenset({"cancel", "change", "move", "reschedule", "postpone", "push", "rebook"})
WAITING: tuple[Phrase, ...] = (("hold", "on"), ("hang", "on"), ("one", "moment"), ("one", "second"), ("a", "second"),
    ("one", "sec"), ("a", "sec"), ("just", "a", "minute"), ("just", "a", "moment"), ("wait", "a"),
    ("let", "me", "check"), ("let", "me", "think"))  # fmt: skip
BOOKED = frozenset({"appointment", "appointments", "booking", "reservation", "table"})
QUESTIONS = frozenset({
    "are", "can", "could", "did", "do", "does", "hours", "how", "hows", "is", "what", "whats", "when", "whens", "where",
    "wheres", "which", "who", "whos", "why", "will",
})  # fmt: skip
ASKING_AFTER = frozenset({
    ("do", "you"), ("have", "you"), ("is", "there"), ("are", "there"), ("is", "the"), ("are", "the"), ("what",),
    ("whats",), ("which",), ("how", "much"), ("how", "big"), ("how", "long"),
})  # fmt: skip
ABOUT_HOURS = frozenset({"close", "closed", "closes", "closing", "hours", "open", "opening", "opens"})
ABOUT_PLACE = frozenset({"address", "directions", "located", "location"})
ABOUT_PRICE: tuple[Phrase, ...] = (("how", "much"), ("whats", "the", "price"), ("what", "is", "the", "price"),
    ("price", "of"), ("what", "does"), ("cost", "of"))  # fmt: skip
ABOUT_LENGTH: tuple[Phrase, ...] = (("how", "long"), ("how", "many", "minutes"), ("how", "much", "time"))
ABOUT_TOTAL: tuple[Phrase, ...] = (("total",), ("how", "much", "is", "it"), ("how", "much", "is", "that"),
    ("how", "much", "does", "it"), ("how", "much", "does", "that"), ("how", "much", "so", "far"), ("comes", "to"),
    ("come", "to"), ("altogether",), ("how", "much", "do", "i"))  # fmt: skip
TAKING = frozenset({
    "a", "an", "and", "fine", "get", "give", "good", "great", "have", "i", "id", "ill", "like", "it", "lets", "me",
    "of", "ok", "okay", "please", "take", "thank", "thanks", "that", "thats", "the", "them", "then", "those", "want",
    "you",
})  # fmt: skip
ANY_TIME: tuple[Phrase, ...] = (("whenever",), ("anytime",), ("any", "time"), ("any", "of", "them"), ("earliest",),
    ("soonest",), ("either",), ("asap",), ("as", "soon", "as", "possible"), ("next", "available"),
    ("first", "available"), ("doesnt", "matter"), ("dont", "mind"), ("dont", "care"), ("you", "choose"))  # fmt: skip
CALLING_OFF: tuple[Phrase, ...] = tuple(
    (verb, which, "order") for verb in ("cancel", "stop", "forget") for which in ("my", "the", "that", "this", "an")
)
REMOVING: tuple[Phrase, ...] = (
    ("remove",), ("take", "off"), ("take", "out"), ("take", "away"), ("leave", "out"), ("leave", "off"), ("drop",),
    ("scratch",), ("forget",), ("delete",), ("skip",), ("cancel",), ("without",), ("no",), ("dont", "want"),
    ("do", "not", "want"), ("hold",),
)  # fmt: skip
SETTING: tuple[Phrase, ...] = (
    ("make", "that"), ("make", "it"), ("change", "that", "to"), ("change", "it", "to"), ("i", "meant"), ("i", "mean"),
    ("actually",), ("instead",), ("no", "just"), ("only",),
)  # fmt: skip
ANGER = frozenset({
    "asshole", "awful", "joke", "pathetic", "ridiculous", "terrible", "unacceptable",
    "bastard", "bitch", "bollocks", "bullshit", "crap", "damn", "dammit", "fuck", "fucking", "idiot",
    "piss", "shit", "stupid", "useless", "wanker",
})  # fmt: skip
# Words that are frequent in one language and are no English words; two of them tell it.
FOREIGN: Mapping[str, frozenset[str]] = {
    "es-US": frozenset({
        "buenos", "buenas", "dias", "cita", "como", "con", "cuando", "ella", "espanol", "esta", "estan", "gracias",
        "hablo", "habla", "hola", "ingles", "llamo", "mesa", "para", "pedir", "pero", "por", "favor", "puedo", "que",
        "quiero", "quisiera", "reservar", "tiene", "tienen", "una", "usted",
    }),
    "fr-CA": frozenset({
        "anglais", "avec", "avez", "bonjour", "bonsoir", "commander", "est", "francais", "je", "merci", "parle",
        "parlez", "plait", "pouvez", "pour", "puis", "rendez", "sil", "suis", "une", "veux", "voudrais", "vous",
    }),
    "de-DE": frozenset({
        "bitte", "danke", "deutsch", "eine", "einen", "englisch", "guten", "haben", "hallo", "ich", "mochte", "nicht",
        "reservieren", "sie", "sprechen", "tag", "termin", "tisch", "und", "wann",
    }),
}  # fmt: skip
