"""The forms in which a vocabulary may be given: a list of names, this product's own, and counted raw lists of names.

A raw list carries misspellings and whole sentences with how often each occurred; rare forms become aliases of the
frequent name that they are a variant of.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from callwaiting.understanding.errors import VocabularyInvalid
from callwaiting.understanding.lexicon import Phrase, phrase_of
from callwaiting.understanding.spelling import Spelling
from callwaiting.understanding.vocabulary import Choice, Group, Item, Vocabulary

MAX_NAMES = 5_000
ADDONS = "addons"
FORMS = ("sauce", "sweetener")
Counted = dict[str, int]


def vocabulary_from(raw: object) -> Vocabulary | None:
    """The vocabulary in any of the forms; None stays None. Raises VocabularyInvalid."""
    if raw is None:
        return None
    if isinstance(raw, list):
        return Vocabulary(tuple(_item(entry) for entry in _limited(raw)))
    if not isinstance(raw, Mapping):
        raise VocabularyInvalid("a vocabulary is a list or an object")
    items = _limited(raw.get("items") or [])
    if any(isinstance(entry, list) for entry in items) or raw.get("addons") or raw.get("attributes"):
        return _from_counts(raw)
    return Vocabulary(tuple(_item(entry) for entry in items), _groups(raw.get("options")))


def _limited(raw: object) -> list[object]:
    if not isinstance(raw, list) or len(raw) > MAX_NAMES:
        raise VocabularyInvalid("items is a list of at most 5000 entries")
    return raw


def _name(raw: object) -> str:
    if not isinstance(raw, str) or not raw.strip():
        raise VocabularyInvalid("a name is a text")
    return raw[:120]


def _names(raw: object) -> tuple[str, ...]:
    if raw is None:
        return ()
    return tuple(_name(entry) for entry in _limited(raw))


def _item(raw: object) -> Item:
    if isinstance(raw, str):
        return Item(_name(raw))
    if not isinstance(raw, Mapping):
        raise VocabularyInvalid("an item is a name or an object with a name")
    return Item(_name(raw.get("name")), _names(raw.get("aliases")), _groups(raw.get("options")))


def _groups(raw: object) -> tuple[Group, ...]:
    if not raw:
        return ()
    if not isinstance(raw, Mapping):
        raise VocabularyInvalid("options is an object of lists")
    return tuple(
        Group(_name(name), tuple(_choice(value) for value in _limited(values))) for name, values in raw.items()
    )


def _choice(raw: object) -> Choice:
    if isinstance(raw, Mapping):
        return Choice(_name(raw.get("name")), _names(raw.get("aliases")))
    return Choice(_name(raw))


def _from_counts(raw: Mapping[str, object]) -> Vocabulary:
    """The form `{"items": [[name, count]], "attributes": {group: [[value, count]]}, "addons": [[name, count]]}`."""
    items = _folded(_counted(raw.get("items")), sentences=True)
    groups = _attribute_groups(raw.get("attributes"))
    addons = _folded(_counted(raw.get("addons")), sentences=False)
    choices = tuple(Choice(name, aliases) for name, aliases in addons)
    return Vocabulary(
        tuple(Item(name, aliases) for name, aliases in items), (*groups, Group(ADDONS, choices)) if choices else groups
    )


def _counted(raw: object) -> Counted:
    counts: Counted = {}
    for entry in _limited(raw or []):
        pair = entry if isinstance(entry, list) else [entry, 1]
        name = _name(pair[0] if pair else None)
        counts[name] = counts.get(name, 0) + (pair[1] if len(pair) > 1 and isinstance(pair[1], int) else 1)
    return counts


def _attribute_groups(raw: object) -> tuple[Group, ...]:
    """Groups whose names differ in spelling only, or whose few values all belong to a bigger group, are one."""
    if not raw:
        return ()
    if not isinstance(raw, Mapping):
        raise VocabularyInvalid("attributes is an object of lists")
    merged: dict[str, Counted] = defaultdict(dict)
    names: dict[str, str] = {}
    ranked = sorted(raw.items(), key=lambda pair: -sum(_counted(pair[1]).values()))
    for name, values in ranked:
        key = name.strip().lower()
        counts = _counted(values)
        known = {phrase_of(value): home for home, home_counts in merged.items() for value in home_counts}
        homes = {known.get(phrase_of(value)) for value in counts}
        if key not in merged and len(homes) == 1 and None not in homes:
            key = next(home for home in homes if home is not None)
        names.setdefault(key, name.strip())
        for value, count in counts.items():
            merged[key][value] = merged[key].get(value, 0) + count
    return tuple(
        Group(names[key], tuple(Choice(value, aliases) for value, aliases in _folded(counts, sentences=False)))
        for key, counts in merged.items()
    )


def _folded(counts: Counted, *, sentences: bool) -> list[tuple[str, tuple[str, ...]]]:
    """Names with their variants, the most frequent spelling first."""
    by_phrase: dict[Phrase, list[str]] = defaultdict(list)
    for name in sorted(counts, key=lambda name: -counts[name]):
        phrase = tuple(word for word in phrase_of(name) if not re.fullmatch(r"\d{2,}", word))
        by_phrase[phrase].append(name)
    weight = {phrase: sum(counts[name] for name in names) for phrase, names in by_phrase.items()}
    ranked = sorted((phrase for phrase in by_phrase if phrase), key=lambda phrase: -weight[phrase])
    homes: dict[Phrase, list[Phrase]] = {}
    for phrase in ranked:
        home = _home(phrase, weight, list(homes), sentences)
        if home is None:
            homes[phrase] = []
        else:
            homes[home].append(phrase)
    folded = []
    for home, variants in homes.items():
        name = by_phrase[home][0].strip()
        aliases = [by_phrase[variant][0] for variant in variants if not (sentences and len(variant) > len(home) + 2)]
        folded.append((name, tuple(aliases)))
    return folded


def _kind(phrase: Phrase) -> Phrase:
    """An extra without the word for its form: caramel, of `caramel sauce` and `caramel syrup`."""
    return tuple(word for word in phrase if word not in FORMS)


def _home(phrase: Phrase, weight: Mapping[Phrase, int], homes: list[Phrase], sentences: bool) -> Phrase | None:
    """The frequent name that a rare one is a variant of: nearly spelt alike, run together, or with words around it."""
    for home in homes:
        rare = weight[phrase] * 5 <= weight[home]
        if not sentences and _kind(home) and _kind(home) == _kind(phrase):
            return home
        if "".join(home) == "".join(phrase):
            return home
        if rare and len(home) == len(phrase):
            spelling = [Spelling([wanted]).nearest(word) == wanted for word, wanted in zip(phrase, home, strict=True)]
            if all(spelling):
                return home
        if rare and "".join(home) == "".join(dict.fromkeys(phrase)):
            return home
    for home in homes:
        rare = weight[phrase] * 5 <= weight[home]
        inside = any(phrase[start : start + len(home)] == home for start in range(len(phrase) - len(home) + 1))
        if sentences and rare and inside and weight[phrase] <= 2 and len(phrase) > len(home):
            longer = [other for other in homes if len(other) > len(home) and set(other) <= set(phrase)]
            return longer[0] if longer else home
    return None
