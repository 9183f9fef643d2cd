"""Money, phone numbers, ids, the clock, the deadline, events: the small words that everything else is made of."""

from __future__ import annotations

import itertools
import os
import time
from collections import Counter
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from callwaiting.core import clock, deadline, ids, phone
from callwaiting.core.deadline import DeadlineExceeded
from callwaiting.core.errors import PUBLIC_FACES, CallwaitingError, ErrorCode
from callwaiting.core.events import EventBus, publish
from callwaiting.core.money import EXPONENTS, Money
from callwaiting.core.phone import PhoneNumberInvalid
from callwaiting.core.request_context import accept_request_id, current_request_id, request_id
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime


@pytest.mark.parametrize(
    ("money", "decimal", "shown"),
    [
        (Money(1250, "USD"), "12.50", "$12.50"),
        (Money(5, "USD"), "0.05", "$0.05"),
        (Money(0, "EUR"), "0.00", "€0.00"),
        (Money(-5, "GBP"), "-0.05", "-£0.05"),
        (Money(1250, "JPY"), "1250", "¥1250"),
        (Money(1250, "KWD"), "1.250", "1.250 KWD"),
        (Money(7, "BHD"), "0.007", "0.007 BHD"),
        (Money(123456789, "CHF"), "1234567.89", "1234567.89 CHF"),
    ],
)
def test_money_is_shown_with_the_places_of_its_currency(money: Money, decimal: str, shown: str) -> None:
    assert (money.decimal(), str(money)) == (decimal, shown)


@given(st.integers(-(10**12), 10**12), st.sampled_from(["USD", *EXPONENTS]))
def test_decimal_says_the_same_amount(minor: int, currency: str) -> None:
    money = Money(minor, currency)

    assert int(money.decimal().replace(".", "")) == minor
    assert money + Money(-minor, currency) == Money(0, currency)
    if 0 <= minor < 10**12:
        assert Money.parse(money.decimal(), currency) == money


@pytest.mark.parametrize(
    "text",
    ["", "-1", "+1", "1.5", "1.500", "1,50", "1.", ".50", "01", "1e2", " 1", "1 ", "1_0", "١", "1.٥0", "0x1", "9" * 13],
)
def test_what_is_no_price_is_not_guessed_at(text: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        Money.parse(text, "USD")
    with pytest.raises(ValueError, match="amount"):
        Money.parse("12.50", "JPY")


@pytest.mark.parametrize("currency", ["usd", "US", "USDT", "", "U$D", "ÄÖÜ"])
def test_currency_is_three_capital_letters(currency: str) -> None:
    with pytest.raises(ValueError, match="currency"):
        Money(1, currency)


def test_two_currencies_do_not_add() -> None:
    with pytest.raises(ValueError, match="two currencies"):
        Money(1, "USD") + Money(1, "EUR")


@pytest.mark.parametrize(
    ("written", "region", "e164"),
    [
        ("+14155550100", "US", "+14155550100"),
        ("(415) 555-0100", "US", "+14155550100"),
        ("415.555.0100", "US", "+14155550100"),
        ("030 123456", "DE", "+4930123456"),
        ("+49 30 123456", "US", "+4930123456"),
    ],
)
def test_number_becomes_e164(written: str, region: str, e164: str) -> None:
    assert phone.normalize(written, region) == e164
    assert phone.normalize(e164, "US") == e164


@pytest.mark.parametrize("written", ["", "anonymous", "12", "+1", "+999999999999999999", "sip:bob@example.org"])
def test_no_number_is_refused(written: str) -> None:
    with pytest.raises(PhoneNumberInvalid):
        phone.normalize(written)


@pytest.mark.parametrize("sent", [*sorted(phone.WITHHELD), "", "Anonymous", "unknown", "client:bob"])
def test_withheld_caller_is_none(sent: str) -> None:
    assert phone.caller_number(sent) is None


def test_number_is_spoken_digit_by_digit() -> None:
    assert phone.spoken("+14155550100") == "4 1 5, 5 5 5, 0 1 0 0"


def test_ids_sort_by_their_time_and_tokens_cannot_be_guessed() -> None:
    made = [ids.new_id() for _ in range(1000)]
    assert sorted(made) == made
    assert len(set(made)) == 1000
    assert {made_id.version for made_id in made} == {7}
    tokens = {ids.new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {22}  # 62 ** 22 is more than 128 bits
    assert len(ids.new_token(256)) == 43


def test_a_token_is_no_option_of_a_command_and_ends_no_link_in_punctuation() -> None:
    assert all(ids.new_token().isalnum() and ids.new_token(256).isalnum() for _ in range(1000))


def test_each_character_of_a_token_is_as_likely(monkeypatch: pytest.MonkeyPatch) -> None:
    source = itertools.cycle(range(256))  # each byte once, then again
    monkeypatch.setattr(os, "urandom", lambda size: bytes(itertools.islice(source, size)))
    token = ids.new_token(2953)  # 496 characters, 8 of each
    assert len(token) == 496
    assert set(Counter(token).values()) == {8}
    assert len(Counter(token)) == 62


def test_clock_is_frozen_in_its_block_only() -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    with clock.frozen(moment):
        assert clock.now() == moment
        assert clock.now().tzinfo == UTC
    assert clock.now() > datetime(2026, 3, 2, tzinfo=UTC)


def test_inner_deadline_can_only_shorten() -> None:
    assert deadline.remaining(7) == 7
    with deadline.within(5):
        assert 4 < deadline.remaining(60) <= 5
        with deadline.within(60):
            assert deadline.remaining(60) <= 5
        with deadline.within(1):
            assert deadline.remaining(60) <= 1
        assert deadline.remaining(60) > 1
        assert deadline.remaining(0.5) == 0.5
    assert deadline.remaining(60) == 60


def test_passed_deadline_raises(worker: Runtime) -> None:
    with deadline.within(0):
        with pytest.raises(DeadlineExceeded):
            deadline.remaining(1)
        with pytest.raises(DeadlineExceeded), worker.database.unit_of_work(SystemScope("late")) as session:
            session.execute(text("select 1"))


def test_statement_that_outlives_the_deadline_is_stopped(worker: Runtime) -> None:
    start = time.monotonic()
    with (
        deadline.within(0.2),
        pytest.raises(DeadlineExceeded),
        worker.database.unit_of_work(SystemScope("slow")) as session,
    ):
        session.execute(text("select pg_sleep(30)"))
    assert time.monotonic() - start < 30


def test_request_id_follows_into_the_database(worker: Runtime, merchant: MerchantScope) -> None:
    with request_id("abcdefgh-1"), worker.database.unit_of_work(merchant) as session:
        assert session.scalar(text("select current_setting('app.request_id')")) == "abcdefgh-1"
    assert current_request_id() == ""


@given(st.text(max_size=80))
def test_accepted_request_id_is_harmless(offered: str) -> None:
    taken = accept_request_id(offered)

    assert 8 <= len(taken) <= 64
    assert taken.isascii()
    assert set(taken) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


def test_event_reaches_its_listeners_in_the_same_session() -> None:
    bus, heard = EventBus(), list[tuple[str, int]]()
    bus.bind(int, lambda session, event: heard.append(("first", event)))
    bus.bind(int, lambda session, event: heard.append(("second", event)))
    bus.bind(str, lambda session, event: heard.append(("other", 0)))

    publish(Session(info={"events": bus}), 7)
    publish(Session(info={"events": bus}), 7.5)

    assert heard == [("first", 7), ("second", 7)]


def test_every_code_has_a_face_of_its_own_status() -> None:
    assert PUBLIC_FACES.keys() == set(ErrorCode)
    for code, face in PUBLIC_FACES.items():
        assert 400 <= face.status < 600
        assert face.title
        assert face.message.endswith(".")
        assert CallwaitingError(code=code).face == face
