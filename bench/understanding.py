"""How well sentences are understood: the development data through the same door as `callwaiting understand`.

`--data` (or CALLWAITING_DIALOGUE_DATA) names the folder of the data; it is not part of the project. `--part held`
scores every eighth row only, those that were looked at last. Each figure stands beside its
bar. A value that is listed as doubtful counts as given for F1; a wrong date that is not listed is silently wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import understanding_gold as gold
from bench.understanding_dates import expressions
from bench.understanding_intents import IN_SCOPE, OTHERS, SKIPPED, nlupp_intent
from callwaiting.understanding.lexicon import phrase_of
from callwaiting.understanding.wire import answer

Row = dict[str, Any]
BOOKING_NOW = "2018-05-03T10:00:00"
NLUPP_NOW = "2022-03-15T10:00:00"
ZONE = "America/New_York"
PARTS = {"all": tuple(range(8)), "seen": tuple(range(7)), "third": (3,), "held": (7,)}


@dataclass
class Tally:
    """True and false positives and negatives of one slot, and the misses to show."""

    right: int = 0
    wrong: int = 0
    missed: int = 0
    unscored: int = 0
    shown: list[str] = field(default_factory=list)

    def count(self, expected: set[Any] | None, got: object, row: str) -> None:
        """`expected`: the acceptable values, empty for none, None when unknown."""
        if expected is None:
            self.unscored += 1
        elif got is not None and got in expected:
            self.right += 1
        elif got is not None or expected:
            self.wrong += got is not None
            self.missed += bool(expected)
            self.shown.append(f"{row}\n      expected {sorted(map(str, expected))}, got {got}")

    @property
    def f1(self) -> float:
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)


class Bench:
    """Asks and counts, over the rows of a part: their numbers modulo 8."""

    def __init__(self, data: Path, part: Sequence[int]) -> None:
        self.data, self.part = data, part
        self.milliseconds: list[float] = []
        self.silent: list[str] = []
        self.shown: dict[str, list[str]] = {}

    def rows(self, name: str) -> list[Row]:
        """The rows of a file, of the part that is scored."""
        lines = (self.data / name).read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for number, line in enumerate(lines) if number % 8 in self.part]

    def ask(self, text: str, now: str, asked: object = None, vocabulary: object = None, timezone: str = ZONE) -> Row:
        """The answer to one line."""
        line = json.dumps({"text": text, "now": now, "timezone": timezone, "asked": asked, "vocabulary": vocabulary})
        start = time.perf_counter()
        result = answer(line.encode(), datetime.now(UTC))
        self.milliseconds.append((time.perf_counter() - start) * 1000)
        found: Row = json.loads(result)
        return found

    def date(self, expected: set[str] | None, result: Row, row: str) -> None:
        """Note a date that is wrong and not listed as doubtful."""
        if expected and result["date"] and result["date"] not in expected and "date" not in result["doubtful"]:
            self.silent.append(f"{row}\n      expected {sorted(expected)}, got {result['date']}")

    def orders(self) -> Iterable[tuple[str, float, float]]:
        """Coffee orders: items with quantities, with all options, and orders of several lines."""
        vocabulary = json.loads((self.data / "order_taskmaster4_vocab.json").read_text(encoding="utf-8"))
        plain = whole = several = several_right = total = 0
        for row in self.rows("order_taskmaster4_coffee.jsonl"):
            if not row["first_turn"]:
                continue
            items = self.ask(row["text"], BOOKING_NOW, vocabulary=vocabulary)["items"]
            total += 1
            plain += _lines(row["items"], False) == _lines(items, False)
            right = _lines(row["items"], True) == _lines(items, True)
            whole += right
            if len(row["items"]) > 1:
                several += 1
                several_right += right
            if not right:
                self.shown.setdefault("orders", []).append(f"{row['text']}\n      got {items}")
        yield "items and quantities", plain / total, 0.98
        yield "… with options", whole / total, 0.93
        yield "orders of several lines", several_right / max(1, several), 0.90

    def bookings(self) -> Iterable[tuple[str, float, float]]:
        """Spans of the booking data as values."""
        slots = {name: Tally() for name in ("date", "time", "party_size", "name")}
        for row in self.rows("booking_restaurants8k.jsonl"):
            asked = row.get("requested")
            result = self.ask(row["text"], BOOKING_NOW, asked)
            spans = {str(slot["slot"]): str(slot["text"]) for slot in row["slots"]}
            _count(slots, spans, result, row["text"], self)
            told = result["names"] or {}
            got = " ".join(part for part in (told.get("first"), told.get("last")) if part) or None
            expected = " ".join(spans[part] for part in ("first_name", "last_name") if part in spans)
            slots["name"].count({expected} if expected else set(), got, row["text"])
        for row in self.rows("booking_snips.jsonl"):
            names = {"timeRange": "moment", "party_size_number": "people", "party_size_description": "people"}
            spans = {names.get(slot["slot"], ""): str(slot["text"]) for slot in row["slots"]}
            moment = spans.pop("moment", None)
            if moment:
                spans |= {"time": moment} if gold.is_clock(moment) else {"date": moment}
            result = self.ask(row["text"], BOOKING_NOW)
            if moment and "date" in spans:
                result["time"] = None
            _count(slots, spans, result, row["text"], self)
        self._nlupp(slots)
        for name, tally in slots.items():
            self.shown[name] = tally.shown
            yield f"{name} F1 (restaurants8k, nlupp, snips; {tally.unscored} unscored)", tally.f1, 0.92

    def _nlupp(self, slots: dict[str, Tally]) -> None:
        for row in self.rows("booking_nlupp_hotels.jsonl"):
            result, found = self.ask(row["text"], NLUPP_NOW), row["slots"]
            for mine, theirs in (("date", ("date", "date_from", "date_to")), ("time", ("time", "time_from"))):
                values = [found[name]["value"] for name in theirs if name in found]
                expected = {_value(value) for value in values}
                if (
                    mine == "time"
                    and values
                    and (said := gold.times(next(found[n]["text"] for n in theirs if n in found), _at(NLUPP_NOW)))
                ):
                    expected |= said  # either half of the day, where none was said
                if mine == "date" and {"date_from", "date_to"} <= set(found):
                    expected = {_value(found["date_from"]["value"])}
                slots[mine].count(expected, result[mine], row["text"])
                if mine == "date":
                    self.date(expected, result, row["text"])
            size = [found[name]["value"] for name in ("people", "adults", "kids") if name in found]
            if not size and "number" in found:
                continue  # a number of something that the row does not tell
            slots["party_size"].count({sum(size)} if sum(size) else set(), result["party_size"], row["text"])

    def dates(self) -> Iterable[tuple[str, float, float]]:
        """Date expressions that a booking could mean."""
        right = total = 0
        for text, now, timezone, meant in expressions(self.rows):
            result = self.ask(text, now, timezone=timezone)
            total += 1
            right += meant.is_met_by(result)
            if not meant.is_met_by(result):
                got = f"{result['date']} {result['time']} {result['period']} {result['doubtful']}"
                self.shown.setdefault("dates", []).append(f"{text} ({now})\n      meant {meant}\n      got {got}")
                self.date(meant.days, result, text)
        yield f"date expressions in booking scope ({total})", right / max(1, total), 0.85

    def intents(self) -> Iterable[tuple[str, float, float]]:
        """In-scope sentences refused, other worlds refused, and the intent of those that have one."""
        vocabulary = json.loads((self.data / "order_taskmaster4_vocab.json").read_text(encoding="utf-8"))
        refused = inside = right = known = outside = outside_refused = 0
        for name in (*IN_SCOPE, *OTHERS):
            for row in self.rows(name):
                intent = row.get("intent", "")
                expected = (
                    nlupp_intent(row) if "nlupp" in name else IN_SCOPE.get(name) or OTHERS.get(name, {}).get(intent)
                )
                if intent in SKIPPED or row.get("first_turn") is False:
                    continue
                menu = vocabulary if "coffee" in name else None
                result = self.ask(row["text"], NLUPP_NOW, row.get("requested"), menu)
                if name in OTHERS and expected is None:
                    outside += 1
                    outside_refused += result["out_of_scope"]
                    if not result["out_of_scope"]:
                        self.shown.setdefault("let in", []).append(f"{row['text']} → {result['intent']}")
                    continue
                inside += 1
                refused += result["out_of_scope"]
                known += bool(expected)
                right += bool(expected) and result["intent"] in (expected or ())
                if result["out_of_scope"] or (expected and result["intent"] not in expected):
                    self.shown.setdefault("intents", []).append(f"{row['text']} {expected} → {result['intent']}")
        yield f"out-of-scope recall ({outside})", outside_refused / outside, 0.75
        yield f"in-scope kept ({inside})", 1 - refused / inside, 0.95
        yield f"intent of in-scope sentences that have one ({known})", right / known, 0.0


def _at(now: str) -> datetime:
    return datetime.fromisoformat(now)


def _value(value: Row) -> str:
    if "hour" in value:
        return f"{value['hour']:02}:{value.get('minute', 0):02}"
    return f"{value['year']}-{value['month']:02}-{value['day']:02}"


def _count(slots: dict[str, Tally], spans: dict[str, str], result: Row, text: str, bench: Bench) -> None:
    now = _at(BOOKING_NOW)
    days = gold.days(spans["date"], now) if "date" in spans else set()
    slots["date"].count(days, result["date"], text)
    bench.date(days, result, text)
    slots["time"].count(gold.times(spans["time"], now) if "time" in spans else set(), result["time"], text)
    persons = gold.persons(spans["people"]) if "people" in spans else set()
    slots["party_size"].count(persons, result["party_size"], text)


def _lines(items: Sequence[Row], with_options: bool) -> Counter[tuple[object, ...]]:
    """Items by their comparable words, counted; an extra without the word for its form."""
    lines: Counter[tuple[object, ...]] = Counter()
    for item in items:
        options = [*item.get("attributes", {}).values(), *(extra["addon"] for extra in item.get("addons", ()))]
        for value in item.get("options", {}).values():
            options += value if isinstance(value, list) else [value]
        kinds = {tuple(word for word in phrase_of(option) if word not in gold.FORMS) for option in options}
        name = phrase_of(item["item"] or "")
        lines[(name, frozenset(kinds)) if with_options else (name,)] += (
            1 if item["quantity"] is None else item["quantity"]
        )
    return lines


def main() -> None:
    """Print each figure beside its bar; exit 1 when one is missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.understanding", description=__doc__)
    parser.add_argument("--data", default=os.environ.get("CALLWAITING_DIALOGUE_DATA"), required=False)
    parser.add_argument("--part", choices=PARTS, default="all")
    parser.add_argument("--errors", action="store_true", help="show what was missed")
    options = parser.parse_args()
    if not options.data:
        parser.error("--data or CALLWAITING_DIALOGUE_DATA names the folder of the data")
    bench = Bench(Path(options.data), PARTS[options.part])
    figures = [*bench.orders(), *bench.bookings(), *bench.dates(), *bench.intents()]
    for name, figure, bar in figures:
        print(f"{figure:7.1%}  ≥ {bar:.0%}  {'' if figure >= bar else 'MISSED '}{name}")
    print(f"{len(bench.silent):7}  = 0     dates silently wrong")
    ranked = sorted(bench.milliseconds)
    print(
        f"{ranked[len(ranked) // 2]:5.2f} ms (median), {ranked[int(len(ranked) * 0.99)]:.2f} ms (99 %), ≤ 5 ms a line"
    )
    if options.errors:
        for name, shown in [*bench.shown.items(), ("dates silently wrong", bench.silent)]:
            print(f"\n{name}: {len(shown)}", *shown, sep="\n  ")
    sys.exit(any(figure < bar for _, figure, bar in figures) or bool(bench.silent))


if __name__ == "__main__":
    main()
