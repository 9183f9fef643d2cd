"""Invitations: what is mailed, who may accept, once and for 48 hours, and what nobody learns."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from callwaiting.core.errors import CallwaitingError
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.accounts import invitations_accept
from callwaiting.features.accounts import service as accounts
from callwaiting.features.accounts.errors import LinkSpent
from tests.api_client import ApiClient, actions
from tests.factories.merchants import create_merchant
from tests.factories.people import PASSWORD, create_person, join
from tests.factories.stored_events import rows
from tests.features.accounts.conftest import Mailbox, deliver, link_in
from tests.features.accounts.test_revocation import execute

EMAIL = "maria@example.com"
NEW = {"name": "Maria Rossi", "password": PASSWORD}


@pytest.fixture
def owner(app: Flask, merchant: MerchantScope) -> ApiClient:
    return ApiClient(app, merchant)


@pytest.fixture
def stranger(app: Flask, worker: Runtime) -> ApiClient:
    return ApiClient(app, create_merchant(worker, "Mario's"))


def post(app: Flask, path: str, body: object) -> TestResponse:
    return app.test_client().post(f"/api/v1/auth/{path}", json=body)


def invite(owner: ApiClient, worker: Runtime, email: str = EMAIL, role: str = "agent") -> str:
    """The token in the mail."""
    owner.post("/invitations", {"email": email, "role": role})
    return link_in(deliver(worker, Mailbox())[-1])


def teams(app: Flask, email: str, password: str) -> list[tuple[str, str]]:
    """Those of whoever signs in so."""
    answer = post(app, "sign-in", {"email": email, "password": password})
    assert answer.status_code == 200, answer.get_json()
    headers = {"Authorization": f"Bearer {answer.get_json()['access_token']}"}
    found = app.test_client().get("/api/v1/auth/me", headers=headers).get_json()["teams"]
    return [(team["name"], team["role"]) for team in found]


def test_somebody_new_joins(owner: ApiClient, app: Flask, worker: Runtime, admin_url: str) -> None:
    made = owner.post("/invitations", {"email": " Maria@Example.com ", "role": "agent"})
    (mail,) = deliver(worker, Mailbox())
    token = link_in(mail)

    assert (made["email"], made["state"]) == (EMAIL, "open")
    assert mail.recipient == EMAIL
    assert mail.subject == "Join Luigi's Pizza on Callwaiting"
    assert f"http://callwaiting.test/app/invitation#{token}" in mail.text
    offer = post(app, "invitation", {"token": token}).get_json()
    assert offer == {"business": "Luigi's Pizza", "role": "agent", "email": EMAIL, "new": True}
    missing = post(app, "invitation/accept", {"token": token})
    assert [field["field"] for field in missing.get_json()["fields"]] == ["name", "password"]
    weak = post(app, "invitation/accept", {"token": token, "name": "Maria", "password": "maria@example"})
    assert [field["field"] for field in weak.get_json()["fields"]] == ["password"]
    joined = post(app, "invitation/accept", {"token": token, **NEW})
    assert (joined.status_code, joined.get_json()["role"]) == (200, "agent")
    assert teams(app, EMAIL, PASSWORD) == [("Luigi's Pizza", "agent")]
    assert owner.get(f"/invitations/{made['id']}")["state"] == "accepted"
    assert actions(admin_url)[-5:] == [
        "invitation.sent", "user.created", "invitation.accepted", "member.added", "session.opened",
    ]  # fmt: skip


def test_somebody_with_an_account_joins_and_keeps_the_password(owner: ApiClient, app: Flask, worker: Runtime) -> None:
    create_person(app.extensions["database"], email=EMAIL, password=PASSWORD)
    token = invite(owner, worker, role="admin")

    assert post(app, "invitation", {"token": token}).get_json()["new"] is False
    foreign = {"token": token, "name": "Mallory", "password": "another good password"}
    assert post(app, "invitation/accept", foreign).status_code == 200
    assert teams(app, EMAIL, PASSWORD) == [("Luigi's Pizza", "admin")]


def test_whoever_signed_up_with_the_address_of_another_gets_nothing(
    owner: ApiClient, app: Flask, worker: Runtime
) -> None:
    """The account was never confirmed: the mailbox's owner takes it over, with a password of their own."""
    thief = "the password of a thief"
    create_person(app.extensions["database"], email=EMAIL, password=thief, verified=False, name="Mallory")
    token = invite(owner, worker)

    assert post(app, "invitation", {"token": token}).get_json()["new"] is True
    assert post(app, "invitation/accept", {"token": token}).status_code == 422
    assert post(app, "invitation/accept", {"token": token, **NEW}).status_code == 200
    assert post(app, "sign-in", {"email": EMAIL, "password": thief}).status_code == 401
    assert teams(app, EMAIL, PASSWORD) == [("Luigi's Pizza", "agent")]
    assert owner.get("/members")["items"][-1]["name"] == "Maria Rossi"


def test_closed_account_stays_closed(owner: ApiClient, app: Flask, worker: Runtime) -> None:
    person = create_person(app.extensions["database"], email=EMAIL)
    accounts.disable_user(worker.database, person.id)
    token = invite(owner, worker)

    assert post(app, "invitation/accept", {"token": token, **NEW}).status_code == 403
    assert len(owner.get("/members")["items"]) == 1


def test_who_invites_does_not_learn_whether_the_address_has_an_account(
    owner: ApiClient, app: Flask, worker: Runtime
) -> None:
    person = create_person(app.extensions["database"], email=EMAIL)
    known, unknown = (
        owner.send("POST", "/invitations", {"email": email, "role": "agent"}, request_id="the-same-request")
        for email in (EMAIL, "nobody@example.com")
    )
    mails = deliver(worker, Mailbox())

    assert known.status_code == unknown.status_code == 201
    assert [name for name, _ in known.headers] == [name for name, _ in unknown.headers]
    told = [answer.get_json() for answer in (known, unknown)]
    differing = {field for field in told[0] if told[0][field] != told[1][field]}
    assert differing <= {"id", "email", "created_at", "expires_at"}
    assert str(person.id) not in known.get_data(as_text=True)
    assert len({mail.text.replace(link_in(mail), "") for mail in mails}) == 1


ENDS: dict[str, Callable[[ApiClient, str], object]] = {
    "revoked": lambda owner, _: owner.send("DELETE", f"/invitations/{owner.get('/invitations')['items'][0]['id']}"),
    "another was sent": lambda owner, _: owner.post("/invitations", {"email": EMAIL, "role": "viewer"}),
    "accepted": lambda owner, token: post(owner.app, "invitation/accept", {"token": token}),
}


@pytest.mark.parametrize("end", ["garbage", "48 hours later", *ENDS])
def test_link_that_is_no_longer_good_says_only_that(
    owner: ApiClient, app: Flask, worker: Runtime, admin_url: str, end: str
) -> None:
    create_person(app.extensions["database"], email=EMAIL)
    token = invite(owner, worker)
    if end == "48 hours later":
        (row,) = rows(admin_url, "select expires_at - created_at as span from app.invitations")
        assert abs(row["span"].total_seconds() - 48 * 3600) < 60
        execute(admin_url, "update app.invitations set expires_at = now() - interval '1 second'")
    elif end in ENDS:
        assert post(app, "invitation", {"token": token}).status_code == 200
        ENDS[end](owner, token)
    else:
        token = "A" * 43
    before = len(owner.get("/members")["items"])

    for path in ("invitation", "invitation/accept"):
        answer = post(app, path, {"token": token})
        assert answer.status_code == 422
        assert answer.get_json()["fields"] == [
            {"field": "token", "message": "This link is no longer good. Please ask for a new one."}
        ]
    assert len(owner.get("/members")["items"]) == before


def test_an_invitation_ends_with_what_its_sender_may(
    owner: ApiClient, app: Flask, merchant: MerchantScope, worker: Runtime, admin_url: str
) -> None:
    """An admin who is put out leaves no door open: neither when removed, nor disabled, nor lower in rank."""
    create_person(app.extensions["database"], email=EMAIL)
    admin = ApiClient(app, merchant, "admin")
    token = invite(admin, worker, role="admin")
    (membership,) = rows(admin_url, "select id, user_id from app.memberships where role = 'admin'")
    lowered = "update app.memberships set role = '{}' where id = '{id}'"
    disabled = "update app.users set status = '{}' where id = '{user_id}'"
    for change, end, before in ((lowered, "agent", "admin"), (disabled, "disabled", "active")):
        execute(admin_url, change.format(end, **membership))
        assert post(app, "invitation", {"token": token}).status_code == 422
        assert post(app, "invitation/accept", {"token": token}).status_code == 422
        execute(admin_url, change.format(before, **membership))
    assert post(app, "invitation", {"token": token}).status_code == 200

    assert owner.send("DELETE", f"/members/{membership['id']}").status_code == 204
    assert post(app, "invitation/accept", {"token": token}).status_code == 422
    assert len(owner.get("/members")["items"]) == 1


def test_invitations_are_deleted_a_month_after_their_end(
    owner: ApiClient, stranger: ApiClient, worker: Runtime, admin_url: str
) -> None:
    for client in (owner, stranger):
        for number in range(3):
            client.post("/invitations", {"email": f"person{number}@example.com", "role": "agent"})
    execute(
        admin_url,
        "update app.invitations set expires_at = now() - interval '31 days' where id in"
        " (select distinct on (merchant_id) id from app.invitations order by merchant_id, id)",
    )

    accounts.forget_old_sign_ins(worker.database)

    for client in (owner, stranger):
        assert len(client.get("/invitations")["items"]) == 2


def test_only_one_of_several_at_once_gets_in(owner: ApiClient, app: Flask, worker: Runtime) -> None:
    create_person(app.extensions["database"], email=EMAIL)
    token, barrier = invite(owner, worker), threading.Barrier(4)
    outcomes: list[type[CallwaitingError] | None] = []

    def accept() -> None:
        barrier.wait()
        try:
            invitations_accept.accept(app.extensions["database"], token, name=None, password=None)
            outcomes.append(None)
        except CallwaitingError as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=accept) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert outcomes.count(None) == 1
    assert outcomes.count(LinkSpent) == 3


def test_who_may_invite_whom(owner: ApiClient, app: Flask, merchant: MerchantScope) -> None:
    admin, agent = ApiClient(app, merchant, "admin"), ApiClient(app, merchant, "agent")
    body = {"email": EMAIL, "role": "owner"}

    assert [client.send("POST", "/invitations", body).status_code for client in (agent, admin, owner)] == [
        403,
        403,
        201,
    ]
    (of_owner,) = owner.get("/invitations")["items"]
    assert admin.send("DELETE", f"/invitations/{of_owner['id']}").status_code == 403
    assert agent.send("GET", "/invitations").status_code == 403


def test_member_is_not_invited_again_and_an_accepted_one_is_not_revoked(
    owner: ApiClient, app: Flask, merchant: MerchantScope, worker: Runtime
) -> None:
    person = create_person(app.extensions["database"], email=EMAIL)
    token = invite(owner, worker)
    join(app.extensions["database"], person, merchant, "viewer")

    again = owner.send("POST", "/invitations", {"email": EMAIL, "role": "agent"})
    assert (again.status_code, again.get_json()["message"]) == (409, "This person is in your team already.")
    assert post(app, "invitation/accept", {"token": token}).status_code == 200
    assert owner.get("/members")["items"][-1]["role"] == "viewer"  # who is in a team keeps the role
    (accepted,) = owner.get("/invitations")["items"]
    assert owner.send("DELETE", f"/invitations/{accepted['id']}").status_code == 409


def test_nobody_is_flooded(owner: ApiClient) -> None:
    answers = [owner.send("POST", "/invitations", {"email": EMAIL, "role": "agent"}) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    states = [row["state"] for row in owner.get("/invitations")["items"]]
    assert states == ["open", "revoked", "revoked"]


def test_neither_token_nor_address_is_in_the_database(owner: ApiClient, worker: Runtime, admin_url: str) -> None:
    token = invite(owner, worker)
    kept = str(rows(admin_url, "select i::text as row from app.invitations i"))

    for secret in (token, EMAIL):
        assert secret not in kept
        assert secret.encode().hex() not in kept
