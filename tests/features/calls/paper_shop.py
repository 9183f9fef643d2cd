"""A shop on paper: does what the policy wants without a database, so that a call can be played in a millisecond.

Prices come from the same pure computation as real ones, answers from the same matching, times from the same timetable.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from callwaiting.core.money import Money
from callwaiting.features.bookings.availability import Hours, Opening, starts
from callwaiting.features.bookings.availability import Terms as Length
from callwaiting.features.bookings.rows import LONGEST_WAIT
from callwaiting.features.bookings.service import Choice, Deposit, Offer, Place, Slot, spoken_time
from callwaiting.features.calls import acts as wanted
from callwaiting.features.calls import dialogue
from callwaiting.features.calls import outcomes as came
from callwaiting.features.calls.acts import Act, Effect, Facts
from callwaiting.features.calls.outcomes import Event, Outcome, Started
from callwaiting.features.calls.state import DialogueState, Held, Visit, Wanted
from callwaiting.features.calls.state_json import from_json, to_json
from callwaiting.features.calls.timetable import choose
from callwaiting.features.catalogue.service import Group, Item, Option
from callwaiting.features.merchants.service import Tax
from callwaiting.features.orders.deposits import Terms
from callwaiting.features.orders.errors import ChoicesInvalid
from callwaiting.features.orders.quoting import MIN_TOTAL_MINOR, basket, require_choices
from callwaiting.features.orders.service import Code, LineRequest, Quote
from callwaiting.features.orders.totals import Discount, merged, total_up
from tests.factories.catalogue import MENU
from tests.features.calls.paper_answers import answered

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 3, 13, 30, tzinfo=UTC)  # a Tuesday, half past eight in New York
CHAIR = UUID(int=77)
TAX = 825
CODES = (
    Code(UUID(int=701), "SUMMER10", Discount(basis_points=1000)),
    Code(UUID(int=702), "BIG-5", Discount(fixed_minor=500), least_minor=3000),
    Code(UUID(int=703), "COLA3", Discount(fixed_minor=300)),
)
LONGEST_CHAIN = 10
ANNA, BEN = Place(UUID(int=81), "Anna"), Place(UUID(int=82), "Ben")
HAIRCUT = Offer(UUID(int=91), "Haircut", Money(4000, "USD"), (ANNA.id, BEN.id), minutes=45)
BEARD_TRIM = Offer(UUID(int=92), "Beard trim", Money(1500, "USD"), (BEN.id,), minutes=20)
SALON = Choice((BEARD_TRIM, HAIRCUT), (ANNA, BEN))
TABLES = Choice((), (Place(UUID(int=83), "Small table", 2), Place(UUID(int=84), "Large table", 6)))
DEPOSIT = Money(1000, "USD")
TO_PAY = timedelta(hours=2)
MINUTES = {offer.id: offer.minutes for offer in SALON.services}


@dataclass
class PaperShop:
    """`log` tells what was stored and texted, in order."""

    now: datetime = NOW
    withheld: bool = False
    transfer: bool = False
    voicemail: bool = False
    record: bool = False
    bookings: bool = True
    written: bool = False
    salon: bool = False
    tables: bool = False
    deposit: bool = False
    unpaid: bool = False
    busy: set[tuple[UUID, datetime]] = field(default_factory=set)
    withdrawn: set[UUID] = field(default_factory=set)
    closed: set[date] = field(default_factory=set)
    options: bool = False
    prices: dict[str, int] = field(default_factory=lambda: {name: price for name, (price, _, _) in MENU.items()})
    sold_out: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    taken: set[datetime] = field(default_factory=set)
    own: Slot | None = None
    order_state: str = "paid"
    revoked: bool = False
    state: DialogueState = field(default_factory=DialogueState)
    orders: int = 0
    booked: list[Slot] = field(default_factory=list)
    held: Slot | None = None
    also: list[Slot] = field(default_factory=list)
    caller_known: bool = field(init=False)
    commits: int = 0
    quotes: list[Quote] = field(default_factory=list)
    over: set[str] = field(default_factory=set)
    used: list[str] = field(default_factory=list)
    refused: int = 0

    def __post_init__(self) -> None:
        self.caller_known = not self.withheld

    @property
    def menu(self) -> tuple[Item, ...]:
        plain = tuple(
            Item(UUID(int=key), name, aliases, Money(self.prices[name], "USD"), key)
            for name, (_, key, aliases) in MENU.items()
            if name not in self.sold_out
        )
        return self._with_options(plain) if self.options else plain

    def _with_options(self, plain: tuple[Item, ...]) -> tuple[Item, ...]:
        """Pizzas come in sizes, take two toppings, and do without onions or tomato sauce."""

        def group(key: int, name: str, least: int, most: int, *deltas: tuple[str, int]) -> Group:
            offered = tuple(
                Option(UUID(int=key + at), text, (), Money(delta, "USD"), text not in self.sold_out)
                for at, (text, delta) in enumerate(deltas, 1)
            )
            return Group(UUID(int=key), name, least, most, offered)

        size = group(100, "Size", 1, 1, ("Small", -100), ("Large", 250))
        toppings = group(200, "Toppings", 0, 2, ("Extra cheese", 100), ("Mushrooms", 75), ("Olives", 50))
        return tuple(
            replace(item, groups=(size, toppings), removals=("onions", "tomato sauce"))
            if "pizza" in item.name
            else item
            for item in plain
        )

    @property
    def choice(self) -> Choice:
        chosen = self._salon if self.salon else TABLES if self.tables else Choice((), (Place(CHAIR, "Chair"),))
        return Choice(tuple(each for each in chosen.services if each.id not in self.withdrawn), chosen.places)

    @property
    def _salon(self) -> Choice:
        """With deposits the haircut has one."""
        dear = replace(HAIRCUT, deposit=DEPOSIT) if self.deposit else HAIRCUT
        return replace(SALON, services=tuple(dear if each.id == dear.id else each for each in SALON.services))

    def begin(self) -> list[Act]:
        return self.hear(
            Started(
                can_text=self._can_text(),
                takes_bookings=self.bookings,
                open=True,
                can_transfer=self.transfer,
                voicemail=self.voicemail,
                asks_recording=self.record,
            )
        )

    def hear(self, event: Event) -> list[Act]:
        """One turn: what is said until the caller is waited for. The state goes through its row each time."""
        facts = Facts(
            "Luigi's Pizza", ZONE, self.now, self.menu, self.caller_known, choice=self.choice, written=self.written
        )
        said: list[Act] = []
        for _ in range(LONGEST_CHAIN):
            decision = dialogue.decide(self.state, event, facts)
            self.state = from_json(to_json(decision.state))
            assert self.state == decision.state
            said += decision.acts
            if decision.effect is None:
                return said
            event = self._do(decision.effect)
        raise AssertionError("the policy wants one effect after another")

    def _can_text(self) -> bool:
        return self.caller_known and not self.revoked

    def _do(self, effect: Effect) -> Outcome:
        match effect:
            case wanted.Price(lines, code):
                return self._price(lines, code)
            case wanted.PlaceOrder(lines, agreed, due_now, code):
                return self._place(lines, agreed, due_now, code)
            case wanted.CheckCode(code, said):
                return self._check(code, said)
            case wanted.FindSlots(limit, when, visit):
                if visit.service_id in self.withdrawn:
                    return came.ServiceGone()
                return self._find(limit, when, visit)
            case wanted.HoldSlot(slot, party, then):
                same = Visit(slot.service_id, slot.resource_id if self.salon else None, party)
                if slot not in self.free(slot.start.astimezone(ZONE).date(), same):
                    return came.SlotLost()
                row = self._behind(slot, then)
                if len(row) <= len(then):
                    return came.SlotLost()
                self.held, self.also = slot, row[1:]
                held = [Held(UUID(int=500 - number), each) for number, each in enumerate(self.also, 1)]
                return came.SlotHeld(UUID(int=500), slot, tuple(held))
            case wanted.ReleaseBooking():
                self.held, self.also = None, []
                return came.SlotReleased()
            case wanted.ConfirmBooking():
                return self._confirm()
            case wanted.FindBooking(day, service_id):
                if self.own is None or self.own.start.astimezone(ZONE).date() != day:
                    return came.BookingUnknown()
                if service_id not in {None, self.own.service_id}:
                    return came.BookingUnknown()
                return came.BookingFound(UUID(int=501), 1, self.own, 5 if self.tables else None, unpaid=self.unpaid)
            case wanted.CancelBooking():
                self._commit("booking cancelled")
                return came.BookingChanged(None)
            case wanted.MoveBooking(_, _, slot):
                if slot.start in self.taken:
                    return came.SlotLost()
                self._commit(f"booking moved to {self._time(slot)}")
                return came.BookingChanged(slot, Deposit(DEPOSIT, self.now + TO_PAY) if self.unpaid else None)
            case wanted.FindOrder(number):
                return came.OrderFound(number, self.order_state) if number == 12 else came.OrderUnknown()
            case wanted.FindAnswer(question):
                return answered(question, self.now, ZONE)
            case _:
                return self._note(effect)

    def _note(self, effect: Effect) -> Outcome:
        match effect:
            case wanted.RememberCaller(digits):
                if len(digits) != 10:
                    return came.NumberRefused()
                self.caller_known = True
                self.log.append("stored: the caller's number")
                return came.CallerReachable(self._can_text())
            case wanted.AllowTexts():
                self.revoked = False
                self.log.append("stored: texts are allowed again")
                return came.CallerReachable(can_text=True)
            case wanted.StopTexts():
                self.revoked = True
                self.log.append("stored: no more texts")
            case wanted.CallPerson():
                self.log.append("stored: alert, a caller asked for a person")
            case wanted.TellEmergency():
                self.log.append("stored: alert, a caller spoke of an emergency")
            case wanted.DraftMessage():
                self.log.append("stored: a draft of a message")
                return came.MessageDrafted(UUID(int=600))
            case wanted.PassMessageOn():
                self._commit("the message")
                return came.MessagePassedOn()
            case wanted.KeepRecording(_, seconds):
                self.log.append(f"stored: a recorded message of {seconds} s")
                return came.MessagePassedOn()
            case wanted.KeepAnswer(granted):
                self.log.append(f"stored: recording {'granted' if granted else 'refused'}")
            case wanted.NoteTransfer():
                self.log.append("stored: the caller was put through")
        return came.Noted()

    def _good(self, named: str) -> Code | None:
        plain = named.replace("-", "")
        return next((code for code in self.codes if code.code.replace("-", "") == plain), None)

    @property
    def codes(self) -> list[Code]:
        """The codes that are good now."""
        return [code for code in CODES if code.code not in self.over]

    def _check(self, named: str, said: str) -> Outcome:
        code = self._good(named)
        if code is None:
            self.refused += 1
            return came.CodeRefused(named, said)
        least = Money(code.least_minor, "USD") if code.least_minor else None
        return came.CodeGood(code.code, code.discount.basis_points, Money(code.discount.fixed_minor, "USD"), least)

    def _price(self, lines: tuple[LineRequest, ...], named: str) -> Outcome:
        code = self._good(named)
        if named and code is None:
            return came.CodeLost()
        items = {item.id: item for item in self.menu}
        gone = tuple(line.item_id for line in lines if line.item_id not in items)
        if gone:
            return came.ItemsGone(gone, tuple(name for name, (_, key, _) in MENU.items() if UUID(int=key) in gone))
        try:
            require_choices(lines, items)
        except ChoicesInvalid as error:
            return came.ChoicesOpen(error.lines)
        usual = Tax("", TAX, inclusive=False)
        baskets = [basket(line, items[line.item_id], usual) for line in merged(lines)]
        quote = total_up(baskets, "USD")
        enough = code is None or code.counts_for(quote.undiscounted)
        if code is not None and enough:
            quote = total_up(baskets, "USD", code.discount)
        if self.deposit:
            quote = replace(quote, deposit_minor=Terms(basis_points=2000).of(quote.total))
        if quote.total.minor < MIN_TOTAL_MINOR:
            return came.CodeLost(too_little=True) if named else came.AmountRefused()
        self.quotes.append(quote)
        return came.Priced(quote, least=None if code is None or enough else Money(code.least_minor, "USD"))

    def _place(self, lines: tuple[LineRequest, ...], agreed: Money, due_now: Money | None, code: str) -> Outcome:
        if not self._can_text():
            return came.TextsRefused()
        priced = self._price(lines, code)
        if not isinstance(priced, came.Priced):
            return priced
        if (priced.quote.total, priced.quote.due_now) != (agreed, due_now):
            return replace(priced, changed=True)
        self.orders += 1
        self.used += [code] if priced.quote.discount.minor else []
        self._commit(f"order {self.orders}, {agreed}")
        self.log.append(f"texted: the payment link, {due_now}")
        return came.Placed(self.orders, agreed, due_now or agreed)

    def _confirm(self) -> Outcome:
        if self.held is None or self.held.start in self.taken or (self.held.resource_id, self.held.start) in self.busy:
            return came.SlotLost()
        if any((each.resource_id, each.start) in self.busy for each in self.also):
            return came.SlotLost()
        if self.held.service_id == HAIRCUT.id and self.deposit:
            return self._keep(self.held)
        self.commits += 1
        for each in (self.held, *self.also):
            self.booked.append(each)
            self.busy.add((each.resource_id, each.start))
            self.log.append(f"stored: booking {self._time(each)}{self._what(each)}")
            if self._can_text():
                self.log.append(f"texted: booked {self._time(each)}")
        return came.Booked(self.held, texted=self._can_text())

    def _keep(self, slot: Slot) -> Outcome:
        """The deposit is asked for."""
        if not self._can_text():
            return came.DepositNeedsTexts()
        self.booked.append(slot)
        self._commit(f"time kept {self._time(slot)}, until the deposit is paid")
        self.log.append(f"texted: the link to pay the deposit, {DEPOSIT}")
        return came.Booked(slot, texted=True, deposit=Deposit(DEPOSIT, self.now + TO_PAY))

    def _find(self, limit: int, when: Wanted, visit: Visit) -> came.SlotsFound:
        today = self.now.astimezone(ZONE).date()
        soon = [slot for days in range(15) for slot in self.free(today + timedelta(days=days), visit)]
        for day in [when.day] if when.day else [today, today + timedelta(days=1)]:
            found = choose(self.free(day, visit), when, ZONE, limit)
            if when != Wanted() and found.slots and (found.fitting or when.day):
                return found
        return came.SlotsFound(tuple(soon[:limit]), fitting=when == Wanted(), doubtful=when.doubtful)

    def _behind(self, slot: Slot, then: tuple[UUID, ...]) -> list[Slot]:
        """The slot and what can be had right behind it, as far as there is anything."""
        row = [slot]
        for service_id in then:
            day = slot.start.astimezone(ZONE).date()
            visit = Visit(service_id, slot.resource_id)
            later = (each for each in self.free(day, visit) if row[-1].end <= each.start <= row[-1].end + LONGEST_WAIT)
            row += filter(None, [next(later, None)])
        return row

    def _what(self, slot: Slot) -> str:
        """Which of several services it is."""
        offer = next((each for each in self.choice.services if each.id == slot.service_id), None)
        return f", {offer.name}" if offer and self.also else ""

    def free(self, day: date, visit: Visit | None = None) -> list[Slot]:
        """The free times of a day, each with the first (or the smallest) that can be had."""
        visit = visit or Visit(HAIRCUT.id if self.salon else None)
        offer = next((each for each in self.choice.services if each.id == visit.service_id), None)
        wished = [each for each in self.choice.services if each.id in {visit.service_id, *visit.then}]
        able = [place for place in self.choice.places if all(place.id in each.resource_ids for each in wished)]
        able = [place for place in able if place.seats is None or place.seats >= (visit.party or 1)]
        terms = Length(MINUTES[offer.id], 60) if offer else Length(60, 60)
        found: dict[datetime, Slot] = {}
        for place in able if day not in self.closed else ():
            for start in starts(Hours(Opening(time(9), time(17))), terms, day, ZONE):
                if start > self.now and start not in self.taken | {at for whose, at in self.busy if whose == place.id}:
                    found.setdefault(start, Slot(place.id, start, terms.end(start), visit.service_id))
        if visit.place_id is not None and visit.place_id != CHAIR:
            slots = [slot for start in found if (slot := self._with(visit, start, terms)) is not None]
        else:
            slots = [found[start] for start in sorted(found)]
        return [slot for slot in slots if len(self._behind(slot, visit.then)) > len(visit.then)]

    def _with(self, visit: Visit, start: datetime, terms: Length) -> Slot | None:
        if visit.place_id is None or (visit.place_id, start) in self.busy:
            return None
        return Slot(visit.place_id, start, terms.end(start), visit.service_id)

    def _commit(self, what: str) -> None:
        self.commits += 1
        self.log.append(f"stored: {what}")

    def _time(self, slot: Slot) -> str:
        return spoken_time(slot.start, ZONE, self.now)
