"""The one question of this package: what does this sentence mean? Pure and deterministic."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from callwaiting.understanding import yes_no
from callwaiting.understanding.countries import country_of
from callwaiting.understanding.days import MONTH_FIRST, Today
from callwaiting.understanding.errors import TimezoneUnknown
from callwaiting.understanding.intents import Evidence, intent_of
from callwaiting.understanding.items import Order, order_in
from callwaiting.understanding.lexicon import lexicon_of
from callwaiting.understanding.moments import when
from callwaiting.understanding.names import names_in
from callwaiting.understanding.numbers import HOMOPHONES
from callwaiting.understanding.people import party_in
from callwaiting.understanding.phones import phone_in
from callwaiting.understanding.result import Slot, Understood
from callwaiting.understanding.text import Utterance, read
from callwaiting.understanding.vocabulary import Vocabulary

SLOTS = {
    Slot.DATE: ("date", "day", "date_from", "date_to", "start_date"),
    Slot.TIME: ("time", "time_from", "time_to", "hour", "slot"),
    Slot.PERIOD: ("period", "date_period", "time_period"),
    Slot.PARTY_SIZE: ("party_size", "people", "guests", "number", "adults", "kids", "party_size_number"),
    Slot.NAME: ("name", "names", "first_name", "last_name", "person_name", "full_name"),
    Slot.PHONE: ("phone", "phone_number", "number_to_call"),
    Slot.ITEMS: ("item", "items", "order", "product"),
    Slot.QUANTITY: ("quantity", "count", "how_many"),
    Slot.YES_NO: ("yes_no", "confirm", "confirmation", "yesno"),
}  # fmt: skip
ASKED = {name: slot for slot, names in SLOTS.items() for name in names}


def understand(
    text: str,
    *,
    now: datetime,
    timezone: str,
    asked: str | None = None,
    vocabulary: Vocabulary | None = None,
    country: str | None = None,
) -> Understood:
    """What `text` says, to a business whose clock stands at `now` in `timezone` (IANA).

    `asked` is the slot that the caller was asked for; it decides what a bare `seven` is. A naive `now` is taken as
    local. `country` (ISO 3166) decides between feasts and between numbers; without it the zone does, as far as it
    tells. Only the first 600 characters are read. Raises TimezoneUnknown.
    """
    try:
        zone = ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise TimezoneUnknown("not an IANA time zone") from error
    slot = ASKED.get((asked or "").strip().lower())
    local = now.replace(tzinfo=zone) if now.tzinfo is None else now.astimezone(zone)
    utterance = read(text)
    country = country or country_of(timezone)
    moment = when(utterance.plain, Today(local, timezone.startswith(MONTH_FIRST), country), slot)
    party = party_in(moment.rest, utterance.plain, asked=slot is Slot.PARTY_SIZE)
    names = names_in(utterance.written, asked if slot is Slot.NAME else None)
    phone, bad_phone = phone_in(utterance.written, country)
    order = order_in(utterance.plain, lexicon_of(vocabulary)) if vocabulary is not None else Order()
    answer = yes_no.yes_or_no(utterance.plain)
    if answer is False and any(line.removed for line in order.items) and not yes_no.begins_with_no(utterance.plain):
        answer = None  # `no onions` refuses the onions, not what was asked
    quantity = _quantity(utterance, moment.rest, slot)
    found = {
        Slot.DATE: moment.date or moment.period or Slot.DATE in moment.doubtful,
        Slot.TIME: moment.time or moment.period,
        Slot.PERIOD: moment.period,
        Slot.PARTY_SIZE: party.size,
        Slot.NAME: names,
        Slot.PHONE: phone,
        Slot.ITEMS: order.items or order.unclear,
        Slot.QUANTITY: quantity,
        Slot.YES_NO: answer is not None,
    }
    evidence = Evidence(
        asked=bool(slot and found[slot]),
        booking=sum(bool(found[each]) for each in (Slot.DATE, Slot.TIME, Slot.PARTY_SIZE, Slot.NAME)),
        items=any(line.item for line in order.items) or bool(order.unclear),
        yes_no=answer,
        bare=yes_no.is_bare(utterance.plain),
        words=len(utterance.words),
    )
    intent, confidence = intent_of(utterance.plain, evidence)
    doubtful, candidates = list(moment.doubtful), dict(moment.candidates)
    if moment.or_party and party.size is None:  # `a table for 5 in the evening`
        doubtful += [Slot.TIME, Slot.PARTY_SIZE]
        candidates[Slot.PARTY_SIZE] = tuple(map(str, moment.or_party))
    if party.unknown or party.others:
        doubtful.append(Slot.PARTY_SIZE)
    if party.others:
        candidates[Slot.PARTY_SIZE] = tuple(str(size) for size in (party.size, *party.others))
    if order.unclear:
        doubtful.append(Slot.ITEMS)
        candidates[Slot.ITEMS] = order.unclear
    if order.uncounted:
        doubtful.append(Slot.QUANTITY)
    if bad_phone:
        doubtful.append(Slot.PHONE)
    return Understood(
        intent=intent,
        confidence=confidence,
        items=order.items,
        date=moment.date,
        time=moment.time,
        period=moment.period,
        party_size=party.size,
        quantity=quantity,
        names=names,
        phone=phone,
        yes_no=answer,
        doubtful=tuple(doubtful),
        candidates=candidates,
    )


def _quantity(utterance: Utterance, rest: str, asked: Slot | None) -> int | None:
    """The number that answers `how many?`."""
    if asked is not Slot.QUANTITY:
        return None
    bare = utterance.plain.strip(" .!?")
    if bare in HOMOPHONES:
        return HOMOPHONES[bare]
    numbers = {int(number) for number in re.findall(r"(?<![\d.,:/])\d{1,3}(?![\d.,:/%])", utterance.plain)}
    if not numbers and re.search(r"\b(?:none|no|zero|nothing)\b", utterance.plain):
        return 0
    return numbers.pop() if len(numbers) == 1 else None
