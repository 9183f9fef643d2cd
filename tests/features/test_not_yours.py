"""Another merchant's id answers byte for byte like an absent one."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from callwaiting.core.db import DatabaseRole
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.bookings import service as bookings
from callwaiting.features.calls import left_messages
from callwaiting.features.calls import repository as calls
from callwaiting.features.calls.models import Call
from callwaiting.features.calls.talk import on_the_phone
from callwaiting.features.webhooks import claims
from tests.api_client import ApiClient
from tests.factories.bookings import create_resource
from tests.factories.payments import make_accounts, make_caller, make_payable, make_payment
from tests.factories.stored_events import store_event, store_source
from tests.factories.webhooks import make_source
from tests.features.alerts.test_api import raise_alert
from tests.features.bookings.test_api import RESOURCE
from tests.features.bookings.test_setup_api import haircut
from tests.features.catalogue.test_api import ITEM
from tests.features.reception.test_api import ANSWER

REQUEST_ID = "the-same-request"


def item(owner: ApiClient, worker: Runtime) -> UUID:
    return UUID(owner.post("/catalogue/items", ITEM)["id"])


def number(owner: ApiClient, worker: Runtime) -> UUID:
    return UUID(owner.post("/phone-numbers", {"number": "+12125550107"})["id"])


def caller(owner: ApiClient, worker: Runtime) -> UUID:
    return make_caller(worker, owner.scope)


def message(owner: ApiClient, worker: Runtime) -> UUID:
    body = {"caller_id": str(caller(owner, worker)), "phone_number_id": str(number(owner, worker)), "body": "Hello"}
    return UUID(owner.post("/messages", body)["id"])


def thread(owner: ApiClient, worker: Runtime) -> UUID:
    return UUID(owner.get(f"/messages/{message(owner, worker)}")["caller_id"])


def call(owner: ApiClient, worker: Runtime) -> UUID:
    with worker.database.unit_of_work(owner.scope) as session:
        calls.insert_if_new(session, "CA" + "1" * 32, phone_number_id=new_id(), caller_id=None)
    return UUID(owner.get("/calls")["items"][0]["id"])


def order(owner: ApiClient, worker: Runtime) -> UUID:
    return make_payable(worker, owner.scope).order_id


def resource(owner: ApiClient, worker: Runtime) -> UUID:
    return create_resource(worker, owner.scope)


def booking(owner: ApiClient, worker: Runtime) -> UUID:
    resource_id = create_resource(worker, owner.scope)
    with worker.database.unit_of_work(owner.scope) as session:
        (slot,) = bookings.free_slots(session, limit=1)
        assert slot.resource_id == resource_id
        return bookings.hold_slot(session, slot, call_id=None, caller_id=None)


def left_message(owner: ApiClient, worker: Runtime) -> UUID:
    call(owner, worker)
    with worker.database.unit_of_work(owner.scope) as session:
        return left_messages.draft(session, on_the_phone(session.scalars(select(Call)).one()), "Call me back")


def answer(owner: ApiClient, worker: Runtime) -> UUID:
    return UUID(owner.post("/reception/answers", ANSWER)["id"])


def service(owner: ApiClient, worker: Runtime) -> UUID:
    return UUID(owner.post("/booking-services", haircut(create_resource(worker, owner.scope)))["id"])


def special_day(owner: ApiClient, worker: Runtime) -> UUID:
    return UUID(owner.post("/booking-special-days", {"day": "2099-05-04", "periods": []})["id"])


def alert(owner: ApiClient, worker: Runtime) -> UUID:
    raise_alert(worker, owner.scope, "a")
    return UUID(owner.get("/alerts")["items"][0]["id"])


def payment(owner: ApiClient, worker: Runtime) -> UUID:
    make_accounts(worker, owner.scope)
    return make_payment(worker, make_payable(worker, owner.scope))


def refund(owner: ApiClient, worker: Runtime) -> UUID:
    return UUID(owner.post(f"/payments/{payment(owner, worker)}/refunds", {})["id"])


def event(owner: ApiClient, worker: Runtime) -> UUID:
    made = store_event(worker, store_source(worker, owner.scope))
    with worker.database.unit_of_work(SystemScope("a claim"), DatabaseRole.SERVICE) as session:
        claims.take(session)
    return made


def source(owner: ApiClient, worker: Runtime) -> str:
    return make_source(worker, scope=owner.scope).public_id


def member(owner: ApiClient, worker: Runtime) -> UUID:
    return UUID(owner.get("/members")["items"][0]["id"])


def invitation(owner: ApiClient, worker: Runtime) -> UUID:
    return UUID(owner.post("/invitations", {"email": "maria@example.com", "role": "agent"})["id"])


def api_key(owner: ApiClient, worker: Runtime) -> UUID:
    return UUID(owner.post("/api-keys", {"name": "Till", "scopes": ["orders.read"]})["id"])


@pytest.mark.parametrize(
    ("make", "method", "path", "body"),
    [
        (item, "GET", "/catalogue/items/{}", None),
        (item, "PUT", "/catalogue/items/{}", ITEM),
        (item, "DELETE", "/catalogue/items/{}", None),
        (number, "GET", "/phone-numbers/{}", None),
        (number, "PUT", "/phone-numbers/{}", {"label": "Mine now"}),
        (caller, "GET", "/callers/{}", None),
        (caller, "GET", "/callers/{}/consents", None),
        (caller, "POST", "/callers/{}/consents", {"state": "revoked", "evidence": "x"}),
        (message, "GET", "/messages/{}", None),
        (thread, "GET", "/threads/{}", None),
        (thread, "POST", "/threads/{}/replies", {"body": "x"}),
        (thread, "POST", "/threads/{}/read", {"up_to": "0198c0de-0000-7000-8000-000000000001"}),
        (thread, "POST", "/threads/{}/hand-over", {"to": "person"}),
        (call, "GET", "/calls/{}", None),
        (call, "GET", "/calls/{}/turns", None),
        (order, "GET", "/orders/{}", None),
        (order, "POST", "/orders/{}/cancel", None),
        (resource, "GET", "/booking-resources/{}", None),
        (resource, "PUT", "/booking-resources/{}", RESOURCE),
        (resource, "GET", "/booking-resources/{}/slots?day=2026-05-04", None),
        (resource, "GET", "/booking-resources/{}/hours", None),
        (resource, "PUT", "/booking-resources/{}/hours", {"periods": []}),
        (service, "GET", "/booking-services/{}", None),
        (service, "PUT", "/booking-services/{}", haircut(uuid4())),
        (special_day, "GET", "/booking-special-days/{}", None),
        (special_day, "DELETE", "/booking-special-days/{}", None),
        (booking, "GET", "/bookings/{}", None),
        (booking, "PATCH", "/bookings/{}", {"start": "2026-05-04T14:00:00Z"}),
        (booking, "POST", "/bookings/{}/cancel", None),
        (left_message, "GET", "/left-messages/{}", None),
        (left_message, "POST", "/left-messages/{}/settle", None),
        (answer, "GET", "/reception/answers/{}", None),
        (answer, "PUT", "/reception/answers/{}", ANSWER),
        (answer, "DELETE", "/reception/answers/{}", None),
        (booking, "POST", "/bookings/{}/complete", None),
        (booking, "POST", "/bookings/{}/no-show", None),
        (alert, "GET", "/alerts/{}", None),
        (alert, "POST", "/alerts/{}/acknowledge", None),
        (alert, "POST", "/alerts/{}/resolve", None),
        (member, "GET", "/members/{}", None),
        (member, "PUT", "/members/{}", {"role": "viewer"}),
        (member, "DELETE", "/members/{}", None),
        (invitation, "GET", "/invitations/{}", None),
        (invitation, "DELETE", "/invitations/{}", None),
        (api_key, "GET", "/api-keys/{}", None),
        (api_key, "DELETE", "/api-keys/{}", None),
        (payment, "GET", "/payments/{}", None),
        (payment, "POST", "/payments/{}/refunds", {}),
        (refund, "GET", "/refunds/{}", None),
        (refund, "POST", "/refunds/{}/retry", {}),
        (event, "GET", "/webhook-events/{}", None),
        (event, "GET", "/webhook-events/{}/body", None),
        (event, "POST", "/webhook-events/{}/dry-run", None),
        (event, "POST", "/webhook-events/{}/replay", {"reason": "x"}),
        (source, "GET", "/webhook-sources/{}", None),
        (source, "POST", "/webhook-sources/{}/rotate", {"secret": "whsec_of_a_stranger"}),
        (source, "POST", "/webhook-sources/{}/pause", None),
        (source, "POST", "/webhook-sources/{}/resume", None),
    ],
)
def test_another_merchants_id_is_like_an_absent_one(
    owner: ApiClient,
    stranger: ApiClient,
    worker: Runtime,
    make: Callable[[ApiClient, Runtime], UUID | str],
    method: str,
    path: str,
    body: dict[str, object] | None,
) -> None:
    theirs = make(owner, worker)
    if method == "GET":
        owner.get(path.format(theirs))
    version = None if method == "GET" else 1
    not_mine, absent = (
        stranger.send(method, path.format(sought), body, version=version, request_id=REQUEST_ID)
        for sought in (theirs, uuid4())
    )

    assert not_mine.status_code == absent.status_code == 404
    assert not_mine.data == absent.data
    assert [name for name, _ in not_mine.headers] == [name for name, _ in absent.headers]
