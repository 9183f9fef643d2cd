"""The team: who may change whom, and that it works at once and leaves an owner."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime, create_app
from callwaiting.features.accounts import members, people, sign_in
from callwaiting.features.accounts import service as accounts
from callwaiting.features.accounts.errors import LastOwner, RankTooLow
from tests.api_client import ApiClient, actions
from tests.factories.merchants import create_merchant
from tests.factories.people import DESK, create_person, join, signed_in
from tests.factories.stored_events import rows
from tests.features.accounts.conftest import Mailbox, deliver

WAITING = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
ROLES = ("viewer", "agent", "admin", "owner")


@pytest.fixture
def owner(app: Flask, merchant: MerchantScope) -> ApiClient:
    return ApiClient(app, merchant)


def member_of(client: ApiClient, user_id: UUID | None = None) -> dict[str, object]:
    """The client's own membership, or that of a person, as the API shows it."""
    wanted = str(user_id or client.get("/auth/me")["id"])
    found: dict[str, object] = next(row for row in client.get("/members")["items"] if row["user_id"] == wanted)
    return found


def test_team_is_listed_in_pages(owner: ApiClient, app: Flask, merchant: MerchantScope) -> None:
    person = create_person(app.extensions["database"], email="maria@example.com", name="Maria Rossi")
    join(app.extensions["database"], person, merchant, "agent")
    viewer = ApiClient(app, merchant, "viewer")

    pages = viewer.pages("/members", limit=2)

    assert [[row["role"] for row in page] for page in pages] == [["owner", "agent"], ["viewer"]]
    shown = pages[0][1]
    assert (shown["name"], shown["email"], shown["status"]) == ("Maria Rossi", "maria@example.com", "active")
    assert viewer.get(f"/members/{shown['id']}") == shown


def test_changed_role_works_on_the_next_request_in_every_process(
    owner: ApiClient, app: Flask, settings: Settings, merchant: MerchantScope, worker: Runtime, admin_url: str
) -> None:
    database = app.extensions["database"]
    person = create_person(database)
    join(database, person, merchant, "agent")
    opened = signed_in(database, person)
    headers = {"Authorization": f"Bearer {opened.access_token}"}
    second = create_app(settings)
    clients = (app.test_client(), second.test_client())
    try:
        assert [client.get("/api/v1/callers", headers=headers).status_code for client in clients] == [200, 200]
        shown = member_of(owner, person.id)
        path, version = f"/members/{shown['id']}", shown["version"]
        assert isinstance(version, int)
        assert owner.send("PUT", path, {"role": "viewer"}, version=version + 1).status_code == 412
        assert owner.send("PUT", path, {"role": "viewer"}).status_code == 428
        changed = owner.send("PUT", path, {"role": "viewer"}, version=version)

        assert (changed.status_code, changed.get_json()["role"]) == (200, "viewer")
        for client in clients:
            answer = client.get("/api/v1/callers", headers=headers)
            assert (answer.status_code, answer.get_json()["code"]) == (401, "AUTH_TOKEN_REVOKED")
        assert sign_in.refresh(database, DESK, opened.refresh_token).role == "viewer"
        mails = deliver(worker, Mailbox())
        assert [mail.recipient for mail in mails] == [person.email]
        assert "now: viewer" in mails[0].text
        assert actions(admin_url)[-1] == "member.role_changed"
    finally:
        second.extensions["webhooks"].close()
        second.extensions["database"].dispose()


def test_who_was_removed_is_out_and_old_tokens_stay_out_after_a_return(
    owner: ApiClient, app: Flask, merchant: MerchantScope, worker: Runtime
) -> None:
    database = app.extensions["database"]
    person = create_person(database)
    join(database, person, merchant, "admin")
    opened = signed_in(database, person)
    headers = {"Authorization": f"Bearer {opened.access_token}"}

    assert owner.send("DELETE", f"/members/{member_of(owner, person.id)['id']}").status_code == 204

    assert app.test_client().get("/api/v1/orders", headers=headers).get_json()["code"] == "AUTH_TOKEN_REVOKED"
    outside = sign_in.refresh(database, DESK, opened.refresh_token)
    assert (outside.role, outside.merchant_id) == ("person", None)
    assert [mail.subject for mail in deliver(worker, Mailbox())] == ["You are no longer in the team of Luigi's Pizza"]
    join(database, person, merchant, "viewer")
    assert app.test_client().get("/api/v1/orders", headers=headers).get_json()["code"] == "AUTH_TOKEN_REVOKED"


def test_person_of_two_teams_switches_and_stays_switched(app: Flask, merchant: MerchantScope, worker: Runtime) -> None:
    database, other = app.extensions["database"], create_merchant(worker, "Mario's")
    person = create_person(database)
    join(database, person, merchant, "viewer")
    join(database, person, other, "owner")
    opened = signed_in(database, person)
    client = app.test_client()

    def send(token: str, path: str, body: object = None) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {token}"}
        sent = client.post(path, json=body, headers=headers) if body else client.get(path, headers=headers)
        found: dict[str, object] = sent.get_json()
        return found

    switched = send(opened.access_token, "/api/v1/auth/switch", {"merchant_id": str(other.merchant_id)})

    assert (switched["merchant_id"], switched["role"]) == (str(other.merchant_id), "owner")
    assert send(str(switched["access_token"]), "/api/v1/merchant")["name"] == "Mario's"
    assert send(opened.access_token, "/api/v1/merchant")["name"] == "Luigi's Pizza"  # each token names one team
    assert sign_in.refresh(database, DESK, opened.refresh_token).merchant_id == other.merchant_id
    elsewhere = create_merchant(worker, "Toad's")
    refused = send(opened.access_token, "/api/v1/auth/switch", {"merchant_id": str(elsewhere.merchant_id)})
    assert refused["code"] == "NOT_FOUND"


@pytest.mark.parametrize("own", [*ROLES, "machine", "system"])
def test_nobody_gives_or_takes_a_role_above_ones_own(own: str, merchant: MerchantScope) -> None:
    allowed = []
    for role in ROLES:
        with Session(info={"scope": MerchantScope(merchant.merchant_id, role=own)}) as session:
            try:
                members.require_rank(session, role)
                allowed.append(role)
            except RankTooLow:
                pass

    assert tuple(allowed) == (ROLES[: ROLES.index(own) + 1] if own in ROLES else ())


def test_admin_cannot_touch_an_owner_nor_become_one(owner: ApiClient, app: Flask, merchant: MerchantScope) -> None:
    admin = ApiClient(app, merchant, "admin")
    above, own = member_of(owner), member_of(admin)

    for target, wanted in ((above, "viewer"), (own, "owner")):
        version = target["version"]
        assert isinstance(version, int)
        answer = admin.send("PUT", f"/members/{target['id']}", {"role": wanted}, version=version)
        assert (answer.status_code, answer.get_json()["code"]) == (403, "FORBIDDEN")
    assert admin.send("DELETE", f"/members/{above['id']}").status_code == 403
    assert admin.send("DELETE", f"/members/{own['id']}").status_code == 204  # to leave is allowed


def test_last_owner_who_can_sign_in_stays(
    owner: ApiClient, app: Flask, merchant: MerchantScope, worker: Runtime
) -> None:
    last = member_of(owner)
    path, version = f"/members/{last['id']}", last["version"]
    assert isinstance(version, int)

    def attempts() -> list[int]:
        degraded = owner.send("PUT", path, {"role": "admin"}, version=version)
        return [degraded.status_code, owner.send("DELETE", path).status_code]

    assert attempts() == [409, 409]
    second = create_person(app.extensions["database"])
    join(app.extensions["database"], second, merchant, "owner")
    accounts.disable_user(worker.database, second.id)
    assert attempts() == [409, 409]  # one who cannot sign in is no help
    third = create_person(app.extensions["database"])
    join(app.extensions["database"], third, merchant, "owner")
    assert owner.send("DELETE", path).status_code == 204


Leave = Callable[[Session, members.Member], None]


def degrade(session: Session, member: members.Member) -> None:
    members.change_role(session, member.id, member.version, "agent")


def leave(session: Session, member: members.Member) -> None:
    members.remove(session, member.id)


@pytest.mark.parametrize(("first", "then"), [(degrade, degrade), (leave, leave), (degrade, leave), (leave, degrade)])
def test_two_owners_at_once_do_not_leave_the_team_without_one(
    app: Flask, merchant: MerchantScope, admin_url: str, first: Leave, then: Leave
) -> None:
    """The second waits for what the first does, and then sees that it is the last."""
    database = app.extensions["database"]
    owners = [create_person(database), create_person(database)]
    for person in owners:
        join(database, person, merchant)
    scope = MerchantScope(merchant.merchant_id, role="owner")
    with database.unit_of_work(scope) as session:
        luigi, mario = members.oldest(session, after=None, limit=2)
    outcomes: list[BaseException | None] = []

    def second() -> None:
        try:
            with database.unit_of_work(scope) as session:
                then(session, mario)
            outcomes.append(None)
        except LastOwner as error:
            outcomes.append(error)

    thread = threading.Thread(target=second)
    with database.unit_of_work(scope) as session:
        first(session, luigi)
        thread.start()
        until = time.monotonic() + 2.5
        while not rows(admin_url, WAITING):
            assert time.monotonic() < until, "the second does not wait"
    thread.join()

    assert [type(outcome) for outcome in outcomes] == [LastOwner]
    with database.unit_of_work(SystemScope("look", user_id=owners[1].id)) as session:
        assert [team.role for team in people.merchants(session)] == ["owner"]
