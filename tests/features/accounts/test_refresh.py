"""Rotation of refresh tokens, and what happens when one comes a second time."""

from __future__ import annotations

import base64
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from callwaiting.core import clock
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.accounts.refresh_tokens import HEAD, TAG_BYTES
from tests.factories.people import Person, join
from tests.factories.stored_events import rows
from tests.features.accounts.conftest import Browser, Mailbox, deliver


@pytest.fixture
def signed_in(browser: Browser, maria: Person) -> Browser:
    assert browser.sign_in(maria.email).status_code == 200
    return browser


def code(browser: Browser) -> tuple[int, str]:
    answer = browser.refresh()
    return answer.status_code, "" if answer.status_code == 200 else answer.get_json()["code"]


def test_each_refresh_gives_new_tokens(signed_in: Browser) -> None:
    seen = {(signed_in.cookie("cw_rt"), signed_in.token)}

    for _ in range(3):
        assert signed_in.refresh().status_code == 200
        seen.add((signed_in.cookie("cw_rt"), signed_in.token))

    assert len({refresh for refresh, _ in seen}) == len({access for _, access in seen}) == 4
    assert signed_in.get("me").status_code == 200


def test_tokens_are_random_and_long(signed_in: Browser) -> None:
    """Of the 128 bits that prove a refresh token, none is fixed: over 28 tokens each has been 0 and 1."""
    proofs = []
    for _ in range(28):
        assert signed_in.refresh().status_code == 200
        token = signed_in.cookie("cw_rt")
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        proofs.append(int.from_bytes(raw[HEAD.size : -TAG_BYTES]))

    ever, always = 0, 2**128 - 1
    for proof in proofs:
        ever, always = ever | proof, always & proof
    assert (ever, always) == (2**128 - 1, 0)


def test_stolen_token_used_twice_ends_the_session_and_everybody_is_told(
    app: Flask,
    signed_in: Browser,
    maria: Person,
    merchant: MerchantScope,
    worker: Runtime,
    mailbox: Mailbox,
    admin_url: str,
) -> None:
    join(app.extensions["database"], maria, merchant)
    signed_in.sign_in(maria.email)
    thief = Browser(app.test_client(), address="203.0.113.9", agent="curl/8", csrf=signed_in.csrf)
    for name in ("cw_rt", "cw_csrf"):
        thief.set_cookie(name, signed_in.cookie(name))

    assert code(thief) == (200, "")  # the thief is first
    assert code(signed_in) == (401, "AUTH_REFRESH_REUSED")

    assert code(thief) == (401, "AUTH_REFRESH_INVALID")  # a descendant is no better than its family
    for browser in (thief, signed_in):
        assert browser.get("me").get_json()["code"] == "AUTH_TOKEN_REVOKED"
    (ended,) = rows(admin_url, "select end_reason from app.sessions where ended_at is not null")
    assert ended["end_reason"] == "reused"
    alerts = rows(admin_url, "select rule, merchant_id from app.alerts")
    assert {(row["rule"], row["merchant_id"]) for row in alerts} == {
        ("accounts.refresh_reused", None),
        ("accounts.refresh_reused", str(merchant.merchant_id)),
    }
    records = [bytes(row["record"]) for row in rows(admin_url, "select record from audit.outbox")]
    assert any(b"session.refresh_reused" in record and b"denied" in record for record in records)
    (mail,) = deliver(worker, mailbox)
    assert (mail.recipient, mail.subject) == (maria.email, "We have signed you out on one device")


def test_lost_answer_is_given_again_to_the_same_client_for_a_moment(signed_in: Browser) -> None:
    before = signed_in.cookie("cw_rt")
    signed_in.refresh()
    present = signed_in.cookie("cw_rt")

    signed_in.set_cookie("cw_rt", before)
    assert code(signed_in) == (200, "")
    assert signed_in.cookie("cw_rt") == present


def test_grandparent_is_reuse_however_soon(signed_in: Browser) -> None:
    grandparent = signed_in.cookie("cw_rt")
    signed_in.refresh()
    signed_in.refresh()

    signed_in.set_cookie("cw_rt", grandparent)
    assert code(signed_in) == (401, "AUTH_REFRESH_REUSED")


def test_parent_is_reuse_after_the_moment(signed_in: Browser) -> None:
    parent = signed_in.cookie("cw_rt")
    signed_in.refresh()

    signed_in.set_cookie("cw_rt", parent)
    with clock.frozen(clock.now() + timedelta(seconds=31)):
        assert code(signed_in) == (401, "AUTH_REFRESH_REUSED")


@pytest.mark.parametrize("attribute", ["address", "agent"])
def test_parent_is_reuse_from_another_client(signed_in: Browser, attribute: str) -> None:
    parent = signed_in.cookie("cw_rt")
    signed_in.refresh()

    signed_in.set_cookie("cw_rt", parent)
    setattr(signed_in, attribute, "203.0.113.77")
    assert code(signed_in) == (401, "AUTH_REFRESH_REUSED")


@pytest.mark.parametrize("garbage", ["", "x", "é", "A" * 71, "A" * 4_000, "A" + "Q" * 70])
def test_garbage_is_refused_without_a_query(fresh_app: Flask, garbage: str) -> None:
    browser = Browser(fresh_app.test_client())
    browser.csrf = "0" * 32
    browser.set_cookie("cw_rt", garbage)
    fresh_app.extensions["database"]._urls.clear()  # whoever asks for a connection now gets a KeyError

    assert code(browser) == (401, "AUTH_REFRESH_INVALID")


@pytest.mark.parametrize("position", [0, 1, 17, 21, 37, 52])
def test_no_byte_of_a_token_may_change(signed_in: Browser, position: int) -> None:
    raw = bytearray(base64.urlsafe_b64decode(signed_in.cookie("cw_rt") + "=="))
    raw[position] ^= 1
    signed_in.set_cookie("cw_rt", base64.urlsafe_b64encode(bytes(raw)).rstrip(b"=").decode())

    assert code(signed_in) == (401, "AUTH_REFRESH_INVALID")


@pytest.mark.parametrize(
    ("headers", "status", "refused"),
    [
        ({"Origin": ""}, 403, "ORIGIN_NOT_ALLOWED"),
        ({"Origin": "null"}, 403, "ORIGIN_NOT_ALLOWED"),
        ({"Origin": "http://callwaiting.test.evil.example"}, 403, "ORIGIN_NOT_ALLOWED"),
        ({"Origin": "https://callwaiting.test"}, 403, "ORIGIN_NOT_ALLOWED"),
        ({"Sec_Fetch_Site": "cross-site"}, 403, "ORIGIN_NOT_ALLOWED"),
        ({"X_CSRF_Token": ""}, 403, "CSRF_FAILED"),
        ({"X_CSRF_Token": "0" * 32}, 403, "CSRF_FAILED"),
        ({"X_CSRF_Token": "é" * 32}, 403, "CSRF_FAILED"),
    ],
)
@pytest.mark.parametrize("path", ["refresh", "sign-out"])
def test_other_sites_cannot_use_the_cookie(
    signed_in: Browser, path: str, headers: dict[str, str], status: int, refused: str
) -> None:
    answer = signed_in.post(path, None, **headers)

    assert (answer.status_code, answer.get_json()["code"]) == (status, refused)
    assert signed_in.get("me").status_code == 200


def test_a_form_cannot_use_the_cookie(signed_in: Browser) -> None:
    client: FlaskClient = signed_in.client
    headers = {"Origin": "http://callwaiting.test", "X-CSRF-Token": signed_in.csrf}

    answer = client.post("/api/v1/auth/refresh", data={"a": "b"}, headers=headers, base_url="http://callwaiting.test")

    assert answer.status_code == 415


def test_csrf_token_of_another_session_does_not_help(app: Flask, signed_in: Browser, maria: Person) -> None:
    other = Browser(app.test_client())
    other.sign_in(maria.email)
    signed_in.csrf = other.csrf
    signed_in.set_cookie("cw_csrf", other.csrf)

    assert code(signed_in) == (403, "CSRF_FAILED")


@pytest.mark.parametrize(("remember", "idle", "ends"), [(False, 3_600, 86_400), (True, 30 * 86_400, 30 * 86_400)])
def test_session_ends_idle_and_in_the_end(
    browser: Browser, maria: Person, remember: bool, idle: int, ends: int
) -> None:
    start = clock.now()
    browser.sign_in(maria.email, remember=remember)
    step = idle - 10
    seconds = step
    while seconds < ends:
        with clock.frozen(start + timedelta(seconds=seconds)):
            assert code(browser) == (200, "")
        seconds += step
    with clock.frozen(start + timedelta(seconds=ends + 1)):
        assert code(browser) == (401, "AUTH_SESSION_EXPIRED")


def test_idle_session_ends(signed_in: Browser) -> None:
    with clock.frozen(clock.now() + timedelta(hours=1, seconds=1)):
        assert code(signed_in) == (401, "AUTH_SESSION_EXPIRED")
