"""Slots, holds, confirmations, and who gets a slot that several want."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from threading import Barrier
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import Range
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.bookings import service as bookings
from callwaiting.features.bookings.errors import ResourceInvalid, SlotTaken
from callwaiting.features.bookings.models import STATES, Booking
from callwaiting.features.bookings.slots import Slot, spoken_time
from callwaiting.features.bookings.special_days import Change, add_special_day
from callwaiting.features.bookings.transitions import Move, State, after
from tests.factories.bookings import create_resource
from tests.factories.phone_numbers import create_number
from tests.factories.stored_events import rows, until

NEW_YORK = ZoneInfo("America/New_York")
MORNING = datetime(2026, 3, 3, 13, 30, tzinfo=UTC)  # half past eight in New York
CALLERS, LINES = 100, 8
WAITING = "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"


@pytest.fixture(autouse=True)
def _morning() -> Iterator[None]:
    with clock.frozen(MORNING):
        yield


def _slot(resource_id: UUID, hour: int = 9) -> Slot:
    start = datetime(2026, 3, 3, hour, tzinfo=NEW_YORK).astimezone(UTC)
    return Slot(resource_id, start, start + timedelta(hours=1))


def _insert(session: Session, merchant: MerchantScope, slot: Slot) -> None:
    """A confirmed booking of unit 1, without asking anybody."""
    period = Range(slot.start, slot.end)
    session.add(
        Booking(
            merchant_id=merchant.merchant_id,
            resource_id=slot.resource_id,
            unit=1,
            period=period,
            occupied=period,
            state="confirmed",
        )
    )
    session.flush()


def _hold(worker: Runtime, scope: MerchantScope, slot: Slot) -> UUID | None:
    with clock.frozen(MORNING), worker.database.unit_of_work(scope) as session:
        try:
            return bookings.hold_slot(session, slot, call_id=new_id(), caller_id=None)
        except SlotTaken:
            return None


@pytest.mark.parametrize("units", [1, 3])
def test_a_hundred_callers_want_one_slot(worker: Runtime, merchant: MerchantScope, units: int) -> None:
    """As many at once as a process has connections. Each sees the slot free, and the database decides."""
    slot = _slot(create_resource(worker, merchant, units=units))
    together = Barrier(LINES)

    def rush(number: int) -> UUID | None:
        if number < LINES:
            together.wait(10)
        return _hold(worker, merchant, slot)

    with ThreadPoolExecutor(LINES) as pool:
        held = [booking for booking in pool.map(rush, range(CALLERS)) if booking]
    assert len(held) == units
    with worker.database.unit_of_work(merchant) as session:
        units_taken = session.scalars(select(Booking.unit)).all()
    assert sorted(units_taken) == list(range(1, units + 1))


def test_the_database_itself_refuses_what_overlaps(worker: Runtime, merchant: MerchantScope) -> None:
    slot = _slot(create_resource(worker, merchant))
    assert _hold(worker, merchant, slot)
    with pytest.raises(IntegrityError, match="ex_bookings_period"), worker.database.unit_of_work(merchant) as session:
        _insert(session, merchant, slot)


def test_two_moves_to_one_slot_do_not_block(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    """A third transaction has the slot and lets go of it while two moves wait. Were both in the index by then, each
    would wait for the other, and Postgres would end one with an error instead of "taken"."""
    resource_id = create_resource(worker, merchant)
    number_id = create_number(worker, merchant)
    wanted, booked = _slot(resource_id, 12), []
    for hour in (9, 10):
        held = _hold(worker, merchant, _slot(resource_id, hour))
        assert held
        with worker.database.unit_of_work(merchant) as session:
            bookings.confirm(session, held, phone_number_id=number_id)
        booked.append(held)

    def move(booking_id: UUID) -> bool:
        try:
            with clock.frozen(MORNING), worker.database.unit_of_work(merchant) as session:
                bookings.move(session, booking_id, wanted, by="team")
        except SlotTaken:
            return False
        return True

    with ThreadPoolExecutor(2) as pool, worker.database.unit_of_work(merchant) as session:
        _insert(session, merchant, wanted)
        moves = [pool.submit(move, booking_id) for booking_id in booked]
        until(lambda: len(rows(admin_url, WAITING)) == 2)
        session.rollback()
        assert sorted(made.result(10) for made in moves) == [False, True]


def test_a_held_slot_is_not_offered_until_the_hold_ends(worker: Runtime, merchant: MerchantScope) -> None:
    slot = _slot(create_resource(worker, merchant))
    assert _hold(worker, merchant, slot)
    with worker.database.unit_of_work(merchant) as session:
        assert slot not in bookings.free_slots(session, limit=20)
    with clock.frozen(MORNING + bookings.HOLD), worker.database.unit_of_work(merchant) as session:
        assert bookings.free_slots(session, limit=1) == [slot]
        bookings.hold_slot(session, slot, call_id=new_id(), caller_id=None)
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
    assert [after("held", move) for move in Move] == [
        "confirmed", "awaiting_deposit", "cancelled", "expired", None, None, None, None,
    ]  # fmt: skip
    assert [after("awaiting_deposit", move) for move in Move] == [
        "confirmed", None, None, "expired", "awaiting_deposit", "cancelled", None, None,
    ]  # fmt: skip
    confirmed = [None, None, None, None, "confirmed", "cancelled", "completed", "no_show"]
    assert [after("confirmed", move) for move in Move] == confirmed
    assert [after("no_show", move) for move in Move] == [None] * 6 + ["completed", None]
    assert [after("completed", move) for move in Move] == [None] * 7 + ["no_show"]
    assert not any(after(state, move) for state in (State.CANCELLED, State.EXPIRED) for move in Move)


def _close(session: Session) -> Change:
    return add_special_day(
        session, day=date(2026, 3, 3), resource_id=None, openings=[], note="Closed today", bookings="keep"
    )


def test_a_hold_waits_for_a_closing_and_hears_of_it(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    slot = _slot(create_resource(worker, merchant))
    with ThreadPoolExecutor(1) as pool, worker.database.unit_of_work(merchant) as session:
        _close(session)
        held = pool.submit(_hold, worker, merchant, slot)
        until(lambda: len(rows(admin_url, WAITING)) == 1)
        session.commit()
        assert held.result(10) is None


def test_a_closing_waits_for_a_hold_and_gives_it_up(worker: Runtime, merchant: MerchantScope, admin_url: str) -> None:
    slot = _slot(create_resource(worker, merchant))

    def close() -> int:
        with clock.frozen(MORNING), worker.database.unit_of_work(merchant) as session:
            return _close(session).outside

    with ThreadPoolExecutor(1) as pool, worker.database.unit_of_work(merchant) as session:
        bookings.hold_slot(session, slot, call_id=new_id(), caller_id=None)
        closed = pool.submit(close)
        until(lambda: len(rows(admin_url, WAITING)) == 1)
        session.commit()
        assert closed.result(10) == 0
    with worker.database.unit_of_work(merchant) as session:
        assert session.scalars(select(Booking.state)).all() == ["cancelled"]
