"""From an event to the merchant's own server: signed, tried again, logged, switched off; and never to our network."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import orjson
import pytest
from sqlalchemy import func, update

from callwaiting.core import clock
from callwaiting.core.money import Money
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.outbox import drain
from callwaiting.features.outbox.models import Effect
from callwaiting.features.outgoing.delivery import PATIENCE, PAUSES
from callwaiting.providers.outside import AddressRefused, Sender, require_public
from tasks.effects import PERFORMERS
from tests.api_client import ApiClient
from tests.factories.payments import make_accounts, make_payable, make_payment
from tests.providers.api_server import Answer, ApiServer, Received, api_server


@pytest.fixture
def shop() -> Iterator[ApiServer]:
    with api_server() as server:
        yield server


@pytest.fixture
def settings_local(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain http to this machine is what the tests can listen on."""


def subscribe(owner: ApiClient, shop: ApiServer, *events: str) -> tuple[str, str]:
    made = owner.post("/outgoing-webhooks", {"url": f"{shop.url}/hooks?a=1", "events": list(events)})
    return made["id"], made["secret"]


def pay(worker: Runtime, scope: MerchantScope) -> UUID:
    make_accounts(worker, scope)
    payable = make_payable(worker, scope)
    make_payment(worker, payable)
    return payable.order_id


def work(worker: Runtime, scope: MerchantScope) -> None:
    """Every planned delivery at once, whenever it was due; the rest of the outbox has no provider here."""
    with worker.database.unit_of_work(scope) as session:
        session.execute(update(Effect).where(Effect.kind != "webhook.deliver").values(state="done"))
        session.execute(update(Effect).where(Effect.state == "planned").values(next_at=func.now()))
    drain.drain(worker.database, worker.providers, PERFORMERS)


def test_a_deposit_is_told_and_then_the_whole(
    owner: ApiClient, worker: Runtime, merchant: MerchantScope, shop: ApiServer
) -> None:
    subscribe(owner, shop, "order.paid", "order.deposit_paid")
    terms = {"deposit_basis_points": 5000, "deposit_amount": None, "deposit_above": None}
    assert owner.send("PUT", "/order-rules", terms, version=1).status_code == 200
    shop.answers += [Answer(status=204), Answer(status=204)]
    make_accounts(worker, merchant)
    payable = make_payable(worker, merchant)
    half = Money(payable.total.minor // 2, "USD")
    make_payment(worker, payable, amount=half)
    owner.send("POST", f"/orders/{payable.order_id}/paid-on-the-spot", version=2)
    work(worker, merchant)

    first, last = sorted((orjson.loads(request.body) for request in shop.received), key=lambda told: str(told["type"]))
    assert (first["type"], last["type"]) == ("order.deposit_paid", "order.paid")
    assert [first["data"][name]["amount"] for name in ("amount", "rest", "total")] == [1353, 1353, 2706]
    assert [last["data"][name]["amount"] for name in ("amount", "total")] == [1353, 2706]
    assert (first["data"]["payment_id"] is None, last["data"]["payment_id"]) == (False, None)


def log_of(owner: ApiClient, endpoint_id: str) -> list[dict[str, object]]:
    return list(owner.get(f"/outgoing-webhooks/{endpoint_id}/deliveries")["items"])


def signature(secret: str, request: Received) -> str:
    signed = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode() + request.body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def test_a_paid_order_is_told_once_and_signed(
    owner: ApiClient, worker: Runtime, merchant: MerchantScope, shop: ApiServer
) -> None:
    endpoint_id, secret = subscribe(owner, shop, "order.paid")
    subscribe(owner, shop, "booking.confirmed")
    shop.answers.append(Answer(status=204))

    order_id = pay(worker, merchant)
    work(worker, merchant)

    (request,) = shop.received
    assert (request.method, request.path) == ("POST", "/hooks?a=1")
    assert request.headers["webhook-signature"] == signature(secret, request)
    told = orjson.loads(request.body)
    assert (told["type"], told["data"]["order_id"]) == ("order.paid", str(order_id))
    (line,) = told["data"]["lines"]
    assert (line["options"], line["removed"]) == ([], [])
    assert line["net"]["amount"] + line["tax"]["amount"] == told["data"]["total"]["amount"]
    (logged,) = log_of(owner, endpoint_id)
    assert (logged["id"], logged["state"], logged["last_status"]) == (request.headers["webhook-id"], "delivered", 204)


def test_after_a_rotation_both_secrets_sign_until_the_older_ends(
    owner: ApiClient, worker: Runtime, merchant: MerchantScope, shop: ApiServer
) -> None:
    endpoint_id, old = subscribe(owner, shop, "order.paid")
    new = owner.send("POST", f"/outgoing-webhooks/{endpoint_id}/rotate", {"overlap_hours": 1}).get_json()["secret"]
    shop.answers += [Answer(), Answer()]
    pay(worker, merchant)
    work(worker, merchant)
    (first,) = shop.received
    assert first.headers["webhook-signature"] == f"{signature(new, first)} {signature(old, first)}"

    (logged,) = log_of(owner, endpoint_id)
    again = owner.send("POST", f"/outgoing-deliveries/{logged['id']}/redeliver")
    assert again.status_code == 200
    with clock.frozen(clock.now() + timedelta(hours=1, seconds=1)):
        work(worker, merchant)
    assert shop.received[1].headers["webhook-id"] == first.headers["webhook-id"]
    assert shop.received[1].headers["webhook-signature"] == signature(new, shop.received[1])


def test_it_is_tried_again_and_given_up_and_sent_on_request(
    owner: ApiClient, worker: Runtime, merchant: MerchantScope, shop: ApiServer
) -> None:
    endpoint_id, _ = subscribe(owner, shop, "order.paid")
    shop.answer = lambda _: Answer(status=500)
    pay(worker, merchant)
    for number in range(1, len(PAUSES) + 2):
        work(worker, merchant)
        (logged,) = log_of(owner, endpoint_id)
        assert (len(shop.received), logged["attempts"], logged["last_status"]) == (number, number, 500)
    assert (logged["state"], logged["next_at"]) == ("failed", None)
    assert len({request.headers["webhook-id"] for request in shop.received}) == 1

    shop.answer = lambda _: Answer(status=200)
    assert owner.send("POST", f"/outgoing-deliveries/{logged['id']}/redeliver").get_json()["state"] == "waiting"
    assert owner.send("POST", f"/outgoing-deliveries/{logged['id']}/redeliver").status_code == 409
    work(worker, merchant)
    assert log_of(owner, endpoint_id)[0]["state"] == "delivered"


@pytest.mark.parametrize(("status", "later"), [(410, timedelta()), (500, PATIENCE + timedelta(minutes=1))])
def test_a_dead_endpoint_is_switched_off_and_hears_no_more(
    owner: ApiClient, worker: Runtime, merchant: MerchantScope, shop: ApiServer, status: int, later: timedelta
) -> None:
    endpoint_id, _ = subscribe(owner, shop, "order.paid")
    shop.answer = lambda _: Answer(status=status)
    pay(worker, merchant)
    work(worker, merchant)
    if later:
        assert owner.get(f"/outgoing-webhooks/{endpoint_id}")["state"] == "active"
        with clock.frozen(clock.now() + later):
            work(worker, merchant)
    found = owner.get(f"/outgoing-webhooks/{endpoint_id}")
    assert found["state"] == "disabled"
    assert [alert["rule"] for alert in owner.get("/alerts")["items"]] == ["outgoing.endpoint_disabled"]
    sent = len(shop.received)
    with worker.database.unit_of_work(merchant) as session:
        session.execute(update(Effect).values(state="done"))
    work(worker, merchant)
    assert len(shop.received) == sent


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "2002:a00:1::1", "192.0.2.1", "2001:db8::1",
    ],
)  # fmt: skip
def test_no_address_but_a_public_one(address: str) -> None:
    with pytest.raises(AddressRefused):
        require_public(address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "::ffff:93.184.215.14"])
def test_a_public_address(address: str) -> None:
    require_public(address)


@pytest.mark.parametrize(
    "url", ["http://a.example", "https://u@a.example", "https://", "ftp://a.example", "https://a.example/#x",
            "https://a.example:99999", "https://a b.example", "https://[::1", "https://a.example:0", "https://10.0.0.1/x",
            "https://169.254.169.254/latest", "https://[fd00::1]/"],
)  # fmt: skip
def test_addresses_that_are_refused_at_once(url: str) -> None:
    with pytest.raises(AddressRefused):
        Sender().require_url(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1"])
def test_what_leads_to_us_is_not_even_connected_to(host: str, shop: ApiServer) -> None:
    port = shop.url.rpartition(":")[2]
    with pytest.raises(AddressRefused):
        Sender().post(f"https://{host}:{port}/", {}, b"{}")
    assert shop.received == []
