"""Random calls: whatever is pressed or said, nothing breaks, nothing is placed without a yes, no amount is made up."""

from __future__ import annotations

import re

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from callwaiting.features.bookings.models import Booking, BookingResource
from callwaiting.features.orders.models import Order
from tests.factories.bookings import create_resource
from tests.factories.catalogue import MENU
from tests.factories.telephone import amounts
from tests.features.calls.conftest import Pizzeria

LINE = re.compile(r"(\d+) ([A-Z][^$.]*?) at \$(\d+\.\d\d), \$(\d+\.\d\d)\.")
PRICES = {name: price for name, (price, _, _) in MENU.items()}
YES = ("yes", "Yes, please.", "yeah that's right", "go ahead")
PHRASES = (
    "no", "nope", "that's all", "two margheritas and a cola", "pizza", "three", "a dozen", "the first one", "repeat",
    "start over", "stop texting me", "human", "book a table", "order", "fish and chips", "yes but no", "yes and a cola",
    "ninety nine colas", "maybe", "no cola", "margherita or pepperoni",
)  # fmt: skip
KEYS = ("0", "1", "2", "3", "4", "9", "*", "#", "12", "99", "4155550123", "")
ANSWERS = st.one_of(
    st.tuples(st.just("Digits"), st.sampled_from(KEYS)),
    st.tuples(st.just("SpeechResult"), st.sampled_from(YES + PHRASES)),
    st.tuples(st.just("SpeechResult"), st.text(st.characters(exclude_categories=["Cs"]), max_size=40)),
)
# Where a call may stand when the random part begins.
BEGINNINGS: tuple[list[tuple[str, str]], ...] = (
    [],
    [("SpeechResult", "two margheritas and a cola")],
    [("SpeechResult", "two margheritas and a cola"), ("Digits", "0")],
    [("SpeechResult", "fish and chips and a cola"), ("Digits", "0"), ("Digits", "2")],
    [("Digits", "2"), ("Digits", "1")],
)
FORWARD = st.sampled_from(
    [("SpeechResult", "two margheritas and a cola"), ("Digits", "0"), ("SpeechResult", "yes"), ("Digits", "1")]
)


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    beginning=st.sampled_from(BEGINNINGS),
    answers=st.lists(st.one_of(ANSWERS, FORWARD), min_size=1, max_size=10),
    caller=st.sampled_from(["+14155550123", "anonymous"]),
)
def test_any_call(
    pizzeria: Pizzeria, beginning: list[tuple[str, str]], answers: list[tuple[str, str]], caller: str
) -> None:
    if not _count(pizzeria, "resources"):
        create_resource(pizzeria.worker, pizzeria.scope, units=100)
    phone = pizzeria.phone(caller=caller)
    heard = phone.dial()
    agreed, placed, booked = False, _count(pizzeria, "orders"), _count(pizzeria, "bookings")
    for name, answer in beginning + answers:
        if phone.over:
            break
        asked = "Shall I place this order?" in heard or "To book it, press 1" in heard
        agreed = agreed or (asked and (answer[:1] == "1" if name == "Digits" and answer else answer in YES))
        heard = phone.press(answer) if name == "Digits" else phone.speak(answer)
        _check_amounts(heard, pizzeria)
        if not agreed:
            assert _count(pizzeria, "orders") == placed
            assert _count(pizzeria, "bookings") == booked
    assert phone.fetch("/voice")


def _check_amounts(heard: str, pizzeria: Pizzeria) -> None:
    spoken = amounts(heard)
    if "The total is" in heard:
        lines = [(int(count), name, price, amount) for count, name, price, amount in LINE.findall(heard)]
        assert lines
        tax = total = 0
        for count, name, price, amount in lines:
            assert price == f"{PRICES[name] / 100:.2f}"
            assert amount == f"{count * PRICES[name] / 100:.2f}"
            tax += (count * PRICES[name] * 825 * 2 + 10_000) // 20_000
            total += count * PRICES[name]
        assert spoken[-2:] == [tax, total + tax]
    elif "is placed" in heard:
        with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
            newest = session.scalars(select(Order).order_by(Order.number.desc()).limit(1)).one()
        assert spoken == [newest.total_minor]
    else:
        assert set(spoken) <= set(PRICES.values())


def _count(pizzeria: Pizzeria, what: str) -> int:
    query = {
        "orders": select(func.count()).select_from(Order),
        "bookings": select(func.count()).select_from(Booking).where(Booking.state == "confirmed"),
        "resources": select(func.count()).select_from(BookingResource),
    }[what]
    with pizzeria.worker.database.unit_of_work(pizzeria.scope) as session:
        return session.scalars(query).one()
