"""The question that belongs to a step: asked the first time, after a misunderstanding, and on `repeat`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from callwaiting.features.calls import phrases
from callwaiting.features.calls.acts import Act, Ask, Effect, Facts, HangUp, Price, Say, TakeMessage
from callwaiting.features.calls.state import DialogueState, Step
from callwaiting.features.catalogue.service import Item

YES_NO = ("yes", "no")
DAYS = ("today", "tomorrow", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from an event. With an effect its outcome comes next; without one the acts end in a question or
    a hang-up."""

    state: DialogueState
    acts: tuple[Act, ...] = ()
    effect: Effect | None = None


def ask(state: DialogueState, facts: Facts, *before: str) -> Decision:
    """Say what goes before, then ask what belongs to the step. The order is priced anew for every read-back."""
    if state.step in {Step.CHOICE, Step.QUANTITY} and not candidates(state, facts):  # sold out since it was named
        state = replace(state, step=Step.MORE if state.cart else Step.ITEM, wishes=state.wishes[1:])
        before = (*before, phrases.gone(()))
    if state.step is Step.ITEM and not facts.menu:
        state = replace(state, step=Step.MENU)
    said = tuple(Say(text) for text in before)
    if state.step is Step.CONFIRM:
        return Decision(state, said, Price(state.cart))
    if state.step is Step.VOICEMAIL:
        return Decision(state, (*said, TakeMessage(phrases.AFTER_THE_TONE)))
    if state.step is Step.DONE:
        return Decision(state, (*said, Say(phrases.GOODBYE), HangUp()))
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
            return Ask(
                phrases.slots(state.offers, state.visit, facts), hints=("first", "second", "third", "none", *DAYS)
            )
        case Step.BOOK if state.held is not None:
            return Ask(phrases.confirm_booking(state.held, state.visit, facts), hints=YES_NO)
        case Step.SERVICE:
            return Ask(phrases.services(facts), hints=tuple(offer.name for offer in facts.choice.services))
        case Step.PARTY:
            return Ask(phrases.HOW_MANY_PEOPLE, keys="several")
        case Step.WHICH_BOOKING:
            return Ask(phrases.WHICH_BOOKING, hints=DAYS)
        case Step.CHANGE if state.held is not None:
            return Ask(phrases.change(state.held, state.visit, facts), hints=("cancel it", "move it", "leave it"))
        case Step.CANCEL_SURE if state.held is not None:
            return Ask(phrases.cancel_sure(state.held, facts), hints=YES_NO)
        case Step.MOVE_SLOT:
            return Ask(
                phrases.slots(state.offers, state.visit, facts), hints=("first", "second", "third", "none", *DAYS)
            )
        case Step.MOVE_SURE if state.offers:
            return Ask(phrases.move_sure(state.offers[0], facts), hints=YES_NO)
        case Step.RECORDING:
            return Ask(phrases.RECORDING, hints=YES_NO)
        case Step.ORDER_NUMBER:
            return Ask(phrases.ORDER_NUMBER, keys="several")
        case Step.MESSAGE:
            return Ask(phrases.MESSAGE_OR_TAPE if state.voicemail else phrases.MESSAGE)
        case Step.MESSAGE_SURE:
            return Ask(phrases.MESSAGE_SURE, hints=YES_NO)
        case Step.PHONE:
            return Ask(phrases.ASK_PHONE, keys="several")
        case Step.ALLOW_TEXTS:
            return Ask(phrases.ALLOW_TEXTS, hints=YES_NO)
        case _:
            choices = phrases.menu(orders=bool(facts.menu), bookings=state.takes_bookings)
            return Ask(choices, hints=("order", "book", "appointment", *names))
