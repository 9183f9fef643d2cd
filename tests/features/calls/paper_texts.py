"""A caller who writes to the shop on paper. `python -m tests.features.calls.paper_texts` writes the recordings anew, to
be read before they are kept; their form is that of `scripts`, with `texts:` for what is answered."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from callwaiting.features.calls import dialogue, wishes_by_text, written
from callwaiting.features.calls.acts import Act, Facts
from callwaiting.features.calls.cards import without_cards
from callwaiting.features.calls.outcomes import Heard, Started
from callwaiting.features.calls.state import DialogueState, Step
from tests.features.calls import scripts
from tests.features.calls.paper_shop import ZONE, PaperShop
from tests.features.calls.scripts import Script

FOLDER = Path(__file__).with_name("golden_texts")


@dataclass
class Writer:
    shop: PaperShop
    acts: list[Act] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.shop.written = True
        self.shop.state = DialogueState(step=Step.DONE)

    @property
    def facts(self) -> Facts:
        return Facts("Luigi's Pizza", ZONE, self.shop.now, self.shop.menu, True, choice=self.shop.choice, written=True)

    def write(self, body: str) -> str:
        """The one text that answers; empty for none. As `texting` does it, without what keeps and counts."""
        if wishes_by_text.is_somebody_elses(body):
            return ""
        body = without_cards(body)
        fresh, before = self.shop.state.step is Step.DONE, self.shop.state
        if before.step in {Step.DONE, Step.MENU} and wishes_by_text.wants_no_answer(body, self.facts):
            return ""
        if fresh:
            begun = Started(can_text=True, takes_bookings=self.shop.bookings, open=True)
            state = dialogue.decide(DialogueState(), begun, self.facts).state
            self.shop.state = replace(state, misses=before.misses if before.misses > dialogue.REPROMPTS else 0)
        heard: Heard = wishes_by_text.heard_in(body, self.shop.state)
        self.acts = self.shop.hear(heard)
        if before.misses > dialogue.REPROMPTS and self.shop.state.misses:
            return ""
        return written.render(self.acts, self.shop.state, self.facts, introduced=not fresh)


def play(script: Script) -> list[tuple[str, str]]:
    writer = Writer(scripts.shop_of(script))
    told: list[tuple[str, str]] = []
    for key, value in script.deeds:
        told.append((key, value))
        if key == "meanwhile":
            scripts.meanwhile(writer.shop, value)
            continue
        before = len(writer.shop.log)
        answer = writer.write(value)
        told.append(("texts", answer or "[nothing]"))
        told.extend((line.split(": ", 1)[0], line.split(": ", 1)[1]) for line in writer.shop.log[before:])
    return told


def recordings() -> list[Script]:
    return list(scripts.scripts(FOLDER))


if __name__ == "__main__":
    for found in recordings():
        (FOLDER / f"{found.name}.txt").write_text(found.text(play(found)))
