"""Registering, rotating, pausing, and what the cache of a process keeps."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg2
import pytest
import redis
from werkzeug.test import Client

from callwaiting.core import clock
from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.webhooks import source_admin, source_cache
from callwaiting.features.webhooks.receiver import Receiver
from callwaiting.features.webhooks.source_admin import SourceInvalid
from callwaiting.features.webhooks.source_cache import CHANNEL, SourceCache
from callwaiting.features.webhooks.sources import Source, UnknownSource
from tests.factories.webhooks import PLATFORM, STRIPE_SECRET, make_source, stripe_delivery
from tests.features.webhooks.conftest import Query, post
from tests.sent import noted

NEW_SECRET = "whsec_the_next_one_9876543210"


DEAF = "redis://127.0.0.1:9/0"


@pytest.fixture
def cache(web: Runtime) -> Iterator[SourceCache]:
    """Of a process that hears of no change."""
    made = SourceCache(web.database, DEAF, DatabaseRole.WEBHOOK)
    yield made
    made.close()


@pytest.fixture
def look_ups(web: Runtime) -> Iterator[list[str]]:
    """The statements that the cache sent."""
    with noted(web.database.engine(DatabaseRole.WEBHOOK), "auth.webhook_source") as sent:
        yield sent


def eventually(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_known_source_is_looked_up_once(cache: SourceCache, worker: Runtime, look_ups: list[str]) -> None:
    made = make_source(worker)
    first = cache.get("stripe", made.public_id)
    assert cache.get("stripe", made.public_id) is first
    assert (first.id, first.public_url, first.merchant_id) == (made.id, made.public_url, None)
    assert len(look_ups) == 1


def test_a_source_that_all_ask_for_at_once_is_looked_up_once(
    cache: SourceCache, worker: Runtime, look_ups: list[str]
) -> None:
    made, together = make_source(worker), threading.Barrier(8)

    def ask(_: int) -> Source:
        together.wait()
        return cache.get("stripe", made.public_id)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert {id(source) for source in found} == {id(found[0])}
    assert len(look_ups) == 1


def test_nobody_waits_while_a_kept_source_is_read_anew_nor_suffers_when_it_cannot_be(
    cache: SourceCache, worker: Runtime, look_ups: list[str], admin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_source(worker)
    monkeypatch.setattr(source_cache, "FRESH_S", -1.0)
    first = cache.get("stripe", made.public_id)
    with (
        contextlib.closing(psycopg2.connect(admin_url)) as other,
        other.cursor() as cursor,
        ThreadPoolExecutor(1) as pool,
    ):
        cursor.execute("lock table app.webhook_sources in access exclusive mode")
        reading = pool.submit(cache.get, "stripe", made.public_id)
        eventually(lambda: len(look_ups) == 2)
        assert cache.get("stripe", made.public_id) is first
        assert not reading.done()
        assert reading.result() is first  # the statement has waited for longer than its role may
    assert len(look_ups) == 2
    assert cache.get("stripe", made.public_id) is not first


def test_an_unknown_source_is_asked_for_each_time(cache: SourceCache, worker: Runtime, look_ups: list[str]) -> None:
    for _ in range(3):
        with pytest.raises(UnknownSource):
            cache.get("stripe", "A" * 22)
    assert len(look_ups) == 3
    for shapeless in ("", "x" * 19, "x" * 65, "A" * 21 + "/", "é" * 22, "A" * 22 + "\n"):
        with pytest.raises(UnknownSource):
            cache.get("stripe", shapeless)
    assert len(look_ups) == 3


def test_a_source_answers_under_its_own_provider_only(cache: SourceCache, worker: Runtime) -> None:
    made = make_source(worker)
    with pytest.raises(UnknownSource):
        cache.get("paypal", made.public_id)


def test_a_pause_is_announced_to_other_processes(web: Runtime, worker: Runtime, valkey_url: str) -> None:
    cache = SourceCache(web.database, valkey_url, DatabaseRole.WEBHOOK)
    made = make_source(worker)
    cache.get("stripe", made.public_id)
    with redis.Redis.from_url(valkey_url) as client:
        eventually(lambda: client.pubsub_numsub(CHANNEL)[0][1] >= 1)
    cache.get("stripe", made.public_id)
    with worker.database.unit_of_work(PLATFORM) as session:
        source_admin.pause_source(session, made.public_id)

    def refused() -> bool:
        try:
            cache.get("stripe", made.public_id)
        except UnknownSource:
            return True
        return False

    eventually(refused)
    cache.close()


def test_a_deaf_process_learns_of_a_pause_when_its_entry_ends(
    cache: SourceCache, worker: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make_source(worker)
    cache.get("stripe", made.public_id)
    with worker.database.unit_of_work(PLATFORM) as session:
        source_admin.pause_source(session, made.public_id)
    assert cache.get("stripe", made.public_id).id == made.id
    later = time.monotonic() + 31
    monkeypatch.setattr(time, "monotonic", lambda: later)
    with pytest.raises(UnknownSource):
        cache.get("stripe", made.public_id)


def test_both_secrets_are_good_during_the_overlap(thin: Client, receiver: Receiver, worker: Runtime) -> None:
    made = make_source(worker)
    assert post(thin, stripe_delivery(made)).status_code == 204
    with worker.database.unit_of_work(PLATFORM) as session:
        source_admin.rotate_secret(session, made.public_id, NEW_SECRET, overlap=timedelta(hours=1))
    receiver.sources.forget()
    assert post(thin, stripe_delivery(made)).status_code == 204
    assert post(thin, stripe_delivery(made, secret=NEW_SECRET)).status_code == 204
    source = receiver.sources.get("stripe", made.public_id)
    now = clock.now()
    assert source.credentials(now).secrets == [STRIPE_SECRET, NEW_SECRET]
    assert source.credentials(now + timedelta(minutes=61)).secrets == [NEW_SECRET]


def test_at_most_two_secrets_live_and_none_overlaps_a_compromise(receiver: Receiver, worker: Runtime) -> None:
    made = make_source(worker)
    for number in range(3):
        with worker.database.unit_of_work(PLATFORM) as session:
            source_admin.rotate_secret(session, made.public_id, f"{NEW_SECRET}{number}")
    source = receiver.sources.get("stripe", made.public_id)
    assert source.credentials(clock.now()).secrets == [NEW_SECRET + "1", NEW_SECRET + "2"]
    with worker.database.unit_of_work(PLATFORM) as session:
        source_admin.rotate_secret(session, made.public_id, NEW_SECRET, overlap=timedelta(0))
    receiver.sources.forget()
    assert receiver.sources.get("stripe", made.public_id).credentials(clock.now()).secrets == [NEW_SECRET]


def test_secrets_are_sealed_and_never_shown(worker: Runtime, cache: SourceCache, query: Query) -> None:
    made = make_source(worker)
    (row,) = query("select * from app.webhook_sources")
    assert STRIPE_SECRET.encode() not in bytes(row["secrets_sealed"])
    source = cache.get("stripe", made.public_id)
    assert STRIPE_SECRET not in repr(source) + repr(made) + json.dumps(str(source_records(query)))


def test_every_change_is_audited_in_its_owner(worker: Runtime, merchant: MerchantScope, query: Query) -> None:
    made = make_source(worker, scope=merchant)
    with worker.database.unit_of_work(merchant) as session:
        source_admin.rotate_secret(session, made.public_id, NEW_SECRET)
        source_admin.pause_source(session, made.public_id)
        source_admin.resume_source(session, made.public_id)
    records = [record for record in source_records(query) if record["action"].startswith("webhook_source.")]
    assert [record["action"].partition(".")[2] for record in records] == [
        "created", "secret_rotated", "paused", "resumed",
    ]  # fmt: skip
    assert {record["merchant"] for record in records} == {str(merchant.merchant_id)}
    assert {record["subject"] for record in records} == {f"webhook_source:{made.id}"}


def test_another_merchants_source_cannot_be_changed(worker: Runtime, merchant: MerchantScope) -> None:
    made = make_source(worker)
    for change in (source_admin.pause_source, source_admin.resume_source):
        with pytest.raises(UnknownSource), worker.database.unit_of_work(merchant) as session:
            change(session, made.public_id)


@pytest.mark.parametrize("placeholder", ["WEBHOOK_ID", " webhook_id ", " "])
def test_a_placeholder_webhook_id_is_refused(worker: Runtime, placeholder: str) -> None:
    made = make_source(worker, "paypal")
    with pytest.raises(SourceInvalid), worker.database.unit_of_work(PLATFORM) as session:
        source_admin.set_webhook_id(session, made.public_id, placeholder)
    with pytest.raises(SourceInvalid):
        make_source(worker, "paypal", webhook_id=placeholder)


@pytest.mark.parametrize("secret", ["short", "with a blank 0123456789", "tab\t0123456789abcdef", "é" * 20])
def test_a_weak_or_misread_secret_is_refused(worker: Runtime, secret: str) -> None:
    with pytest.raises(SourceInvalid):
        make_source(worker, secret=secret)


def source_records(query: Query) -> list[dict[str, str]]:
    return [json.loads(bytes(row["record"])) for row in query("select record from audit.outbox order by id")]
