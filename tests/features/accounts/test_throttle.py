"""Wrong passwords: how they are slowed down, and that this cannot be turned against the owner."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from argon2 import PasswordHasher
from flask import Flask
from prometheus_client import REGISTRY

from callwaiting.core import clock
from callwaiting.core.errors import ServiceUnavailable
from callwaiting.core.tenancy import SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.accounts import passwords, people, throttle
from callwaiting.features.accounts.clients import Client
from callwaiting.features.accounts.errors import CredentialsInvalid, TooManyAttempts
from tests.factories.people import PASSWORD, Person
from tests.factories.stored_events import rows
from tests.features.accounts.conftest import Browser, Mailbox, deliver, link_in

WRONG = "not her password"
HASH = b"h" * 16


def admit(runtime: Runtime, network: str, account: bytes = HASH) -> None:
    with runtime.database.unit_of_work(SystemScope("attempt")) as session:
        throttle.admit(session, account, Client(network))


def fail_from_everywhere(runtime: Runtime, account: bytes, times: int) -> None:
    for n in range(times):
        admit(runtime, f"192.0.2.{n}", account)


def test_pauses_grow_after_five_failures(browser: Browser, maria: Person) -> None:
    start = clock.now()
    with clock.frozen(start):
        assert [browser.sign_in(maria.email, WRONG).status_code for _ in range(6)] == [401] * 5 + [429]
        refused = browser.sign_in(maria.email, PASSWORD)
    assert refused.get_json()["code"] == "RATE_LIMIT_EXCEEDED"
    assert refused.headers["Retry-After"] == "1"
    with clock.frozen(start + timedelta(seconds=1)):
        assert browser.sign_in(maria.email, WRONG).status_code == 401
        assert browser.sign_in(maria.email, WRONG).headers["Retry-After"] == "2"
    with clock.frozen(start + timedelta(seconds=3)):
        assert browser.sign_in(maria.email).status_code == 200  # and with that all is forgiven
        browser.client.delete_cookie("cw_dev", domain="callwaiting.test")
        assert [browser.sign_in(maria.email, WRONG).status_code for _ in range(5)] == [401] * 5


def test_guessing_at_one_account_raises_one_alert_and_is_counted(
    app: Flask, maria: Person, web: Runtime, admin_url: str
) -> None:
    with web.database.unit_of_work(SystemScope("hash")) as session:
        account = people.email_hash(session, maria.email)
    fail_from_everywhere(web, account, throttle.LIMITS["account"].free - 2)
    found = "select rule, severity, count, fingerprint from app.alerts"
    strangers = [Browser(app.test_client(), address=f"203.0.113.{n}") for n in range(5)]
    before = {outcome: sign_ins(outcome) for outcome in ("opened", "refused", "throttled")}

    assert strangers[0].sign_in(maria.email, WRONG).status_code == 401
    assert rows(admin_url, found) == []
    assert strangers[1].sign_in(maria.email, WRONG).status_code == 401
    alert = {"rule": "accounts.sign_ins_refused", "severity": "high", "count": 1}
    assert rows(admin_url, found) == [alert | {"fingerprint": f"accounts.sign_ins_refused:user:{maria.id}"}]
    assert [stranger.sign_in(maria.email, WRONG).status_code for stranger in strangers] == [429] * 5

    assert [row["count"] for row in rows(admin_url, found)] == [1]
    told = {outcome: sign_ins(outcome) - times for outcome, times in before.items()}
    assert told == {"opened": 0, "refused": 2, "throttled": 5}


def sign_ins(outcome: str) -> float:
    return REGISTRY.get_sample_value("callwaiting_sign_ins_total", {"outcome": outcome}) or 0


def test_unknown_account_is_slowed_down_alike(browser: Browser) -> None:
    with clock.frozen(clock.now()):
        assert [browser.sign_in("no@example.com", WRONG).status_code for _ in range(6)] == [401] * 5 + [429]


def test_flood_on_one_account_does_not_keep_its_owner_out(
    app: Flask, browser: Browser, maria: Person, web: Runtime, worker: Runtime, mailbox: Mailbox
) -> None:
    browser.sign_in(maria.email)  # her device is known from here on
    with web.database.unit_of_work(SystemScope("hash")) as session:
        account = people.email_hash(session, maria.email)
    fail_from_everywhere(web, account, throttle.LIMITS["account"].free)

    stranger = Browser(app.test_client(), address="203.0.113.50")
    assert stranger.sign_in(maria.email, PASSWORD).status_code == 429
    assert browser.sign_in(maria.email, WRONG).status_code == 401
    assert browser.sign_in(maria.email).status_code == 200

    new_phone = Browser(app.test_client(), address="203.0.113.51")  # hers, never seen: the mailbox lets her in
    assert new_phone.sign_in(maria.email).status_code == 429
    new_phone.post("password-reset", {"email": maria.email})
    token = link_in(deliver(worker, mailbox)[-1])
    new_phone.post("password-reset/confirm", {"token": token, "password": "seven quiet lamps wander"})
    assert new_phone.sign_in(maria.email, "seven quiet lamps wander").status_code == 200


@pytest.mark.parametrize("cookie", ["", "x", "A" * 43, "é"])
def test_forged_device_cookie_gives_no_budget(app: Flask, maria: Person, cookie: str) -> None:
    stranger = Browser(app.test_client(), address="203.0.113.52")
    stranger.set_cookie("cw_dev", cookie)
    with clock.frozen(clock.now()):
        answers = [stranger.sign_in(maria.email, WRONG).status_code for _ in range(6)]

    assert answers == [401] * 5 + [429]


def test_known_device_has_a_budget_of_its_own(browser: Browser, maria: Person) -> None:
    browser.sign_in(maria.email)
    with clock.frozen(clock.now()):
        answers = [browser.sign_in(maria.email, WRONG).status_code for _ in range(11)]

    assert answers == [401] * 10 + [429]


def test_one_network_trying_many_accounts_is_stopped(web: Runtime) -> None:
    for n in range(throttle.LIMITS["network"].free):
        admit(web, "203.0.113.9", b"%016d" % n)

    with pytest.raises(TooManyAttempts):
        admit(web, "203.0.113.9", b"another account!")
    admit(web, "203.0.113.10", b"another account!")


def test_attempts_at_once_are_counted_each(web: Runtime) -> None:
    outcomes: list[str] = []

    def attempt() -> None:
        try:
            admit(web, "203.0.113.9")
            outcomes.append("admitted")
        except TooManyAttempts:
            outcomes.append("refused")

    with clock.frozen(clock.now()):
        threads = [threading.Thread(target=attempt) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert sorted(outcomes) == ["admitted"] * 5 + ["refused"] * 3


def test_mails_to_one_address_are_limited_in_silence(browser: Browser, maria: Person, worker: Runtime) -> None:
    mailbox = Mailbox()
    answers = [browser.post("password-reset", {"email": maria.email}).status_code for _ in range(7)]

    assert answers == [202] * 7
    assert len(deliver(worker, mailbox)) == throttle.LIMITS["mail_to"].free


def test_hashes_are_capped_and_those_beyond_are_told_to_come_again() -> None:
    """A flood of passwords takes neither the processor nor the threads that webhooks need."""
    taken = [passwords._admitted.acquire(blocking=False) for _ in range(passwords.RUNNING + passwords.WAITING)]
    try:
        assert all(taken)
        with pytest.raises(ServiceUnavailable) as refused:
            passwords.hash_password(PASSWORD)
        assert (refused.value.retry_after, refused.value.reason) == (2, "accounts.hashing_busy")
    finally:
        for _ in taken:
            passwords._admitted.release()
    assert passwords.hash_password(PASSWORD)


@pytest.mark.usefixtures("passwords_hashed_dearly")
def test_a_hash_is_as_dear_as_owasp_asks_and_so_is_nobodys() -> None:
    dear = "$argon2id$v=19$m=19456,t=2,p=1$"
    assert passwords.hash_password(PASSWORD).startswith(dear)
    assert passwords._nobodys().startswith(dear)
    with pytest.raises(CredentialsInvalid):
        passwords.require_password(None, PASSWORD)


@pytest.mark.parametrize("email", ["maria@example.com", "nobody@example.com"])
def test_unknown_account_is_hashed_for_too(browser: Browser, maria: Person, email: str) -> None:
    """Whoever is not hashed for is answered sooner, and so betrayed."""
    taken = [passwords._admitted.acquire(blocking=False) for _ in range(passwords.RUNNING + passwords.WAITING)]
    try:
        answer = browser.sign_in(email, WRONG)
    finally:
        for _ in taken:
            passwords._admitted.release()

    assert (answer.status_code, answer.get_json()["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert answer.headers["Retry-After"] == "2"


@pytest.mark.usefixtures("passwords_hashed_dearly")
def test_old_parameters_are_renewed_at_sign_in() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)

    renewed = passwords.require_password(old, PASSWORD)
    assert renewed is not None
    assert passwords.require_password(renewed, PASSWORD) is None
