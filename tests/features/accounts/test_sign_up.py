"""Signing up, verifying an address, choosing and changing a password."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from callwaiting.core import clock
from callwaiting.factory import Runtime
from callwaiting.providers.ports import MailMessage
from tests.factories.people import PASSWORD, Person, create_person, signed_in
from tests.features.accounts.conftest import Browser, Mailbox, deliver, link_in

NEW = {"email": "Paola@Example.com", "name": "Paola Bianchi", "password": PASSWORD}
OTHER = "seven quiet lamps wander"


def confirm(browser: Browser, mail: MailMessage) -> TestResponse:
    return browser.post("verify-email", {"token": link_in(mail), "password": PASSWORD})


def test_sign_up_verify_and_sign_in(browser: Browser, worker: Runtime, mailbox: Mailbox) -> None:
    assert browser.post("sign-up", NEW).status_code == 202
    (mail,) = deliver(worker, mailbox)
    assert (mail.recipient, mail.subject) == ("paola@example.com", "Please confirm your e-mail address")
    assert "http://callwaiting.test/app/verify-email#" in mail.text
    assert browser.sign_in("paola@example.com").status_code == 403

    (_, again) = deliver(worker, mailbox)
    assert confirm(browser, mail).status_code == 422  # the newer link counts
    assert confirm(browser, again).status_code == 204
    assert confirm(browser, again).status_code == 422  # once
    assert browser.sign_in("paola@example.com").status_code == 200


@pytest.mark.parametrize("first", ["stranger", "owner"])
def test_a_stranger_who_signs_up_with_an_address_gets_nothing_by_its_owners_click(
    browser: Browser, worker: Runtime, mailbox: Mailbox, first: str
) -> None:
    of_owner, of_stranger = NEW, {**NEW, "name": "Win at evil.example", "password": OTHER}
    for wanted in (of_owner, of_stranger) if first == "owner" else (of_stranger, of_owner):
        assert browser.post("sign-up", wanted).status_code == 202
    browser.sign_in(NEW["email"], OTHER)  # has the link sent again, if it is the stranger's password that is kept

    newest = deliver(worker, mailbox)[-1]
    answer = confirm(browser, newest)
    if first == "stranger":
        assert [field["field"] for field in answer.get_json()["fields"]] == ["password"]
        browser.post("password-reset", {"email": NEW["email"]})
        mails = deliver(worker, mailbox)
        assert not [mail for mail in mails if "evil" in mail.text]
        own = {"token": link_in(mails[-1]), "password": PASSWORD}
        assert browser.post("password-reset/confirm", own).status_code == 204
    else:
        assert answer.status_code == 204
    assert browser.sign_in(NEW["email"], OTHER).status_code == 401
    assert browser.sign_in(NEW["email"]).status_code == 200


def test_sign_up_with_an_address_that_is_known_answers_alike_and_tells_the_owner(
    browser: Browser, maria: Person, worker: Runtime, mailbox: Mailbox
) -> None:
    fresh = browser.post("sign-up", NEW)
    known = browser.post("sign-up", {**NEW, "email": maria.email, "password": OTHER})

    assert (known.status_code, known.get_json()) == (fresh.status_code, fresh.get_json())
    assert {mail.subject: mail.recipient for mail in deliver(worker, mailbox)} == {
        "Please confirm your e-mail address": "paola@example.com",
        "You already have an account": maria.email,
    }
    assert browser.sign_in(maria.email, OTHER).status_code == 401
    assert browser.sign_in(maria.email).status_code == 200


@pytest.mark.parametrize(
    "password",
    ["short", "password1234", "qwertyuiop12", "111111111111", "abcabcabcabc", "paola@example.com", "Paola Bianchi",
     "callwaiting1", "x" * 129],
)  # fmt: skip
def test_weak_password_is_refused_and_told_why(browser: Browser, password: str) -> None:
    answer = browser.post("sign-up", {**NEW, "password": password})

    assert answer.status_code == 422
    assert [field["field"] for field in answer.get_json()["fields"]] == ["password"]


@pytest.mark.parametrize(
    "password", ["correct horse battery", "пять зелёных роялей", "k7#pQ9!vXz2m", "🐢🐢 turtles fly 🐢"]
)
def test_good_passwords_of_any_kind_pass(browser: Browser, password: str) -> None:
    assert browser.post("sign-up", {**NEW, "password": password}).status_code == 202


@pytest.mark.parametrize("email", ["", "x", "a@b", "a b@example.com", "a@example.com\r\nBcc: x@y.example", "a@b@c.de"])
def test_what_is_no_address_is_refused(browser: Browser, email: str) -> None:
    answer = browser.post("sign-up", {**NEW, "email": email})

    assert answer.status_code == 422
    assert answer.get_json()["fields"][0]["field"] == "email"


def test_reset_by_mail_ends_every_session(
    app: Flask, browser: Browser, maria: Person, worker: Runtime, mailbox: Mailbox
) -> None:
    browser.sign_in(maria.email)
    stranger = Browser(app.test_client(), address="203.0.113.1")
    known, unknown = (stranger.post("password-reset", {"email": name}) for name in (maria.email, "no@example.com"))
    assert (known.status_code, known.get_json()) == (unknown.status_code, unknown.get_json())
    assert known.status_code == 202
    (mail,) = deliver(worker, mailbox)
    token = link_in(mail)

    weak = stranger.post("password-reset/confirm", {"token": token, "password": "password1234"})
    assert weak.status_code == 422  # and the link is still good
    assert stranger.post("password-reset/confirm", {"token": token, "password": OTHER}).status_code == 204

    assert stranger.post("password-reset/confirm", {"token": token, "password": PASSWORD}).status_code == 422
    assert browser.get("me").get_json()["code"] == "AUTH_TOKEN_REVOKED"
    assert browser.refresh().status_code == 401
    browser.token = ""
    assert browser.sign_in(maria.email, PASSWORD).status_code == 401
    assert browser.sign_in(maria.email, OTHER).status_code == 200
    assert deliver(worker, mailbox)[-1].subject == "Your password was changed"


def test_link_is_good_for_half_an_hour_and_for_its_purpose(
    browser: Browser, maria: Person, worker: Runtime, mailbox: Mailbox
) -> None:
    browser.post("password-reset", {"email": maria.email})
    token = link_in(deliver(worker, mailbox)[0])

    assert browser.post("verify-email", {"token": token, "password": PASSWORD}).status_code == 422
    with clock.frozen(clock.now() + timedelta(minutes=31)):
        assert browser.post("password-reset/confirm", {"token": token, "password": OTHER}).status_code == 422
    assert browser.post("password-reset/confirm", {"token": token, "password": OTHER}).status_code == 204


def test_changing_the_password_keeps_this_session_only(
    app: Flask, browser: Browser, maria: Person, worker: Runtime, mailbox: Mailbox
) -> None:
    browser.sign_in(maria.email)
    other = Browser(app.test_client())
    other.sign_in(maria.email)

    wrong = browser.post("password", {"password": "not this one at all", "new_password": OTHER})
    right = browser.post("password", {"password": PASSWORD, "new_password": OTHER})

    assert (wrong.status_code, wrong.get_json()["fields"][0]["field"]) == (422, "password")
    assert right.status_code == 204
    assert browser.get("me").status_code == 200
    assert other.get("me").get_json()["code"] == "AUTH_TOKEN_REVOKED"
    assert [mail.subject for mail in deliver(worker, mailbox)][1:] == [
        "Your password was changed"
    ]  # after a new device


def test_sessions_are_listed_and_ended_one_by_one(app: Flask, browser: Browser, maria: Person) -> None:
    browser.sign_in(maria.email)
    phone = Browser(app.test_client(), address="203.0.113.5", agent="Mozilla/5.0 (iPhone) Safari/605")
    phone.sign_in(maria.email)
    stranger = Browser(app.test_client())

    items = browser.get("sessions").get_json()["items"]

    assert [(item["device"], item["network"], item["current"]) for item in items] == [
        ("Safari on iPhone", "203.0.113.5", False),
        ("Firefox on Linux", "198.51.100.7", True),
    ]
    assert stranger.get("sessions").status_code == 401
    assert browser.delete(f"sessions/{items[0]['id']}").status_code == 204
    assert browser.delete(f"sessions/{items[0]['id']}").status_code == 404
    assert phone.get("me").status_code == 401
    assert [item["current"] for item in browser.get("sessions").get_json()["items"]] == [True]


def test_another_persons_session_is_not_there(app: Flask, browser: Browser, maria: Person) -> None:
    browser.sign_in(maria.email)
    mine = browser.get("sessions").get_json()["items"][0]["id"]
    create_person(app.extensions["database"], email="eve@example.com", password=PASSWORD)
    eve = Browser(app.test_client())
    eve.sign_in("eve@example.com")

    assert eve.delete(f"sessions/{mine}").status_code == 404
    assert browser.get("me").status_code == 200


def test_eleventh_session_ends_the_one_that_is_idle_longest(app: Flask, browser: Browser, maria: Person) -> None:
    browser.sign_in(maria.email)
    for _ in range(10):
        signed_in(app.extensions["database"], maria)

    assert browser.get("me").get_json()["code"] == "AUTH_TOKEN_REVOKED"
