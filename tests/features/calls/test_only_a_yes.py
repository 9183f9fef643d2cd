"""The policy itself: at a read-back nothing but the key 1 or a plain yes places or books."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callwaiting.core.money import Money
from callwaiting.features.bookings.service import Slot
from callwaiting.features.calls.acts import ConfirmBooking, Facts, PlaceOrder
from callwaiting.features.calls.dialogue import decide
from callwaiting.features.calls.outcomes import Heard
from callwaiting.features.calls.state import DialogueState, Step
from callwaiting.features.calls.state_json import from_json, to_json
from callwaiting.features.calls.understanding import yes_or_no
from callwaiting.features.catalogue.service import Item, words_of
from callwaiting.features.orders.service import LineRequest
from callwaiting.understanding.text import unspelled

NOW = datetime(2026, 3, 3, 13, 30, tzinfo=UTC)
COLA = Item(uuid4(), "Cola", (), Money(300, "USD"), 3)
SLOT = Slot(uuid4(), NOW, NOW + timedelta(hours=1))
FACTS = Facts("Luigi's", ZoneInfo("America/New_York"), NOW, (COLA,), caller_known=True)
ORDER = DialogueState(step=Step.CONFIRM, cart=(LineRequest(COLA.id, 1),), agreed=Money(325, "USD"))
BOOKING = DialogueState(step=Step.BOOK, booking_id=uuid4(), held=SLOT, offers=(SLOT,), takes_bookings=True)


def _commits(state: DialogueState, heard: Heard) -> bool:
    return isinstance(decide(state, heard, FACTS).effect, PlaceOrder | ConfirmBooking)


@pytest.mark.parametrize("state", [ORDER, BOOKING])
@pytest.mark.parametrize("heard", [Heard(digits="1"), Heard(speech="yes"), Heard(speech="Go ahead, please.")])
def test_a_plain_yes(state: DialogueState, heard: Heard) -> None:
    assert _commits(state, heard)


@given(st.sampled_from([ORDER, BOOKING]), st.text(max_size=60))
@example(ORDER, "maybe")
@example(BOOKING, "maybe")
@example(ORDER, "yes but make it two")
@example(BOOKING, "yes no")
@example(BOOKING, "y-e-s")
@example(BOOKING, "o.k.")
@example(ORDER, "")
@example(BOOKING, "")
def test_other_speech(state: DialogueState, speech: str) -> None:
    assert _commits(state, Heard(speech=speech)) is (yes_or_no(words_of(unspelled(speech))) is True)


@given(st.sampled_from([ORDER, BOOKING]), st.text("0123456789*#", max_size=12).filter(lambda keys: keys != "1"))
def test_other_keys(state: DialogueState, keys: str) -> None:
    assert not _commits(state, Heard(digits=keys))


def test_a_total_that_was_not_read_back_is_never_agreed_to() -> None:
    unheard = DialogueState(step=Step.CONFIRM, cart=ORDER.cart)
    assert not _commits(unheard, Heard(digits="1"))


@pytest.mark.parametrize("state", [ORDER, BOOKING, DialogueState()])
def test_the_state_survives_its_row(state: DialogueState) -> None:
    assert from_json(to_json(state)) == state
