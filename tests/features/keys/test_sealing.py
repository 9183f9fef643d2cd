from __future__ import annotations

import dataclasses
import os
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callwaiting.core.crypto import (
    HEADER,
    NONCE_BYTES,
    DataKey,
    KeyDomain,
    KeyEncryptionKeys,
    Place,
    Undecipherable,
    key_version,
)
from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.callers import service as callers
from callwaiting.features.keys import service as keys
from callwaiting.features.keys.service import KeyRing
from tests.factories.merchants import create_merchant
from tests.servers import execute

ROW = uuid4()
PLACE = Place("callers", "phone", ROW)
NONCE = slice(HEADER.size, HEADER.size + NONCE_BYTES)
KEY = DataKey(KeyDomain.MERCHANT, "m1", 1, bytes(range(32)))


@given(st.binary(max_size=500))
def test_sealed_value_opens_in_its_place(plain: bytes) -> None:
    sealed = KEY.seal(PLACE, plain)

    assert KEY.open(PLACE, sealed) == plain
    assert key_version(sealed) == 1
    assert KEY.seal(PLACE, plain) != sealed


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (KEY, Place("consents", "phone", ROW)),
        (KEY, Place("callers", "name", ROW)),
        (KEY, Place("callers", "phone", uuid4())),
        (dataclasses.replace(KEY, owner="m2"), PLACE),
        (dataclasses.replace(KEY, version=2), PLACE),
        (dataclasses.replace(KEY, domain=KeyDomain.USER), PLACE),
        (dataclasses.replace(KEY, domain=KeyDomain.PLATFORM), PLACE),
        (dataclasses.replace(KEY, secret=bytes(32)), PLACE),
    ],
)
def test_value_moved_elsewhere_does_not_open(key: DataKey, place: Place) -> None:
    sealed = KEY.seal(PLACE, b"+14155550100")

    with pytest.raises(Undecipherable):
        key.open(place, sealed)


def test_a_forked_child_seals_with_nonces_of_its_own() -> None:
    """Workers are forked: the same nonce twice under one key would open both values."""
    KEY.seal(PLACE, b"so that random bits lie ready before the fork")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, b"".join(KEY.seal(PLACE, b"")[NONCE] for _ in range(300)))
        os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        childs = pipe.read()
    os.waitpid(child, 0)
    ours = {KEY.seal(PLACE, b"")[NONCE] for _ in range(300)}
    assert len(childs) == 300 * NONCE_BYTES
    assert len(ours | {childs[at : at + NONCE_BYTES] for at in range(0, len(childs), NONCE_BYTES)}) == 600


def test_altered_value_does_not_open() -> None:
    sealed = KEY.seal(PLACE, b"+14155550100")

    for index in range(3, len(sealed)):
        altered = sealed[:index] + bytes([sealed[index] ^ 1]) + sealed[index + 1 :]
        with pytest.raises(Undecipherable):
            KEY.open(PLACE, altered)
    for short in (b"", sealed[:10], sealed[:20]):
        with pytest.raises(Undecipherable):
            KEY.open(PLACE, short)
    for unknown in (b"", b"\x01\x00", b"\x02" + sealed[1:]):
        with pytest.raises(Undecipherable):
            key_version(unknown)


def test_look_up_hashes_are_of_one_owner_and_label() -> None:
    mine = KEY.lookup_hash("callers.phone", "+14155550100")
    assert mine == KEY.lookup_hash("callers.phone", "+14155550100")
    assert len(mine) == 16
    others = {
        KEY.lookup_hash("callers.phone", "+14155550101"),
        KEY.lookup_hash("phone_numbers.number", "+14155550100"),
        dataclasses.replace(KEY, secret=bytes(32)).lookup_hash("callers.phone", "+14155550100"),
    }
    assert len(others | {mine}) == 4


def test_wrapped_key_opens_with_its_own_version_of_the_kek_only() -> None:
    old, new = KeyEncryptionKeys({1: b"1" * 32}), KeyEncryptionKeys({1: b"1" * 32, 2: b"2" * 32})
    version, wrapped = old.wrap(KeyDomain.MERCHANT, "m1", 1, KEY.secret)

    assert new.unwrap(version, KeyDomain.MERCHANT, "m1", 1, wrapped) == KEY
    assert new.wrap(KeyDomain.MERCHANT, "m1", 1, KEY.secret)[0] == 2
    for keks, domain, owner, kek in (
        (KeyEncryptionKeys({2: b"2" * 32}), KeyDomain.MERCHANT, "m1", 1),
        (new, KeyDomain.MERCHANT, "m1", 2),
        (new, KeyDomain.MERCHANT, "m2", 1),
        (new, KeyDomain.USER, "m1", 1),
    ):
        with pytest.raises(Undecipherable):
            keks.unwrap(kek, domain, owner, 1, wrapped)


def test_ciphertext_of_another_row_or_merchant_does_not_open(
    worker: Runtime, merchant: MerchantScope, admin_url: str
) -> None:
    other = create_merchant(worker, "Mario's")
    with worker.database.unit_of_work(merchant) as session:
        first, second = callers.remember(session, "+14155550100"), callers.remember(session, "+14155550101")
    with worker.database.unit_of_work(other) as session:
        third = callers.remember(session, "+14155550102")
    assert len({first, second, third}) == 3
    execute(
        admin_url,
        "update app.callers c set phone_sealed = o.phone_sealed from app.callers o"
        f" where (c.id, o.id) in (('{first}', '{second}'), ('{third}', '{first}'))",
    )

    for scope, caller_id in ((merchant, first), (other, third)):
        with worker.database.unit_of_work(scope) as session, pytest.raises(Undecipherable):
            callers.phone_of(session, caller_id)
    with worker.database.unit_of_work(merchant) as session:
        assert callers.phone_of(session, second) == "+14155550101"


def test_destroyed_key_makes_a_merchants_data_unreadable_and_no_others(
    worker: Runtime, merchant: MerchantScope
) -> None:
    other = create_merchant(worker, "Mario's")
    found = {}
    for scope in (merchant, other):
        with worker.database.unit_of_work(scope) as session:
            found[scope] = callers.remember(session, "+14155550100")

    with worker.database.unit_of_work(merchant) as session:
        keys.destroy_merchant_key(session)

    with worker.database.unit_of_work(merchant) as session:
        with pytest.raises(Undecipherable):
            callers.phone_of(session, found[merchant])
        with pytest.raises(Undecipherable):
            keys.seal(session, PLACE, "x")
    with worker.database.unit_of_work(other) as session:
        assert callers.phone_of(session, found[other]) == "+14155550100"


def test_destroying_that_is_rolled_back_destroys_nothing(worker: Runtime, merchant: MerchantScope) -> None:
    with worker.database.unit_of_work(merchant) as session:
        caller_id = callers.remember(session, "+14155550100")
        session.commit()
        keys.destroy_merchant_key(session)
        session.rollback()
        assert callers.phone_of(session, caller_id) == "+14155550100"


def test_platform_and_merchant_do_not_open_each_others(worker: Runtime, merchant: MerchantScope) -> None:
    with worker.database.unit_of_work(merchant) as session:
        of_platform = keys.seal_for_platform(session, PLACE, "x")
        of_merchant = keys.seal(session, PLACE, "x")
        assert keys.unseal_for_platform(session, PLACE, of_platform) == b"x"
        assert keys.unseal(session, PLACE, of_merchant) == b"x"
        with pytest.raises(Undecipherable):
            keys.unseal(session, PLACE, of_platform)
        with pytest.raises(Undecipherable):
            keys.unseal_for_platform(session, PLACE, of_merchant)


def test_platform_key_is_made_once_and_missing_is_told(worker: Runtime) -> None:
    with worker.database.unit_of_work(SystemScope("test")) as session:
        first = keys.key_ring(session).platform(session)
        keys.ensure_platform_key(session)
        assert KeyRing(keys.key_ring(session).keks).platform(session) == first
    with (
        worker.database.unit_of_work(SystemScope("test"), DatabaseRole.WORKER) as session,
        pytest.raises(Undecipherable),
    ):
        KeyRing(keys.key_ring(session).keks).platform(session, version=7)
