"""Recorded conversations: one readable file each.

Head: `key: value` lines that set the shop up. Body: what the caller does (`caller:` says, `keys:` presses, `silence:`,
`recorded:` speaks so many seconds after the tone, `rung: taken` or `rung: not taken`; `meanwhile:` something else
happens), each followed by what comes of it (`says:`, `stored:`, `texted:`). What comes of it is written anew by
`python -m tests.features.calls.scripts`, to be read before it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from callwaiting.features.calls import plain
from callwaiting.features.calls.acts import Act
from callwaiting.features.calls.outcomes import CameBack, Event, Heard, Recorded
from tests.features.calls.paper_shop import ZONE, PaperShop

FOLDER = Path(__file__).with_name("golden")
DOES = ("caller", "keys", "silence", "recorded", "rung", "meanwhile")
FLAGS = ("withheld", "transfer", "voicemail", "record", "revoked", "salon", "tables", "options", "deposit", "unpaid")


@dataclass(frozen=True)
class Script:
    name: str
    head: tuple[tuple[str, str], ...]
    body: tuple[tuple[str, str], ...]

    @property
    def deeds(self) -> list[tuple[str, str]]:
        return [line for line in self.body if line[0] in DOES]

    def text(self, body: list[tuple[str, str]]) -> str:
        lines = [f"{key}: {value}".rstrip() for key, value in self.head]
        for key, value in body:
            lines += [""] if key in DOES else []
            lines.append(f"{key}: {value}".rstrip())
        return "\n".join(lines) + "\n"


def scripts(folder: Path = FOLDER) -> Iterator[Script]:
    for path in sorted(folder.glob("*.txt")):
        lines = [tuple(map(str.strip, line.split(":", 1))) for line in path.read_text().splitlines() if line.strip()]
        pairs = [(line[0], line[1]) for line in lines]
        begins = next((place for place, (key, _) in enumerate(pairs) if key in {*DOES, "says", "texts"}), len(pairs))
        yield Script(path.stem, tuple(pairs[:begins]), tuple(pairs[begins:]))


def shop_of(script: Script) -> PaperShop:
    shop = PaperShop()
    for key, value in script.head:
        if key == "now":
            shop.now = datetime.fromisoformat(value).replace(tzinfo=ZONE)
        elif key == "shop":
            for flag in value.replace(",", " ").split():
                assert flag in FLAGS, flag
                setattr(shop, flag, True)
    shop.caller_known = not shop.withheld
    booked = dict(script.head).get("booked")
    if booked:
        start = datetime.fromisoformat(booked).replace(tzinfo=ZONE)
        shop.own = next(slot for slot in shop.free(start.date()) if slot.start == start)
        shop.taken.add(shop.own.start)
    return shop


def play(script: Script) -> list[tuple[str, str]]:
    """The conversation as it goes today."""
    shop = shop_of(script)
    told: list[tuple[str, str]] = []

    def tell(turn: Callable[[], list[Act]]) -> None:
        before = len(shop.log)
        said = turn()
        told.extend(("says", line) for line in plain.render(said))
        told.extend((line.split(": ", 1)[0], line.split(": ", 1)[1]) for line in shop.log[before:])

    tell(shop.begin)
    for key, value in script.deeds:
        told.append((key, value))
        if key == "meanwhile":
            meanwhile(shop, value)
        else:
            event = event_of(key, value)
            tell(lambda event=event: shop.hear(event))  # type: ignore[misc]  # bound and called at once
    return told


def event_of(key: str, value: str) -> Event:
    match key:
        case "caller":
            return Heard(speech=value)
        case "keys":
            return Heard(digits=value)
        case "recorded":
            return Recorded("RE1", int(value))
        case "rung":
            return CameBack(connected=value == "taken")
        case _:
            return Heard()


def meanwhile(shop: PaperShop, what: str) -> None:
    match what.split():
        case ["price", cents, *name]:
            shop.prices[" ".join(name)] = int(cents)
        case ["code", "over", name]:
            shop.over.add(name)
        case ["sold", "out", *name]:
            shop.sold_out.add(" ".join(name))
        case ["taken", moment]:
            shop.taken.add(datetime.fromisoformat(moment).replace(tzinfo=ZONE))
        case ["busy", who, moment]:
            place = next(each for each in shop.choice.places if each.name == who)
            shop.busy.add((place.id, datetime.fromisoformat(moment).replace(tzinfo=ZONE)))
        case ["withdrawn", *name]:
            shop.withdrawn.update(each.id for each in shop.choice.services if each.name == " ".join(name))
        case ["closed", first, "to", last]:
            days = (date.fromisoformat(last) - date.fromisoformat(first)).days
            shop.closed.update(date.fromisoformat(first) + timedelta(days=number) for number in range(days + 1))
        case ["minutes", count]:
            shop.now += timedelta(minutes=int(count))
        case _:
            raise AssertionError(what)


SAID = tuple(sorted({value for script in scripts() for key, value in script.deeds if key == "caller"}))


if __name__ == "__main__":
    for found in scripts():
        (FOLDER / f"{found.name}.txt").write_text(found.text(play(found)))
