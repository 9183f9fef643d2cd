"""Random conversations with a shop on paper: the policy never raises, never commits without a yes, never says an amount
or a time that is not in the shop's books, and always comes to an end."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from callwaiting.core.money import Money
from callwaiting.features.bookings.service import spoken_time
from callwaiting.features.calls import plain
from callwaiting.features.calls.acts import Act, HangUp, PutThrough, Quote, TakeMessage
from callwaiting.features.calls.codes import TRIES
from callwaiting.features.calls.dialogue import MAX_TURNS
from callwaiting.features.calls.outcomes import CameBack, Event, Heard, Recorded
from callwaiting.features.calls.state import Step
from callwaiting.features.calls.understanding import yes_or_no
from callwaiting.features.catalogue.service import Item, words_of
from callwaiting.understanding.text import unspelled
from tests.features.calls.paper_shop import BEARD_TRIM, CODES, DEPOSIT, NOW, SALON, TO_PAY, ZONE, PaperShop
from tests.features.calls.scripts import SAID

AMOUNT = re.compile(r"\$(\d+\.\d\d)")
TIME = re.compile(
    r"(?:today|tomorrow|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, [A-Z][a-z]+ \d+) at \d+(?::\d\d)? [AP]M"
)
SURE = {Step.CONFIRM, Step.BOOK, Step.CANCEL_SURE, Step.MOVE_SURE, Step.MESSAGE_SURE}
DENIED = frozenset({"no", "not", "dont", "never", "keep"})
KEYS = ("0", "1", "2", "3", "4", "9", "*", "#", "12", "99", "4155550123", "4242424242424242")
ANSWERS = st.one_of(
    st.sampled_from(KEYS).map(lambda keys: Heard(digits=keys)),
    st.sampled_from(SAID).map(lambda said: Heard(speech=said)),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40).map(lambda said: Heard(speech=said)),
    st.lists(st.sampled_from(sorted({word for said in SAID for word in said.split()})), max_size=8).map(
        lambda words: Heard(speech=" ".join(words))
    ),
    st.just(Heard()),
)
HAPPENS = st.sampled_from([
    "", "", "", "sold out", "no more olives", "no more sizes", "dearer", "taken", "later", "withdrawn", "closed",
    "code over",
])  # fmt: skip


@settings(max_examples=150)
@given(
    turns=st.lists(st.tuples(ANSWERS, HAPPENS, st.booleans()), min_size=1, max_size=25),
    withheld=st.booleans(),
    transfer=st.booleans(),
    voicemail=st.booleans(),
    record=st.booleans(),
    booked=st.booleans(),
    kind=st.sampled_from(["chair", "salon", "tables"]),
    options=st.booleans(),
    deposit=st.booleans(),
)
def test_any_conversation(
    turns: list[tuple[Heard, str, bool]],
    withheld: bool,
    transfer: bool,
    voicemail: bool,
    record: bool,
    booked: bool,
    kind: str,
    options: bool,
    deposit: bool,
) -> None:
    shop = PaperShop(withheld=withheld, transfer=transfer, voicemail=voicemail, record=record, options=options)
    shop.salon, shop.tables = kind == "salon", kind == "tables"
    shop.deposit = shop.unpaid = deposit
    if booked:
        shop.own = shop.free(NOW.date())[2]
        shop.taken.add(shop.own.start)
    said = shop.begin()
    agreed, read_back = False, ""
    for heard, happens, taken in turns:
        if any(isinstance(act, HangUp) for act in said):
            break
        happen(shop, happens)
        event = _event(said, heard, taken=taken)
        agreed = agreed or says_yes(shop.state.step, event)
        before, booked_before = shop.commits, len(shop.booked)
        said = shop.hear(event)
        assert said
        assert shop.commits - before <= 1
        assert agreed or shop.commits == 0
        assert shop.refused <= TRIES
        check(shop, said)
        for slot in shop.booked[booked_before:]:
            assert spoken_time(slot.start, ZONE, NOW).rpartition(" at ")[2] in read_back
        if shop.state.step is Step.BOOK:
            read_back = " ".join(plain.render(said))
    taken_times = [(slot.resource_id, slot.start) for slot in shop.booked]
    assert len(taken_times) == len(set(taken_times))


@given(st.sampled_from([Heard(digits="0"), Heard(speech="repeat"), Heard(speech="start over"), Heard(digits="1")]))
@settings(max_examples=4)
def test_a_call_that_goes_round_in_circles_ends(heard: Heard) -> None:
    shop = PaperShop()
    said = shop.begin()
    for _ in range(MAX_TURNS):
        said = shop.hear(heard)
    assert isinstance(said[-1], HangUp)


def _event(said: list[Act], heard: Heard, *, taken: bool) -> Event:
    if any(isinstance(act, PutThrough) for act in said):
        return CameBack(connected=taken)
    if any(isinstance(act, TakeMessage) for act in said) and taken:
        return Recorded("RE1", len(heard.speech))
    return heard


def says_yes(step: Step, event: Event) -> bool:
    """Whether something may be done now: a read-back, or what came after it, was answered with a yes."""
    if not isinstance(event, Heard) or step not in SURE | {Step.PHONE, Step.ALLOW_TEXTS}:
        return False
    if event.digits:
        return event.digits == "1" or len(event.digits) == 10
    words = words_of(unspelled(event.speech))
    cancels = step is Step.CANCEL_SURE and bool({"cancel", "off", "delete"} & set(words)) and not DENIED & set(words)
    return cancels or yes_or_no(words) is True


def happen(shop: PaperShop, what: str) -> None:
    match what:
        case "sold out":
            shop.sold_out.add("Cola")
        case "no more olives":
            shop.sold_out.add("Olives")
        case "no more sizes":
            shop.sold_out |= {"Small", "Large"}
        case "dearer":
            shop.prices["Margherita pizza"] += 100
        case "taken":
            shop.taken.update(slot.start for slot in shop.free(shop.now.astimezone(ZONE).date())[:1])
        case "code over":
            shop.over.add("SUMMER10")
        case "withdrawn":
            shop.withdrawn.add(BEARD_TRIM.id)
        case "closed":
            shop.closed.add(shop.now.astimezone(ZONE).date())
        case "later":
            shop.now = shop.now.replace(hour=(shop.now.hour + 1) % 24)


def with_options(item: Item) -> set[int]:
    """What a piece can cost."""
    prices = {item.price.minor}
    for group in item.groups:
        for option in group.options:
            prices |= {price + option.delta.minor for price in prices}
    return prices


def check(shop: PaperShop, said: list[Act]) -> None:
    text = " ".join(plain.render([act for act in said if not isinstance(act, Quote)]))
    quote = shop.quotes[-1] if shop.quotes else None
    amounts = {str(item.price) for item in shop.menu} | {str(offer.price) for offer in SALON.services}
    amounts |= {str(DEPOSIT)} if shop.deposit else set()
    amounts |= {
        str(Money(abs(option.delta.minor), "USD"))
        for item in shop.menu
        for group in item.groups
        for option in group.options
    }
    amounts |= {str(Money(price, "USD")) for item in shop.menu for price in with_options(item)}
    if quote is not None:
        amounts |= {str(money) for line in quote.lines for money in (line.unit_price, line.amount)}
        amounts |= {str(quote.total), str(quote.tax), str(quote.discount), str(quote.due_now), str(quote.due_later)}
    amounts |= {str(Money(minor, "USD")) for code in CODES for minor in (code.discount.fixed_minor, code.least_minor)}
    assert {f"${amount}" for amount in AMOUNT.findall(text)} <= amounts
    known = [*shop.state.offers, *shop.booked, *filter(None, (shop.state.held, shop.own, shop.held)), *shop.also]
    times = {spoken_time(slot.start, ZONE, shop.now).removeprefix("on ") for slot in known}
    times |= {spoken_time(shop.now + TO_PAY, ZONE, shop.now).removeprefix("on ")} if shop.deposit else set()
    assert set(TIME.findall(text)) <= times
