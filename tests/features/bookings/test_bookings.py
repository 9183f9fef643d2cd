"""Slots, holds, confirmations, and who gets a slot that several want."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from threading import Barrier
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.bookings import service as bookings
from callwaiting.features.bookings.errors import ResourceInvalid, SlotTaken
from callwaiting.features.bookings.models import STATES, Booking
from callwaiting.features.bookings.slots import Slot, slots_of_day, spoken_time
from callwaiting.features.bookings.transitions import Move, State, after
from tests.factories.bookings import create_resource
from tests.factories.phone_numbers import create_number

NEW_YORK = ZoneInfo("America/New_York")
MORNING = datetime(2026, 3, 3, 13, 30, tzinfo=UTC)  # half past eight in New York
RIVALS = 8


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with clock.frozen(MORNING):
        yield


def _slot(resource_id: UUID, hour: int = 9) -> Slot:
    start = datetime(2026, 3, 3, hour, tzinfo=NEW_YORK).astimezone(UTC)
    return Slot(resource_id, start, start + timedelta(hours=1))


def _hold(worker: Runtime, scope: MerchantScope, slot: Slot) -> UUID | None:
    with clock.frozen(MORNING), worker.database.unit_of_work(scope) as session:
        try:
            return bookings.hold(session, slot, call_id=new_id(), caller_id=None)
        except SlotTaken:
            return None


@pytest.mark.parametrize("units", [1, 3])
def test_many_want_one_slot(worker: Runtime, merchant: MerchantScope, units: int) -> None:
    slot = _slot(create_resource(worker, merchant, units=units))
    together = Barrier(RIVALS)

    def rush(_: int) -> UUID | None:
        together.wait(10)
        return _hold(worker, merchant, slot)

    with ThreadPoolExecutor(RIVALS) as pool:
        held = [booking for booking in pool.map(rush, range(RIVALS)) if booking]
    assert len(held) == units
    with worker.database.unit_of_work(merchant) as session:
        rows = session.scalars(select(Booking)).all()
    assert sorted(row.unit for row in rows) == list(range(1, units + 1))


def test_a_held_slot_is_not_offered_until_the_hold_ends(worker: Runtime, merchant: MerchantScope) -> None:
    slot = _slot(create_resource(worker, merchant))
    assert _hold(worker, merchant, slot)
    with worker.database.unit_of_work(merchant) as session:
        assert slot not in bookings.free_slots(session, limit=20)
    with clock.frozen(MORNING + bookings.HOLD), worker.database.unit_of_work(merchant) as session:
        assert bookings.free_slots(session, limit=1) == [slot]
        bookings.hold(session, slot, call_id=new_id(), caller_id=None)
        assert session.scalars(select(Booking.state).order_by(Booking.id)).all() == ["expired", "held"]


def test_confirmed_twice_is_confirmed(worker: Runtime, merchant: MerchantScope) -> None:
    number_id = create_number(worker, merchant)
    slot = _slot(create_resource(worker, merchant))
    held = _hold(worker, merchant, slot)
    assert held
    for _ in range(2):
        with worker.database.unit_of_work(merchant) as session:
            assert bookings.confirm(session, held, phone_number_id=number_id) == slot
    with worker.database.unit_of_work(merchant) as session:
        bookings.release(session, held)
    with worker.database.unit_of_work(merchant) as session:
        assert session.scalars(select(Booking.state)).all() == ["confirmed"]
    assert _hold(worker, merchant, slot) is None


def test_a_released_hold_cannot_be_confirmed(worker: Runtime, merchant: MerchantScope) -> None:
    held = _hold(worker, merchant, _slot(create_resource(worker, merchant)))
    assert held
    with worker.database.unit_of_work(merchant) as session:
        bookings.release(session, held)
    for booking_id in (held, uuid4()):
        with worker.database.unit_of_work(merchant) as session, pytest.raises(SlotTaken):
            bookings.confirm(session, booking_id, phone_number_id=new_id())


def test_slots_that_have_begun_are_not_offered(worker: Runtime, merchant: MerchantScope) -> None:
    create_resource(worker, merchant)
    evening = datetime(2026, 3, 3, 16, 0, tzinfo=NEW_YORK)
    with clock.frozen(evening), worker.database.unit_of_work(merchant) as session:
        starts = [slot.start.astimezone(NEW_YORK) for slot in bookings.free_slots(session, limit=2)]
    assert starts == [datetime(2026, 3, 4, hour, tzinfo=NEW_YORK) for hour in (9, 10)]


def test_of_two_resources_a_time_is_offered_once(worker: Runtime, merchant: MerchantScope) -> None:
    first, second = create_resource(worker, merchant, name="A"), create_resource(worker, merchant, name="B")
    assert _hold(worker, merchant, _slot(first))
    with worker.database.unit_of_work(merchant) as session:
        offered = bookings.free_slots(session, limit=2)
    assert [slot.resource_id for slot in offered] == [second, first]


@pytest.mark.parametrize(
    ("day", "starts"),
    [
        (date(2026, 3, 8), [5, 6, 7, 8, 9]),  # two o'clock does not exist: 0, 1, 3, 4, 5 local
        (date(2026, 11, 1), [4, 5, 7, 8, 9, 10]),  # one o'clock comes twice: its second turn is left out
    ],
)
def test_the_change_of_summer_time(day: date, starts: list[int]) -> None:
    slots = list(slots_of_day(uuid4(), opens=time(0), closes=time(6), slot_minutes=60, day=day, zone=NEW_YORK))
    assert [slot.start.hour for slot in slots] == starts
    assert all(slot.end - slot.start == timedelta(hours=1) for slot in slots)
    assert all(a.end <= b.start for a, b in pairwise(slots))


@pytest.mark.parametrize(
    ("start", "spoken"),
    [
        (datetime(2026, 3, 3, 15, 30, tzinfo=NEW_YORK), "today at 3:30 PM"),
        (datetime(2026, 3, 4, 0, 0, tzinfo=NEW_YORK), "tomorrow at 12 AM"),
        (datetime(2026, 3, 4, 12, 5, tzinfo=NEW_YORK), "tomorrow at 12:05 PM"),
        (datetime(2026, 3, 9, 9, 0, tzinfo=NEW_YORK), "on Monday, March 9 at 9 AM"),
    ],
)
def test_times_as_they_are_spoken(start: datetime, spoken: str) -> None:
    assert spoken_time(start.astimezone(UTC), NEW_YORK, MORNING) == spoken


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"opens": time(18)}, {"slot_minutes": 4}, {"slot_minutes": 481}, {"units": 0}, {"units": 101}],
)
def test_what_a_resource_cannot_be(worker: Runtime, merchant: MerchantScope, wrong: dict[str, object]) -> None:
    good = {"name": "Chair", "opens": time(9), "closes": time(17), "slot_minutes": 30, "units": 1}
    with worker.database.unit_of_work(merchant) as session, pytest.raises(ResourceInvalid):
        bookings.add_resource(session, **{**good, **wrong})  # type: ignore[arg-type]  # wrong on purpose


def test_the_table_of_transitions() -> None:
    assert {state.value for state in State} == set(STATES)
    assert [after("held", move) for move in Move] == ["confirmed", "cancelled", "expired", None, None]
    assert [after("confirmed", move) for move in Move] == [None, None, None, "confirmed", "cancelled"]
    assert not any(after(state, move) for state in (State.CANCELLED, State.EXPIRED) for move in Move)
