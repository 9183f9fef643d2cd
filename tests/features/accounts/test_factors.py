"""The second factor: setting it up, signing in with it, and what a thief of the password cannot do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt as pyjwt
import pyotp
import pytest
from flask import Flask
from werkzeug.test import TestResponse

from callwaiting.core import clock
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from tests.factories.people import PASSWORD, Person, create_person, join
from tests.factories.stored_events import rows
from tests.features.accounts.conftest import Browser, Mailbox, deliver

NEXT = timedelta(seconds=30)


class Authenticator:
    """A person's app. Each code is good once, so the clock goes on a step for each."""

    def __init__(self, secret: str, recovery_codes: list[str]) -> None:
        self.totp = pyotp.TOTP(secret)
        self.recovery_codes = recovery_codes

    def code(self, steps: int = 0) -> str:
        return self.totp.at(clock.now() + steps * NEXT)


def enrol(browser: Browser) -> Authenticator:
    begun = browser.post("factors/totp").get_json()
    done = browser.post("factors/totp/confirm", {"code": pyotp.TOTP(begun["secret"]).at(clock.now())})
    assert done.status_code == 200, done.get_json()
    browser.token = done.get_json()["access"]["access_token"]
    return Authenticator(begun["secret"], done.get_json()["recovery_codes"])


def enrolled_before(browser: Browser, person: Person, age: timedelta) -> Authenticator:
    with clock.frozen(clock.now() - age):
        browser.sign_in(person.email)
        return enrol(browser)


@pytest.fixture
def enrolled(browser: Browser, maria: Person) -> Authenticator:
    """Maria's authenticator, a minute after it was set up; she is signed in on `browser`."""
    return enrolled_before(browser, maria, timedelta(minutes=1))


@pytest.fixture
def phone(app: Flask) -> Browser:
    return Browser(app.test_client(), address="203.0.113.80")


def enter(browser: Browser, maria: Person, code: str) -> TestResponse:
    asked = browser.sign_in(maria.email)
    assert (asked.status_code, asked.get_json()["code"]) == (401, "AUTH_MFA_REQUIRED"), asked.get_json()
    return finish(browser, code)


def finish(browser: Browser, code: str) -> TestResponse:
    return browser._keep(browser.post("sign-in/code", {"code": code}))


def outcome(answer: TestResponse) -> tuple[int, str]:
    body: dict[str, Any] = answer.get_json() or {}
    return answer.status_code, body.get("code", "")


def test_password_alone_gives_a_ticket_and_nothing_else(enrolled: Authenticator, phone: Browser, maria: Person) -> None:
    answer = phone.sign_in(maria.email)

    assert outcome(answer) == (401, "AUTH_MFA_REQUIRED")
    assert answer.get_json().keys() == {"error", "message", "code", "request_id"}
    (cookie,) = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith("cw_mfa=")
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    phone.token = phone.cookie("cw_mfa")
    assert outcome(phone.get("me")) == (401, "AUTH_TOKEN_INVALID")


def test_code_finishes_the_sign_in_and_is_good_once(
    app: Flask, enrolled: Authenticator, phone: Browser, maria: Person
) -> None:
    with clock.frozen(clock.now()):
        code = enrolled.code()
        phone.sign_in(maria.email)
        ticket = phone.cookie("cw_mfa")
        assert outcome(finish(phone, code)) == (200, "")
        assert phone.get("me").status_code == 200
        claims = pyjwt.decode(phone.token, options={"verify_signature": False})
        assert claims["amr"] == ["pwd", "otp"]
        assert phone.cookie("cw_mfa") == ""
        phone.set_cookie("cw_mfa", ticket)
        assert outcome(finish(phone, enrolled.code(1))) == (401, "AUTH_MFA_INVALID")  # the ticket is spent
        thief = Browser(app.test_client(), address="203.0.113.9")
        assert outcome(enter(thief, maria, code)) == (401, "AUTH_MFA_INVALID")  # and so is the code


@pytest.mark.parametrize(("steps", "status"), [(-2, 401), (-1, 200), (1, 200), (2, 401)])
def test_code_is_good_a_step_either_side(
    enrolled: Authenticator, phone: Browser, maria: Person, steps: int, status: int
) -> None:
    with clock.frozen(clock.now() + 4 * NEXT):
        assert enter(phone, maria, enrolled.code(steps)).status_code == status


def test_ticket_has_five_tries_and_five_minutes(enrolled: Authenticator, phone: Browser, maria: Person) -> None:
    now = clock.now()
    with clock.frozen(now + NEXT):
        assert outcome(enter(phone, maria, "000000")) == (401, "AUTH_MFA_INVALID")
        for _ in range(4):
            finish(phone, "000000")
        assert outcome(finish(phone, enrolled.code())) == (401, "AUTH_MFA_INVALID")
        phone.sign_in(maria.email)
    with clock.frozen(now + NEXT + timedelta(minutes=5, seconds=1)):
        assert outcome(finish(phone, enrolled.code())) == (401, "AUTH_MFA_INVALID")


def test_ten_wrong_codes_in_a_quarter_of_an_hour_are_enough(
    enrolled: Authenticator, phone: Browser, maria: Person, admin_url: str
) -> None:
    now = clock.now() + NEXT
    with clock.frozen(now):
        answers = [outcome(enter(phone, maria, "000000"))]
        for n in range(1, 10):
            answers.append(outcome(enter(phone, maria, "000000") if n % 5 == 0 else finish(phone, "000000")))
        assert answers == [(401, "AUTH_MFA_INVALID")] * 10
        assert outcome(enter(phone, maria, enrolled.code())) == (429, "RATE_LIMIT_EXCEEDED")
    records = [bytes(row["record"]) for row in rows(admin_url, "select record from audit.outbox")]
    assert sum(b"factor.refused" in record and b"denied" in record for record in records) == 10
    with clock.frozen(now + timedelta(minutes=16)):
        assert outcome(enter(phone, maria, enrolled.code())) == (200, "")


@pytest.mark.parametrize("ticket", ["", "x", "a.b.c", "ACCESS", "REFRESH"])
def test_what_is_no_ticket_opens_nothing(
    browser: Browser, enrolled: Authenticator, phone: Browser, ticket: str
) -> None:
    stolen = {"ACCESS": browser.token, "REFRESH": browser.cookie("cw_rt")}
    phone.set_cookie("cw_mfa", stolen.get(ticket, ticket))

    assert outcome(finish(phone, enrolled.code())) == (401, "AUTH_MFA_INVALID")


def test_ticket_under_another_type_is_none(app: Flask, enrolled: Authenticator, phone: Browser, maria: Person) -> None:
    """Signed by us, as an access token would be."""
    phone.sign_in(maria.email)
    keys = app.extensions["signing_ring"].keys()
    claims = pyjwt.decode(phone.cookie("cw_mfa"), options={"verify_signature": False})
    header = {"kid": keys.signing, "typ": "at+jwt"}
    phone.set_cookie("cw_mfa", pyjwt.encode(claims, keys.secrets[keys.signing], "HS256", headers=header))

    assert outcome(finish(phone, enrolled.code())) == (401, "AUTH_MFA_INVALID")


def test_recovery_codes_stand_in_once_each_and_the_person_is_told(
    enrolled: Authenticator, phone: Browser, maria: Person, worker: Runtime, mailbox: Mailbox, admin_url: str
) -> None:
    code = enrolled.recovery_codes[0]
    assert len(set(enrolled.recovery_codes)) == 10
    assert len(code.replace("-", "")) == 16  # of base32: 80 bits

    assert outcome(enter(phone, maria, code.lower().replace("-", " "))) == (200, "")
    assert outcome(enter(phone, maria, code)) == (401, "AUTH_MFA_INVALID")
    assert phone.get("factors").get_json()["recovery_codes_left"] == 9
    assert "A recovery code was used" in [mail.subject for mail in deliver(worker, mailbox)]
    stored = rows(admin_url, "select code_hash from app.recovery_codes")
    assert not any(code.encode() in bytes(row["code_hash"]) for row in stored)


def test_new_recovery_codes_replace_the_old(
    enrolled: Authenticator, browser: Browser, phone: Browser, maria: Person
) -> None:
    fresh = browser.post("recovery-codes").get_json()["recovery_codes"]

    assert outcome(enter(phone, maria, enrolled.recovery_codes[0])) == (401, "AUTH_MFA_INVALID")
    assert outcome(finish(phone, fresh[0])) == (200, "")


def test_secret_lies_sealed_and_is_shown_once(enrolled: Authenticator, browser: Browser, admin_url: str) -> None:
    (row,) = rows(admin_url, "select secret_sealed from app.totp_factors")

    assert enrolled.totp.secret.encode() not in bytes(row["secret_sealed"])
    shown = browser.get("factors").get_json()
    assert shown.keys() == {"totp_since", "recovery_codes_left", "required"}
    assert (shown["recovery_codes_left"], shown["required"]) == (10, False)


def test_setting_it_up_ends_other_sessions_and_is_told(
    app: Flask, browser: Browser, maria: Person, worker: Runtime, mailbox: Mailbox
) -> None:
    other = Browser(app.test_client())
    other.sign_in(maria.email)
    browser.sign_in(maria.email)

    enrol(browser)

    assert outcome(other.get("me")) == (401, "AUTH_TOKEN_REVOKED")
    assert browser.get("me").status_code == 200
    assert "An authenticator was added" in [mail.subject for mail in deliver(worker, mailbox)]


def test_secret_counts_only_once_a_code_has_come_back(browser: Browser, phone: Browser, maria: Person) -> None:
    browser.sign_in(maria.email)
    assert outcome(browser.post("factors/totp/confirm", {"code": "123456"})) == (409, "CONFLICT")
    begun = browser.post("factors/totp").get_json()

    assert outcome(browser.post("factors/totp/confirm", {"code": "000000"})) == (401, "AUTH_MFA_INVALID")
    assert outcome(phone.sign_in(maria.email)) == (200, "")
    with clock.frozen(clock.now() + timedelta(minutes=16)):
        late = pyotp.TOTP(begun["secret"]).at(clock.now())
        assert outcome(browser.post("factors/totp/confirm", {"code": late})) == (409, "CONFLICT")


def test_reset_of_the_password_does_not_skip_the_factor(
    enrolled: Authenticator, phone: Browser, maria: Person, worker: Runtime, mailbox: Mailbox
) -> None:
    phone.post("password-reset", {"email": maria.email})
    token = next(m.text.split("#")[1].split()[0] for m in reversed(deliver(worker, mailbox)) if "#" in m.text)
    phone.post("password-reset/confirm", {"token": token, "password": "seven quiet lamps wander"})

    assert outcome(phone.sign_in(maria.email, "seven quiet lamps wander")) == (401, "AUTH_MFA_REQUIRED")


# --- the duty ---------------------------------------------------------------------------------------------------------


def test_owner_without_a_factor_may_only_set_one_up(
    app: Flask, browser: Browser, maria: Person, merchant: MerchantScope
) -> None:
    join(app.extensions["database"], maria, merchant, "owner")
    browser.sign_in(maria.email)

    def orders() -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {browser.token}"}
        answer = browser.client.get("/api/v1/orders", headers=headers)
        return answer.status_code, answer.get_json().get("code", "")

    assert orders() == (401, "AUTH_MFA_REQUIRED")
    assert browser.get("me").status_code == 200
    assert browser.get("factors").get_json()["required"] is True
    enrol(browser)
    assert orders() == (200, "")
    assert browser.refresh().status_code == 200
    assert orders() == (200, "")
    assert outcome(browser.delete("factors/totp")) == (409, "CONFLICT")


def test_whoever_need_not_have_one_may_remove_it(
    enrolled: Authenticator, browser: Browser, phone: Browser, maria: Person
) -> None:
    assert browser.delete("factors/totp").status_code == 204

    assert outcome(phone.sign_in(maria.email)) == (200, "")


# --- step-up ----------------------------------------------------------------------------------------------------------


def test_old_sign_in_must_prove_itself_again_by_a_code(browser: Browser, maria: Person) -> None:
    mine = enrolled_before(browser, maria, timedelta(minutes=6))

    assert outcome(browser.post("factors/totp")) == (401, "AUTH_STEP_UP_REQUIRED")
    assert outcome(browser.post("step-up", {"password": PASSWORD})) == (422, "VALIDATION_FAILED")
    assert outcome(browser.post("step-up", {"code": "000000"})) == (401, "AUTH_MFA_INVALID")
    again = browser.post("step-up", {"code": mine.code()})
    assert again.status_code == 200
    before, browser.token = browser.token, again.get_json()["access_token"]
    assert browser.post("factors/totp").status_code == 201
    browser.token = before  # the old token stays old
    assert outcome(browser.post("factors/totp")) == (401, "AUTH_STEP_UP_REQUIRED")


def test_without_a_factor_the_password_proves_it(browser: Browser, maria: Person) -> None:
    with clock.frozen(clock.now() - timedelta(minutes=6)):
        browser.sign_in(maria.email)

    assert outcome(browser.post("factors/totp")) == (401, "AUTH_STEP_UP_REQUIRED")
    wrong = browser.post("step-up", {"password": "not this one at all"})
    assert outcome(wrong) == (401, "AUTH_CREDENTIALS_INVALID")
    again = browser.post("step-up", {"password": PASSWORD})
    assert again.status_code == 200
    browser.token = again.get_json()["access_token"]
    assert browser.post("factors/totp").status_code == 201


def test_factor_of_another_person_does_not_help(app: Flask, enrolled: Authenticator, phone: Browser) -> None:
    eve = create_person(app.extensions["database"], email="eve@example.com", password=PASSWORD)
    hers = enrolled_before(phone, eve, timedelta(minutes=1))
    with clock.frozen(clock.now()):
        assert outcome(enter(phone, eve, enrolled.code())) == (401, "AUTH_MFA_INVALID")
        assert outcome(finish(phone, enrolled.recovery_codes[0])) == (401, "AUTH_MFA_INVALID")
        assert outcome(finish(phone, hers.code())) == (200, "")


def test_new_device_is_told(app: Flask, browser: Browser, maria: Person, worker: Runtime, mailbox: Mailbox) -> None:
    browser.sign_in(maria.email)  # the first of all
    browser.sign_in(maria.email)  # known by its cookie
    assert deliver(worker, mailbox) == []

    Browser(app.test_client(), agent="Mozilla/5.0 (iPhone) Safari/605").sign_in(maria.email)

    (mail,) = deliver(worker, mailbox)
    assert mail.subject == "A new sign-in to your account"
    assert "Safari on iPhone" in mail.text
