"""The question that belongs to a step: asked the first time, after a misunderstanding, and on `repeat`. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from callwaiting.features.calls import booking_phrases, options, order_phrases, phrases
from callwaiting.features.calls.acts import Act, Ask, Effect, Facts, HangUp, Price, Say, TakeMessage
from callwaiting.features.calls.state import DialogueState, Step
from callwaiting.features.catalogue.service import Group, Item, Option

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
    gone = state.step in {Step.CHOICE, Step.QUANTITY} and not candidates(state, facts)
    if gone or (state.step is Step.OPTION and option_asked(state, facts) is None):  # sold out since it was named
        state = replace(state, step=Step.MORE if state.cart else Step.ITEM, wishes=state.wishes[1:])
        before = (*before, order_phrases.gone(()))
    if state.step is Step.ITEM and not facts.menu:
        state = replace(state, step=Step.MENU)
    said = tuple(Say(text) for text in before)
    if state.step is Step.CONFIRM:
        return Decision(state, said, Price(state.cart, state.code))
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


def option_asked(state: DialogueState, facts: Facts) -> tuple[Item, Group] | None:
    """The item and the group of its options that the wish in question leaves open."""
    items = candidates(state, facts)
    group = options.open_question(items[0], state.wishes[0]) if len(items) == 1 else None
    return (items[0], group) if group is not None and offered(group) else None


def offered(group: Group) -> list[Option]:
    """What can be chosen now, in the order of the keys."""
    return [option for option in group.options if option.available][: phrases.MENU_ITEMS]


def item_named(item_id: UUID, facts: Facts) -> Item | None:
    return next((item for item in facts.menu if item.id == item_id), None)


def _question(state: DialogueState, facts: Facts) -> Ask:
    names = tuple(item.name for item in facts.menu)
    match state.step:
        case Step.ITEM:
            return Ask(order_phrases.items(facts.menu), hints=names)
        case Step.CHOICE:
            fitting = candidates(state, facts)
            return Ask(order_phrases.which(fitting), hints=tuple(item.name for item in fitting))
        case Step.OPTION if question := option_asked(state, facts):
            item, group = question
            on_offer = offered(group)
            return Ask(
                order_phrases.which_option(item, group, on_offer), hints=tuple(option.name for option in on_offer)
            )
        case Step.QUANTITY:
            return Ask(order_phrases.how_many(candidates(state, facts)[0]), keys="several")
        case Step.MORE:
            return Ask(order_phrases.MORE, hints=("that's all", *names))
        case Step.FIX:
            return Ask(order_phrases.FIX, hints=("add", "remove", "start over"))
        case Step.SLOT | Step.MOVE_SLOT:
            return Ask(
                booking_phrases.slots(state.offers, state.visit, facts),
                hints=("first", "second", "third", "none", *DAYS),
            )
        case Step.BOOK if state.held is not None:
            return Ask(
                booking_phrases.confirm_booking(state.held, state.visit, facts, state.also),
                hints=YES_NO,
            )
        case Step.SERVICE:
            return Ask(booking_phrases.services(facts), hints=tuple(offer.name for offer in facts.choice.services))
        case Step.PARTY:
            return Ask(booking_phrases.HOW_MANY_PEOPLE, keys="several")
        case Step.WHICH_BOOKING:
            return Ask(booking_phrases.WHICH_BOOKING, hints=DAYS)
        case Step.CHANGE if state.held is not None:
            return Ask(
                booking_phrases.change(state.held, state.visit, facts, unpaid=state.unpaid),
                hints=("cancel it", "move it", "leave it"),
            )
        case Step.CANCEL_SURE if state.held is not None:
            return Ask(booking_phrases.cancel_sure(state.held, state.visit, facts), hints=YES_NO)
        case Step.MOVE_SURE if state.offers:
            return Ask(booking_phrases.move_sure(state.offers[0], facts), hints=YES_NO)
        case Step.RECORDING:
            return Ask(phrases.RECORDING, hints=YES_NO)
        case Step.ORDER_NUMBER:
            return Ask(order_phrases.ORDER_NUMBER, keys="several")
        case Step.MESSAGE:
            return Ask(phrases.MESSAGE_OR_TAPE if state.voicemail else phrases.MESSAGE)
        case Step.MESSAGE_SURE:
            return Ask(phrases.MESSAGE_SURE, hints=YES_NO)
        case Step.CODE:
            return Ask(order_phrases.CODE, keys="several")
        case Step.PHONE:
            return Ask(phrases.ASK_PHONE, keys="several")
        case Step.ALLOW_TEXTS:
            return Ask(phrases.ALLOW_TEXTS, hints=YES_NO)
        case _:
            choices = phrases.menu(orders=bool(facts.menu), bookings=state.takes_bookings)
            return Ask(choices, hints=("order", "book", "appointment", *names))
