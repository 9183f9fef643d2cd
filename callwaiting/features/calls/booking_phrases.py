"""What is said of bookings and their changes. Times come from a slot, names and prices from the merchant."""

from __future__ import annotations

from collections.abc import Sequence

from callwaiting.features.bookings.service import Deposit, Offer, Slot, spoken_time
from callwaiting.features.calls import visiting
from callwaiting.features.calls.acts import Facts
from callwaiting.features.calls.phrases import MENU_ITEMS
from callwaiting.features.calls.state import Held, Visit

SLOT_LOST = "That time has just been taken."
NO_SLOTS = "There are no free times in the next two weeks."
IN_DOUBT = "I may have misheard the day or the time."
TIME_NOTED = "I have noted the time."
ONE_AT_A_TIME = "I book one at a time. For another one, please call again."
NOT_THEN = "Sorry, that time is not free."
NOTHING_THEN = "Sorry, nothing is free then."
NOT_WITH = "Sorry, that is not done by whom you named, but I can look for somebody else."
SERVICE_GONE = "Sorry, that is not offered any more."
HOW_MANY_PEOPLE = "For how many people? Press the number, then the pound key, or say it. To go back, press 0."
CHANGE_UNKNOWN_CALLER = "I can only change bookings for a caller whose number is shown to me."
WHICH_BOOKING = (
    "On which day is your booking? For today, press 1. For tomorrow, press 2. Or say the day. To go back, press 0."
)
NOT_BOOKED = "Okay, nothing was booked. Goodbye."
BOOKING_TOO_LATE = "It is too late to change that booking with me. Say human to reach somebody."
BOOKING_UNKNOWN = "I do not find a booking on that day from this phone."
DEPOSIT_UNDERWAY = "Its deposit is being paid at this moment, so I leave it as it is. Please try again in some minutes."
LEFT_AS_IT_IS = "Okay, your booking stays as it is."


def lengths(services: Sequence[Offer]) -> str:
    return " ".join(f"{offer.name} takes {offer.minutes} minutes." for offer in services[:MENU_ITEMS])


def no_price(service: Offer) -> str:
    return f"I know no price for {service.name}."


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


def moment(slot: Slot, facts: Facts) -> str:
    """A time as it is said after `for` and `to`."""
    return spoken_time(slot.start, facts.zone, facts.now).removeprefix("on ")
