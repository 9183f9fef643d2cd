"""Every sentence that is spoken. Names come from the merchant, amounts from a quote, times from a slot."""

from __future__ import annotations

from collections.abc import Sequence

from callwaiting.core.money import Money
from callwaiting.features.bookings.service import Deposit, Offer, Slot, spoken_time
from callwaiting.features.calls import visiting
from callwaiting.features.calls.acts import Facts
from callwaiting.features.calls.state import Held, Visit
from callwaiting.features.catalogue.service import Group, Item, Option
from callwaiting.features.orders.service import LineRequest, Quote, titled

MENU_ITEMS = 9
NOT_UNDERSTOOD = "Sorry, I did not get that."
NOT_HEARD = "Sorry, I did not hear you."
USE_KEYPAD = "Sorry, I still did not get that. The keys of your phone are the surest way."
ASK_PHONE = (
    "Your number is not shown to me. Please enter your mobile number on the keypad, area code first,"
    " then press the pound key."
)
NUMBER_REFUSED = "That does not seem to be a phone number."
ALLOW_TEXTS = (
    "The payment link comes by text, but you asked us not to text you."
    " To allow texts again, press 1 or say yes. To leave it, press 2 or say no."
)
FIX = "To add something, press 1. To take off the last item, press 2. To start your order over, press 3."
EMPTY_CART = "Your order is empty."
STARTED_OVER = "Okay, let us start over."
AMOUNT_REFUSED = "I cannot take an order of this amount by phone."
TOO_MANY_LINES = "That is as many different items as I can take."
CHOICES_CHANGED = "Sorry, what there is to choose has just changed."
NINETY_NINE = "I can take one to ninety-nine of an item."
CODE = "What is the code? Say or spell it, or press its numbers and the pound key. To go on without one, press 0."
CODE_REFUSED = "Sorry, this code is over, or I misheard it:"
CODE_TRIES = "I cannot try any more codes now. The team can help you: you can leave a message."
CODES_FOR_ORDERS = "I can only take a code for something that you order. For a booking, please ask the team about it."
TEXTS_STOPPED = "Okay, we will not text you any more."
PERSON_CALLED = "I cannot put you through, but I have told the team that you asked for a person."
SLOT_LOST = "That time has just been taken."
NO_SLOTS = "There are no free times in the next two weeks."
GOODBYE = "Goodbye."
NO_CARDS = "Please never tell me the number of a card. Payment is by the link that we text you."
IN_DOUBT = "I may have misheard the day or the time."
TIME_NOTED = "I have noted the time."
TAKE_YOUR_TIME = "Take your time."
ONE_AT_A_TIME = "I book one at a time. For another one, please call again."
ONE_AFTER_THE_OTHER = "First your order, then the booking."
NOT_THEN = "Sorry, that time is not free."
NOTHING_THEN = "Sorry, nothing is free then."
NOT_WITH = "Sorry, that is not done by whom you named, but I can look for somebody else."
SERVICE_GONE = "Sorry, that is not offered any more."
HOW_MANY_PEOPLE = "For how many people? Press the number, then the pound key, or say it. To go back, press 0."
NO_ANSWER = "I have no answer to that. You can leave a message for the team: just say so."
CALM = "I am sorry that this is tiresome. You can ask for a person, or leave a message."
ABOUT_US = "When are you open, and where are you?"
RECORDING = (
    "May we record this call, to check how well this works? Press 1 or say yes."
    " To go on without a recording, press 2 or say no."
)
PUTTING_THROUGH = "One moment, I am putting you through."
NOBODY_FREE = "Sorry, nobody could take your call. I have told the team that you asked for a person."
PERSON_STILL_CALLED = "The team knows that you asked for a person."
MESSAGE = "What shall I tell the team? Please say it in one go. To go back, press 0."
MESSAGE_OR_TAPE = (
    "What shall I tell the team? Please say it in one go. To leave a recording instead, press 1. To go back, press 0."
)
MESSAGE_IS = "Your message is:"
MESSAGE_SURE = "Shall I pass it on? Press 1 or say yes. To say it anew, press 2 or say no."
MESSAGE_PASSED_ON = "Thank you. I have passed it on to the team. Goodbye."
AFTER_THE_TONE = "Please leave your message after the tone, then press the pound key or hang up."
GIVEN_UP = GIVEN_UP_TO_TAPE = "I am sorry, this does not work by phone."
ORDER_DROPPED = "Okay, I have dropped your order. Nothing was placed."
CALL_OFF_PAID = (
    "An order that is not paid for is not made: its link just runs out. To call off one that is paid, leave a message"
    " for the team: just say so."
)
ORDER_NUMBER = "What is the number of your order? It is in the text that we sent you. To go back, press 0."
ORDER_UNKNOWN = "I do not find an order of that number from this phone."
STATUS_UNKNOWN_CALLER = "I can only look up orders for a caller whose number is shown to me."
CHANGE_UNKNOWN_CALLER = "I can only change bookings for a caller whose number is shown to me."
WHICH_BOOKING = (
    "On which day is your booking? For today, press 1. For tomorrow, press 2. Or say the day. To go back, press 0."
)
NOT_BOOKED = "Okay, nothing was booked. Goodbye."
BOOKING_TOO_LATE = "It is too late to change that booking with me. Say human to reach somebody."
BOOKING_UNKNOWN = "I do not find a booking on that day from this phone."
DEPOSIT_UNDERWAY = "Its deposit is being paid at this moment, so I leave it as it is. Please try again in some minutes."
LEFT_AS_IT_IS = "Okay, your booking stays as it is."
ENGLISH_ONLY = {
    "es-US": "Lo siento, solo entiendo ingles. Puede usar las teclas de su telefono.",
    "fr-CA": "Desole, je ne comprends que l'anglais. Vous pouvez utiliser les touches de votre telephone.",
    "de-DE": "Leider verstehe ich nur Englisch. Sie koennen die Tasten Ihres Telefons benutzen.",
}
EMERGENCY_NUMBERS = {
    "US": "911", "CA": "911", "GB": "999", "IE": "112", "AU": "000", "NZ": "111",
}  # fmt: skip
ORDER_STATES = {
    "awaiting_payment": "is waiting for its payment. The link is in the text that we sent you",
    "deposit_paid": "is placed, and its deposit is paid",
    "awaiting_rest": "is placed and its deposit is paid. The link for the rest is in the text that we sent you",
    "paid": "is paid",
    "expired": "was not paid in time, so it is not valid any more",
    "cancelled": "is cancelled",
    "part_refunded": "is paid, and a part of it was given back",
    "refunded": "was given back in full",
}


def welcome(facts: Facts) -> str:
    return f"Hello, this is the automated assistant of {facts.business}."


def whisper(business: str, *, recorded: bool) -> str:
    notice = " It is being recorded, as the caller has agreed." if recorded else ""
    return f"A caller of {business} wants to speak to you.{notice} Press 1 to take this call."


def closed(facts: Facts) -> str:
    return f"{facts.business} cannot take calls here at the moment. Please try again later. Goodbye."


def menu(*, orders: bool, bookings: bool) -> str:
    offers = []
    if orders:
        offers.append("To place an order, press 1.")
    if bookings:
        offers.append("To book a time, press 2.")
    offers.append("To leave a message, press 3.")
    return " ".join([*offers, "You can also just say what you would like. To hear this again, press 0."])


def emergency_number(region: str) -> str:
    """112 works in every member state of the European Union and wherever a country has no number in the table."""
    return EMERGENCY_NUMBERS.get(region, "112")


def emergency(region: str) -> str:
    number = " ".join(emergency_number(region))
    return f"If anybody is in danger, please hang up and dial {number} now. I cannot call for help."


def prices(priced: Sequence[tuple[str, Money]]) -> str:
    return " ".join(f"{name} is {price}." for name, price in priced[:MENU_ITEMS])


def lengths(services: Sequence[Offer]) -> str:
    return " ".join(f"{offer.name} takes {offer.minutes} minutes." for offer in services[:MENU_ITEMS])


def order_stands(number: int, state: str) -> str:
    return f"Your order number {number} {ORDER_STATES.get(state, 'is with the team')}."


def items(menu: Sequence[Item]) -> str:
    keyed = [item for item in menu if item.keypad is not None][:MENU_ITEMS]
    if keyed:
        offers = [f"For {item.name}, {item.price}, press {item.keypad}." for item in keyed]
        return " ".join(["What would you like?", *offers, "Or say it. When you are done, press 0."])
    offers = [f"{item.name}, {item.price}." for item in menu[:MENU_ITEMS]]
    return " ".join(["What would you like? Please say it. We have:", *offers, "When you are done, press 0."])


def which(candidates: Sequence[Item]) -> str:
    offers = [f"For {item.name}, {item.price}, press {key}." for key, item in enumerate(candidates, 1)]
    return " ".join(["Which one do you mean?", *offers, "For none of these, press 0."])


def which_option(item: Item, group: Group, choices: Sequence[Option]) -> str:
    offers = [f"For {option.name}{difference(option)}, press {key}." for key, option in enumerate(choices, 1)]
    return " ".join([f"Which {group.name} for the {item.name}?", *offers, "For none of these, press 0."])


def too_many_choices(item: Item, group: Group) -> str:
    return f"For the {item.name} I can take {group.max_choices} of {group.name} at most."


def not_with(item: Item, name: str) -> str:
    return f"Sorry, {item.name} does not come with {name}."


def comes_with(item: Item, name: str) -> str:
    return f"The {item.name} comes with {name}; I cannot add more."


def always_with(item: Item, name: str) -> str:
    return f"Sorry, I cannot leave out {name} of the {item.name}."


def difference(option: Option) -> str:
    """What an option changes the price by; nothing is said of nothing."""
    if not option.delta.minor:
        return ""
    amount = Money(abs(option.delta.minor), option.delta.currency)
    return f", {amount} {'more' if option.delta.minor > 0 else 'less'}"


def how_many(item: Item) -> str:
    return f"How many {item.name} would you like? Press the number, then the pound key, or say it."


def cart(lines: Sequence[tuple[LineRequest, Item]]) -> str:
    titles = (
        titled(item.name, [option.name for option in item.options(line.options)], line.removed) for line, item in lines
    )
    counted = (f"{line.quantity} {title}" for (line, _), title in zip(lines, titles, strict=True))
    return "You have " + ", ".join(counted) + "."


def more() -> str:
    return "Anything else? Say it or press its key. When you are done, press 0."


def read_back(quote: Quote, *, changed: bool, code: str = "", least: Money | None = None) -> str:
    """Every line and the total, exactly as the quote has them."""
    parts = ["The price has just changed. Your order is now:" if changed else "Your order is:"]
    parts += [f"{line.quantity} {line.title} at {line.unit_price}, {line.amount}." for line in quote.lines]
    if quote.discount.minor:
        parts.append(f"The code {code} takes {quote.discount} off.")
    if code and least:
        parts.append(f"The code {code} is good from {least} on, so it takes nothing off yet.")
    if quote.added_tax.minor:
        parts.append(f"Tax is {quote.added_tax}.")
    if quote.included_tax.minor:
        parts.append(f"This includes tax of {quote.included_tax}.")
    parts.append(f"The total is {quote.total}.")
    if quote.due_later.minor:
        parts.append(f"A deposit of {quote.due_now} is due now, and {quote.due_later} later.")
    return " ".join(parts)


def confirm_order() -> str:
    return "Shall I place this order? Press 1 or say yes. To change it, press 2 or say no."


def placed(number: int, total: Money, due_now: Money, *, end: str = f" {GOODBYE}") -> str:
    what = "it" if due_now == total else f"the deposit of {due_now}"
    return (
        f"Thank you. Your order number {number}, {total} in all, is placed."
        f" We are texting you a link to pay {what}.{end}"
    )


def not_placed() -> str:
    return "Okay, no order was placed. Goodbye."


def code_good(code: str, basis_points: int, amount: Money, least: Money | None) -> str:
    """What a code takes off: `12.5 percent`, `$5.00`."""
    whole, rest = divmod(basis_points, 100)
    percent = f"{whole}.{rest:02}".rstrip("0").rstrip(".")
    off = f"{percent} percent" if basis_points else str(amount)
    return f"The code {code} takes {off} off {f'orders of {least} or more' if least else 'your order'}."


def code_replaced(code: str) -> str:
    return f"Only one code counts, so {code} does not any more."


def code_lost(code: str, *, too_little: bool) -> str:
    if too_little:
        return f"With the code {code} too little is left for a payment link, so I have left it out."
    return f"Sorry, the code {code} is not good any more, so I have left it out."


def gone(names: Sequence[str]) -> str:
    sold_out = " and ".join(names) or "an item of your order"
    return f"Sorry, we are out of {sold_out}. I have taken it off."


def services(facts: Facts) -> str:
    offered = facts.choice.services[:MENU_ITEMS]
    choices = [f"For {named_and_priced(offer)}, press {key}." for key, offer in enumerate(offered, 1)]
    return " ".join(["What would you like to book?", *choices, "Or say it. To go back, press 0."])


def named_and_priced(offer: Offer) -> str:
    """A service, with its price where it has one."""
    return f"{offer.name}, {offer.price}" if offer.price.minor else offer.name


def too_many(room: int) -> str:
    return f"I can book for up to {people(room)}. For more, you can leave a message for the team: just say so."


def people(party: int) -> str:
    return "1 person" if party == 1 else f"{party} people"


def slots(offers: Sequence[Slot], visit: Visit, facts: Facts) -> str:
    times = [f"For {moment(slot, facts)}{by_whom(slot, facts)}, press {key}." for key, slot in enumerate(offers, 1)]
    intro = f"The next free times{what_for(visit, facts)} are:"
    return " ".join([intro, *times, "Or say another day and time. For none of these, press 0."])


def what_for(visit: Visit, facts: Facts) -> str:
    """` for Haircut and Beard trim`, ` for 4 people`, or nothing."""
    offers = [offer for each in (visit.service_id, *visit.then) if (offer := visiting.offer_of(each, facts))]
    service = f" for {' and '.join(offer.name for offer in offers)}" if offers else ""
    return service + (f" for {people(visit.party)}" if visit.party else "")


def by_whom(slot: Slot, facts: Facts) -> str:
    """` with Anna`, where several could do it."""
    name = visiting.person_of(slot.resource_id, slot.service_id, facts)
    return f" with {name}" if name else ""


def one_by_one(visit: Visit, facts: Facts) -> str:
    offer = visiting.offer_of(visit.service_id, facts)
    return f"I book these one after the other. First: {offer.name if offer else 'the one'}."


def details(slot: Slot, visit: Visit, facts: Facts, also: Sequence[Held] = ()) -> str:
    """`, Haircut with Anna, $40.00, then at 4:45 PM Beard trim, $15.00`, `, for 2 people`, as far as there is such a
    thing to say."""
    offer = visiting.offer_of(slot.service_id, facts)
    service = f", {offer.name}{by_whom(slot, facts)}" if offer else ""
    price = f", {offer.price}" if offer and offer.price.minor else ""
    party = f", for {people(visit.party)}" if visit.party else ""
    return service + price + "".join(_then(each.slot, facts) for each in also) + party


def _then(slot: Slot, facts: Facts) -> str:
    """What follows on the same day, with the same person."""
    offer = visiting.offer_of(slot.service_id, facts)
    clock = moment(slot, facts).rpartition(" at ")[2]
    price = f", {offer.price}" if offer and offer.price.minor else ""
    return f", then at {clock} {offer.name}{price}" if offer else f", then at {clock}"


def confirm_booking(slot: Slot, visit: Visit, facts: Facts, also: Sequence[Held] = ()) -> str:
    time = moment(slot, facts)
    it = "it" if not also else "both" if len(also) == 1 else "all"
    return (
        f"I am holding {time} for you{details(slot, visit, facts, also)}.{due_first(slot, facts)}"
        f" To book {it}, press 1 or say yes. For another time, press 2 or say no."
    )


def booked(slot: Slot, visit: Visit, facts: Facts, also: Sequence[Held] = (), *, texted: bool) -> str:
    text = " We are texting you a confirmation." if texted else ""
    when = spoken_time(slot.start, facts.zone, facts.now)
    return f"You are booked {when}{details(slot, visit, facts, also)}.{text}"


def due_first(slot: Slot, facts: Facts) -> str:
    """What of the service is due before it is booked, or nothing."""
    offer = visiting.offer_of(slot.service_id, facts)
    return f" A deposit of {offer.deposit} is due now, by a link that we text you." if offer and offer.deposit else ""


def kept(slot: Slot, visit: Visit, facts: Facts, deposit: Deposit) -> str:
    time, until = moment(slot, facts), spoken_time(deposit.until, facts.zone, facts.now)
    return (
        f"I am keeping {time} for you{details(slot, visit, facts)}. We are texting you a link to pay the deposit of"
        f" {deposit.amount}, until {until}. You are booked as soon as it is paid."
    )


def to_change(slot: Slot, visit: Visit, facts: Facts, *, unpaid: bool) -> str:
    """The booking that is meant, as it is now."""
    time = spoken_time(slot.start, facts.zone, facts.now) + what_for(visit, facts)
    if unpaid:
        return f"Your time {time} waits for its deposit."
    return f"You are booked {time}."


def change(slot: Slot, visit: Visit, facts: Facts, *, unpaid: bool) -> str:
    booked = to_change(slot, visit, facts, unpaid=unpaid)
    return f"{booked} To cancel it, press 1. To move it, press 2. To leave it as it is, press 3."


def cancel_sure(slot: Slot, visit: Visit, facts: Facts) -> str:
    time = spoken_time(slot.start, facts.zone, facts.now) + what_for(visit, facts)
    return f"Shall I cancel your booking {time}? Press 1 or say yes. To keep it, press 2 or say no."


def move_sure(slot: Slot, facts: Facts) -> str:
    time = moment(slot, facts) + by_whom(slot, facts)
    return f"Shall I move your booking to {time}? Press 1 or say yes. To leave it as it is, press 2 or say no."


def changed(slot: Slot | None, facts: Facts, deposit: Deposit | None) -> str:
    if slot is None:
        return "Your booking is cancelled. Goodbye."
    if deposit:
        until = spoken_time(deposit.until, facts.zone, facts.now)
        return (
            f"I am now keeping {moment(slot, facts)} for you. You are booked as soon as the deposit is paid, by the"
            f" link that you have, until {until}. Goodbye."
        )
    return f"You are now booked {spoken_time(slot.start, facts.zone, facts.now)}. Goodbye."


def given_up(*, can_text: bool) -> str:
    return f"{GIVEN_UP} " + ("We will send you a text. " if can_text else "") + GOODBYE


def moment(slot: Slot, facts: Facts) -> str:
    """A time as it is said after `for` and `to`."""
    return spoken_time(slot.start, facts.zone, facts.now).removeprefix("on ")
