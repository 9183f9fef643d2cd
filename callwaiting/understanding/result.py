"""What was understood of one utterance. Every field may be empty; nothing here is guessed silently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from types import MappingProxyType
from typing import Literal


class Intent(StrEnum):
    """What the caller wants with this sentence. The values are the wire names."""

    BOOK = "book"
    CHANGE = "change"
    CANCEL = "cancel"
    BOOKING_STATUS = "booking_status"
    ORDER = "order"
    ORDER_STATUS = "order_status"
    PAY = "pay"
    MESSAGE = "message"
    HOURS = "hours"
    LOCATION = "location"
    QUESTION = "question"
    HUMAN = "human"
    EMERGENCY = "emergency"
    REPEAT = "repeat"
    START_OVER = "start_over"
    STOP = "stop"
    HELP = "help"
    GREETING = "greeting"
    GOODBYE = "goodbye"
    THANKS = "thanks"
    YES = "yes"
    NO = "no"
    DONE = "done"
    DONT_KNOW = "dont_know"
    ANSWER = "answer"
    OUT_OF_SCOPE = "out_of_scope"


class Slot(StrEnum):
    """What a question asks for, and what can be in doubt."""

    DATE = "date"
    TIME = "time"
    PERIOD = "period"
    PARTY_SIZE = "party_size"
    NAME = "name"
    PHONE = "phone"
    ITEMS = "items"
    QUANTITY = "quantity"
    YES_NO = "yes_no"


Part = Literal["morning", "noon", "lunch", "afternoon", "evening", "night"]


@dataclass(frozen=True, slots=True)
class Period:
    """An interval as it was said. Days (both included) or times of day; an open end is None. `part` names a part of
    the day (`evening`), whose usual hours stand in `begin` and `end`."""

    begin: date | time | None = None
    end: date | time | None = None
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """A person's name, each part as it was written, with capitals."""

    first: str | None = None
    last: str | None = None


@dataclass(frozen=True, slots=True)
class ItemHeard:
    """One line of an order. `item` is the name in the vocabulary; None speaks of the line that was spoken of last
    (`make that decaf`). `quantity` None was not said and 0 takes the item off. `options` holds, by group, the values
    wanted; `removed` what shall be left out, as in the vocabulary or else as it was said."""

    item: str | None
    quantity: int | None
    options: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Understood:
    """All that one utterance says.

    `date` and `time` are local to the business; of an interval they are its beginning (or its end, where it has no
    beginning). `doubtful` lists what must be asked, though a most likely value may stand in its field. `candidates`
    holds the other readings as wire texts: those of a doubtful slot, and both times where neither morning nor evening
    was said, for the opening hours to decide. `party_size`, of a guest list without numbers, counts the persons named.
    """

    intent: Intent = Intent.OUT_OF_SCOPE
    confidence: float = 0.0
    items: tuple[ItemHeard, ...] = ()
    date: date | None = None
    time: time | None = None
    period: Period | None = None
    party_size: int | None = None
    quantity: int | None = None
    names: Names | None = None
    phone: str | None = None
    yes_no: bool | None = None
    doubtful: tuple[Slot, ...] = ()
    candidates: Mapping[Slot, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def out_of_scope(self) -> bool:
        """Whether the sentence has nothing to do with what a business's line is for."""
        return self.intent is Intent.OUT_OF_SCOPE
