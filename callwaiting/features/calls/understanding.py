"""What a caller means: numbers, yes and no, items, and the commands that hold at every step. Pure.

Speech comes as text from Twilio and may be anything. What is not surely understood is None or empty, and the caller
is asked; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from callwaiting.features.calls.state import Wish
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
    FILLERS,
    FOREIGN,
    INTENT_PHRASES,
    INTENTS,
    LEAVING_OUT,
    MODIFIERS,
    NO,
    ORDINALS,
    QUESTIONS,
    REMOVING,
    SEPARATORS,
    SETTING,
    WAITING,
    Command,
    Intent,
)
from callwaiting.features.catalogue.service import Item, Named, part_match, whole_match
from callwaiting.understanding.numbers import HOMOPHONES, SCALES, TENS, UNITS, with_digits
from callwaiting.understanding.text import read
from callwaiting.understanding.yes_no import plain_answer

LONGEST_WAIT = 8
LONGEST_NUMBER = 6
ONE = frozenset({"a", "an", "single"})
NUMBER_WORDS = frozenset({*UNITS, *TENS, *SCALES, *ONE, "couple", "dozen", "half", "pair"})


@dataclass(frozen=True, slots=True)
class Correction:
    """So many of an item of the cart, 0 for none; no item: of the one named last."""

    item_id: UUID | None
    quantity: int


def command_in(words: Sequence[str]) -> Command | None:
    """The command somewhere in these words, if any."""
    return next(
        (command for command, phrases in COMMANDS.items() if any(has(words, phrase) for phrase in phrases)), None
    )


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


def items_in(words: Sequence[str], menu: Sequence[Item]) -> list[Item]:
    """Every item that may be meant, in the order of the menu."""
    named = {item_id for wish in wishes_in(words, menu) for item_id in wish.item_ids}
    return [item for item in menu if item.id in named]


def named_in(words: Sequence[str], choice: Sequence[Named]) -> list[UUID]:
    """Everything that may be named somewhere in the words; more than one means that they do not decide."""
    whole = {
        each for start in range(len(words)) if (found := whole_match(choice, words, start)) for each in found.item_ids
    }
    named = whole or {
        each for start in range(len(words)) if (found := part_match(choice, words, start)) for each in found.item_ids
    }
    return [each.id for each in choice if each.id in named]


def each_named(words: Sequence[str], choice: Sequence[Named]) -> tuple[UUID, ...]:
    """Those that are named in full, in the order in which they are; none when a name may be of several."""
    found: list[UUID] = []
    position = 0
    while position < len(words):
        match = whole_match(choice, words, position)
        if match and len(match.item_ids) > 1:
            return ()
        found += match.item_ids if match else ()
        position += match.length if match else 1
    return tuple(dict.fromkeys(found))


def is_named(words: Sequence[str], choice: Sequence[Named]) -> bool:
    """Whether one of these is named in full."""
    return any(whole_match(choice, words, start) for start in range(len(words)))


def count_of(words: Sequence[str], choice: Sequence[Named]) -> int | None:
    """The number before one of these, or before a word of its name: `two pizzas`, but not `my hair at 11`."""
    for start in range(len(words)):
        number = number_at(words, start)
        behind = [start + number[1], start + number[1] + 1] if number else []
        if any(at < len(words) and (whole_match(choice, words, at) or part_match(choice, words, at)) for at in behind):
            return number[0] if number else None
    return None


def asks_to_wait(words: Sequence[str]) -> bool:
    """Whether the caller needs a moment."""
    return 0 < len(words) <= LONGEST_WAIT and any(has(words, phrase) for phrase in WAITING)


def named_at(words: Sequence[str], start: int, choice: Sequence[Named]) -> tuple[UUID, ...]:
    """What is named from a place on."""
    found = whole_match(choice, words, start) or (part_match(choice, words, start) if start < len(words) else None)
    return found.item_ids if found else ()


def correction_in(words: Sequence[str], cart: Sequence[Item]) -> Correction | None:
    """What shall be different about what is in the cart: `remove the cola`, `make that two`, `no, two colas`.

    None when nothing of it is named, so that the words may still be an answer or another wish.
    """
    for phrase in REMOVING:
        for start in range(len(words) - len(phrase) + 1):
            if tuple(words[start : start + len(phrase)]) == phrase:
                rest = words[start + len(phrase) :]
                named = _last_item(rest, cart)
                if named is not None and not _numbers(tuple(word for word in rest if word not in {"a", "an"})):
                    return Correction(named, 0)
    said = list(words[1:]) if words[:1] in (("no",), ("nope",)) else list(words)
    if said == list(words) and not any(has(words, phrase) for phrase in SETTING):
        return None
    numbers = {value for value, _ in _numbers(tuple(word for word in said if word not in {"a", "an"}))}
    if len(numbers) != 1 or not 1 <= (number := numbers.pop()) <= 99:
        return None
    return Correction(_last_item(said, cart), number)


def order_number_in(digits: str, words: Sequence[str]) -> int | None:
    """The number of an order that was keyed or said, digit by digit or at once."""
    if digits:
        return int(digits) if digits.isdecimal() and len(digits) <= 8 else None
    figures = "".join(word for word in words if word.isdecimal())
    if figures:
        return int(figures) if len(figures) <= 8 else None
    spoken = [value for value, _ in _numbers(tuple(word for word in words if word not in {"a", "an", "single"}))]
    if not spoken or not all(value < 100 for value in spoken):
        return None
    return int("".join(map(str, spoken))) if len(spoken) <= 8 else None


def asks_something(words: Sequence[str]) -> bool:
    """Whether this sounds like a question about the business."""
    return any(word in QUESTIONS for word in words[:4]) or (0 < len(words) <= 2 and bool(ABOUT_PLACE & set(words)))


def wants_any(words: Sequence[str]) -> bool:
    """Whether any of the times will do."""
    return any(has(words, phrase) for phrase in ANY_TIME)


def asks_after(words: Sequence[str]) -> bool:
    """Whether this asks what there is, rather than for it: `do you have cola`, but not `can I have a cola`."""
    return tuple(words[:2]) in ASKING_AFTER or tuple(words[:1]) in ASKING_AFTER


def changes_what_is_there(words: Sequence[str]) -> bool:
    """Whether what was named before shall be different: `make the margherita large`, but not `a large margherita`."""
    said = list(words[1:]) if words[:1] in (("no",), ("nope",)) else list(words)
    return said[:1] in (["make"], ["change"]) or any(
        has(said, (where, the)) for where in ("to", "on", "from", "off") for the in ("the", "that", "my")
    )


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


def number_at(words: Sequence[str], start: int) -> tuple[int, int] | None:
    """(value, how many words) of the number that begins at `start`; `a` is one. Above 99 the value is 100, whatever was
    said."""
    return _number(tuple(words[start : start + LONGEST_NUMBER]))


def quantity_in(digits: str, words: Sequence[str]) -> int | None:
    """The one number that was pressed or said, 0 to 99."""
    if digits:
        return int(digits) if digits.isdecimal() and len(digits) <= 2 else None
    if len(words) == 1 and words[0] in HOMOPHONES:
        return HOMOPHONES[words[0]]
    if yes_or_no(words) is False or "zero" in words:
        return 0
    values = {value for value, _ in _numbers(words)}
    return values.pop() if len(values) == 1 and max(values) < 100 else None


def position_in(digits: str, words: Sequence[str], count: int) -> int | None:
    """Which of `count` offers is meant, from 0; by key, by a bare number or by `the second one`."""
    if not digits and "last" in words and all(word in FILLERS or word == "last" for word in words):
        return count - 1
    ordinals = {ORDINALS[word] for word in words if word in ORDINALS}
    number = ordinals.pop() if len(ordinals) == 1 else None
    if number is None and (digits or all(word in FILLERS or number_at(words, i) for i, word in enumerate(words))):
        number = quantity_in(digits, words)
    return number - 1 if number is not None and 1 <= number <= count else None


def is_position(words: Sequence[str]) -> bool:
    """Whether nothing is said but which one."""
    return all(word in FILLERS or word in ORDINALS or number_at(words, place) for place, word in enumerate(words))


def wishes_in(words: Sequence[str], menu: Sequence[Item]) -> tuple[Wish, ...]:
    """The items named, with the quantities said before them (or, for the last, after it).

    Empty when none is named, and when the sentence denies something: `no cola` must not order one. Of several
    items, one without a number is one piece. `This or that` is one wish that does not decide.
    """
    if any(word in NO for word in words):
        return ()
    found: list[Wish] = []
    quantity: int | None = None
    after_item = modifier = False
    position = 0
    while position < len(words):
        match = whole_match(menu, words, position)
        number = None if match else number_at(words, position)
        if match is None and number is None and not modifier:
            match = part_match(menu, words, position)
            if match and after_item:  # "pizza" after "margherita" belongs to it
                position += match.length
                continue
        if match:
            found.append(Wish(match.item_ids, quantity))
            quantity, after_item = None, True
            position += match.length
        elif number:
            quantity, after_item, modifier = number[0], False, False
            position += number[1]
        else:
            separated = words[position] in SEPARATORS
            after_item = after_item and not separated
            modifier = words[position] in MODIFIERS or (modifier and not separated)
            position += 1
    if found and quantity is not None and found[-1].quantity is None:
        found[-1] = Wish(found[-1].item_ids, quantity)
    if "or" in words and len(found) > 1:
        return (Wish(tuple(dict.fromkeys(item_id for wish in found for item_id in wish.item_ids)), None),)
    if len(found) > 1:
        found = [Wish(wish.item_ids, 1 if wish.quantity is None else wish.quantity) for wish in found]
    return tuple(wish if wish.quantity in range(1, 100) else Wish(wish.item_ids, None) for wish in found)


def before_what_is_left_out(words: Sequence[str]) -> Sequence[str]:
    """`two large pizzas` of `two large pizzas without onions`; nothing where the sentence begins with a denial."""
    place = next((at for at, word in enumerate(words) if word in LEAVING_OUT), 0)
    return words[:place]


def _last_item(words: Sequence[str], cart: Sequence[Item]) -> UUID | None:
    """The one item of the cart that is named; None for none, or when the words do not decide."""
    for start in range(len(words)):
        match = whole_match(cart, words, start) or part_match(cart, words, start)
        if match:
            return match.item_ids[0] if len(match.item_ids) == 1 else None
    return None


def _numbers(words: Sequence[str]) -> list[tuple[int, int]]:
    found, position = [], 0
    while position < len(words):
        number = number_at(words, position)
        if number:
            found.append(number)
        position += number[1] if number else 1
    return found


@lru_cache(maxsize=1024)
def _answer(words: tuple[str, ...]) -> bool | None:
    return plain_answer(read(" ".join(words)).plain)


@lru_cache(maxsize=1024)
def _number(words: tuple[str, ...]) -> tuple[int, int] | None:
    if not words or (words[0] not in NUMBER_WORDS and not words[0].isdecimal()):
        return None
    for length in range(len(words), 0, -1):
        digits = with_digits(" ".join(words[:length]))
        if digits.isdecimal():
            return min(int(digits[:6]), 100), length
    return (1, 1) if words[0] in ONE else None


def has(words: Sequence[str], phrase: tuple[str, ...]) -> bool:
    return any(tuple(words[i : i + len(phrase)]) == phrase for i in range(len(words) - len(phrase) + 1))
