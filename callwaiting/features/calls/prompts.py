"""The question that belongs to a step: asked the first time, after a misunderstanding, and on `repeat`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from callwaiting.features.calls import phrases
from callwaiting.features.calls.acts import Act, Ask, Effect, Facts, HangUp, Price, Say
from callwaiting.features.calls.state import DialogueState, Step
from callwaiting.features.catalogue.service import Item

YES_NO = ("yes", "no")


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from an event. With an effect its outcome comes next; without one the acts end in a question or
    a hang-up."""

    state: DialogueState
    acts: tuple[Act, ...] = ()
    effect: Effect | None = None


def ask(state: DialogueState, facts: Facts, *before: str) -> Decision:
    """Say what goes before, then ask what belongs to the step. The order is priced anew for every read-back."""
    said = tuple(Say(text) for text in before)
    if state.step is Step.CONFIRM:
        return Decision(state, said, Price(state.cart))
    return Decision(state, (*said, _question(state, facts)))


def end(state: DialogueState, text: str) -> Decision:
    """Say the last words and hang up."""
    return Decision(replace(state, step=Step.DONE), (Say(text), HangUp()))


def candidates(state: DialogueState, facts: Facts) -> list[Item]:
    """The items that the wish in question may mean, in the order in which they are offered."""
    return [item for item in facts.menu if state.wishes and item.id in state.wishes[0].item_ids][: phrases.MENU_ITEMS]


def item_named(item_id: UUID, facts: Facts) -> Item | None:
    return next((item for item in facts.menu if item.id == item_id), None)


def _question(state: DialogueState, facts: Facts) -> Ask:
    names = tuple(item.name for item in facts.menu)
    match state.step:
        case Step.ITEM:
            return Ask(phrases.items(facts.menu), hints=names)
        case Step.CHOICE:
            offered = candidates(state, facts)
            return Ask(phrases.which(offered), hints=tuple(item.name for item in offered))
        case Step.QUANTITY:
            return Ask(phrases.how_many(candidates(state, facts)[0]), keys="several")
        case Step.MORE:
            return Ask(phrases.more(), hints=("that's all", *names))
        case Step.FIX:
            return Ask(phrases.FIX, hints=("add", "remove", "start over"))
        case Step.SLOT:
            return Ask(phrases.slots(state.offers, facts), hints=("first", "second", "third", "none"))
        case Step.BOOK if state.held is not None:
            return Ask(phrases.confirm_booking(state.held, facts), hints=YES_NO)
        case Step.PHONE:
            return Ask(phrases.ASK_PHONE, keys="several")
        case Step.ALLOW_TEXTS:
            return Ask(phrases.ALLOW_TEXTS, hints=YES_NO)
        case _:
            choices = phrases.menu(orders=bool(facts.menu), bookings=state.takes_bookings)
            return Ask(choices, hints=("order", "book", "appointment", *names))
