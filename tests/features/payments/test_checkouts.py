"""From the link to the provider's page: one checkout, whatever breaks on the way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import parse_qs

import orjson
import pytest
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.factory import Runtime
from callwaiting.features.orders.models import Order
from callwaiting.features.outbox.models import Effect
from callwaiting.features.payments import starting
from callwaiting.features.payments.checkouts import reference_of
from callwaiting.features.payments.errors import (
    CheckoutUnavailable,
    LinkExpired,
    LinkUnknown,
    NotPayable,
    PaymentUnderway,
    ProviderNotOffered,
)
from callwaiting.features.payments.models import Checkout, PaymentLink
from callwaiting.features.payments.starting import start_checkout
from callwaiting.providers.registry import Providers
from tests.factories.merchants import create_merchant
from tests.factories.payments import Payable, make_accounts, make_payable
from tests.features.payments.conftest import PaymentApi
from tests.providers.api_server import Answer, Received, json_answer


def checkouts(worker: Runtime, payable: Payable) -> list[Checkout]:
    with worker.database.unit_of_work(payable.scope) as session:
        return list(session.scalars(select(Checkout).order_by(Checkout.provider, Checkout.attempt)))


def states(worker: Runtime, payable: Payable) -> list[tuple[int, str]]:
    return [(checkout.attempt, checkout.state) for checkout in checkouts(worker, payable)]


@contextmanager
def later(**passed: float) -> Iterator[None]:
    with clock.frozen(clock.now() + timedelta(**passed)):
        yield


def test_stripe_is_asked_for_exactly_the_order(
    web: Runtime, worker: Runtime, payable: Payable, providers: Providers, api: PaymentApi
) -> None:
    url = start_checkout(web.database, providers, payable.token, "stripe")
    assert url == "https://checkout.stripe.com/c/pay/cs_test_1"
    (request,) = api.requests()
    form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
    (checkout,) = checkouts(worker, payable)
    assert form["line_items[0][price_data][unit_amount]"] == str(payable.total.minor)
    assert form["line_items[0][price_data][currency]"] == "usd"
    assert form["client_reference_id"] == reference_of(checkout.id)
    assert form["cancel_url"] == f"http://callwaiting.test/p/{payable.token}"
    assert form["success_url"].startswith(f"http://callwaiting.test/p/{payable.token}?back=1&")
    assert api.sent_keys() == [f"order:{payable.order_id}:v1:stripe:1"]
    assert (checkout.state, checkout.provider_id, checkout.mode, checkout.account) == ("open", "cs_test_1", "test", "")
    assert b"checkout.stripe.com" not in (checkout.url_sealed or b"")


def test_paypal_is_asked_for_exactly_the_order(
    web: Runtime, worker: Runtime, payable: Payable, providers: Providers, api: PaymentApi
) -> None:
    assert start_checkout(web.database, providers, payable.token, "paypal").endswith("token=PP1")
    (unit,) = orjson.loads(api.requests()[0].body)["purchase_units"]
    assert unit["amount"] == {"currency_code": "USD", "value": payable.total.decimal()}
    (checkout,) = checkouts(worker, payable)
    assert (unit["custom_id"], checkout.provider_id) == (reference_of(checkout.id), "PP1")


def test_a_connected_account_is_named(web: Runtime, worker: Runtime, providers: Providers, api: PaymentApi) -> None:
    scope = create_merchant(worker, "Rosa's Hair")
    make_accounts(worker, scope, stripe="acct_rosa")
    payable = make_payable(worker, scope)
    start_checkout(web.database, providers, payable.token, "stripe")
    assert api.requests()[0].headers["stripe-account"] == "acct_rosa"
    assert checkouts(worker, payable)[0].account == "acct_rosa"


def test_an_open_checkout_is_used_again(
    web: Runtime, worker: Runtime, payable: Payable, providers: Providers, api: PaymentApi
) -> None:
    urls = {start_checkout(web.database, providers, payable.token, "stripe") for _ in range(3)}
    assert len(urls) == len(api.requests()) == 1
    assert states(worker, payable) == [(1, "open")]


def test_a_checkout_that_runs_out_is_followed_by_a_new_attempt(
    web: Runtime, worker: Runtime, payable: Payable, providers: Providers, api: PaymentApi
) -> None:
    first = start_checkout(web.database, providers, payable.token, "stripe")
    with later(hours=23):
        assert start_checkout(web.database, providers, payable.token, "stripe") != first
    assert [key.rpartition(":")[2] for key in api.sent_keys()] == ["1", "2"]


def test_both_providers_may_be_tried(web: Runtime, worker: Runtime, payable: Payable, providers: Providers) -> None:
    start_checkout(web.database, providers, payable.token, "stripe")
    start_checkout(web.database, providers, payable.token, "paypal")
    assert states(worker, payable) == [(1, "open"), (1, "open")]


def test_a_cut_connection_is_tried_again_with_the_same_key(
    web: Runtime, worker: Runtime, payable: Payable, providers: Providers, api: PaymentApi
) -> None:
    api.faults = [Answer(drop=True), Answer(drop=True)]
    start_checkout(web.database, providers, payable.token, "stripe")
    assert api.sent_keys() == [f"order:{payable.order_id}:v1:stripe:1"] * 3
    assert len(api.made) == 1
    assert states(worker, payable) == [(1, "open")]


def test_a_provider_that_stays_away_leaves_a_claim_that_the_next_try_uses(
    web: Runtime, worker: Runtime, payable: Payable, providers: Providers, api: PaymentApi
) -> None:
    api.faults = [json_answer({"error": {"message": "away"}}, 503)] * 3
    with pytest.raises(CheckoutUnavailable):
        start_checkout(web.database, providers, payable.token, "stripe")
    assert states(worker, payable) == [(1, "claimed")]
    start_checkout(web.database, providers, payable.token, "stripe")
    assert set(api.sent_keys()) == {f"order:{payable.order_id}:v1:stripe:1"}
    assert len({request.body for request in api.requests()}) == 1  # Stripe refuses a key with other parameters
    assert states(worker, payable) == [(1, "open")]


def test_a_crash_between_call_and_record_gives_the_same_checkout(
    web: Runtime, worker: Runtime, payable: Payable, providers: Providers, api: PaymentApi
) -> None:
    first = start_checkout(web.database, providers, payable.token, "stripe")
    with worker.database.unit_of_work(payable.scope) as session:  # what a crash before the record leaves behind
        (expiry,) = session.scalars(select(Checkout.expires_at))
        session.execute(update(Checkout).values(state="claimed", provider_id=None, url_sealed=None, expires_at=expiry))
    assert start_checkout(web.database, providers, payable.token, "stripe") == first
    assert len(api.made) == 1
    assert api.requests()[0].body == api.requests()[1].body
    assert states(worker, payable) == [(1, "open")]


def test_a_provider_that_hangs_does_not_hold_the_payer_and_makes_one_checkout(
    web: Runtime,
    worker: Runtime,
    payable: Payable,
    providers: Providers,
    api: PaymentApi,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go_on = threading.Event()

    def hang(request: Received) -> Answer:
        answer = api.reply(request)
        go_on.wait(5)
        return answer

    monkeypatch.setattr(starting, "PATIENCE_S", 0.4)
    api.server.answer = hang
    with pytest.raises(CheckoutUnavailable):
        start_checkout(web.database, providers, payable.token, "stripe")
    assert len(api.made) == 1
    assert not go_on.is_set()
    go_on.set()
    api.server.answer = api.reply
    monkeypatch.undo()
    assert start_checkout(web.database, providers, payable.token, "stripe").endswith("cs_test_1")
    assert len(set(api.sent_keys())) == 1
    assert states(worker, payable) == [(1, "open")]


def test_an_old_claim_is_given_up(
    web: Runtime, worker: Runtime, payable: Payable, providers: Providers, api: PaymentApi
) -> None:
    api.faults = [json_answer({"error": {"message": "away"}}, 503)] * 3
    with pytest.raises(CheckoutUnavailable):
        start_checkout(web.database, providers, payable.token, "stripe")
    with later(hours=23):
        start_checkout(web.database, providers, payable.token, "stripe")
    assert states(worker, payable) == [(1, "failed"), (2, "open")]


def test_a_refusal_fails_the_attempt_and_the_next_is_new(
    web: Runtime, worker: Runtime, payable: Payable, providers: Providers, api: PaymentApi
) -> None:
    api.faults = [json_answer({"error": {"message": "no", "code": "account_invalid"}}, 400)]
    with pytest.raises(CheckoutUnavailable):
        start_checkout(web.database, providers, payable.token, "stripe")
    start_checkout(web.database, providers, payable.token, "stripe")
    assert states(worker, payable) == [(1, "failed"), (2, "open")]


def test_impatient_payers_get_one_checkout(
    web: Runtime, worker: Runtime, payable: Payable, providers: Providers, api: PaymentApi
) -> None:
    urls: list[str] = []
    gate = threading.Barrier(6)

    def press() -> None:
        gate.wait()
        urls.append(start_checkout(web.database, providers, payable.token, "stripe"))

    threads = [threading.Thread(target=press) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(urls) == 6
    assert len(set(urls)) == len(set(api.sent_keys())) == 1
    assert states(worker, payable) == [(1, "open")]


@pytest.mark.parametrize("state", ["paid", "expired", "cancelled", "refunded"])
def test_an_order_that_owes_nothing_has_no_checkout(
    web: Runtime, worker: Runtime, payable: Payable, providers: Providers, api: PaymentApi, state: str
) -> None:
    with worker.database.unit_of_work(payable.scope) as session:
        session.execute(update(Order).values(state=state))
    with pytest.raises(NotPayable):
        start_checkout(web.database, providers, payable.token, "stripe")
    assert api.requests() == []


@pytest.mark.parametrize("table", [Order, PaymentLink], ids=["cancelled", "another link"])
def test_a_page_whose_order_is_closed_during_the_call_is_closed_too(
    web: Runtime,
    worker: Runtime,
    payable: Payable,
    providers: Providers,
    api: PaymentApi,
    table: type[Order | PaymentLink],
) -> None:
    def reply(request: Received) -> Answer:
        with worker.database.unit_of_work(payable.scope) as session:
            change = {"state": "cancelled"} if table is Order else {"revoked_at": clock.now()}
            session.execute(update(table).values(**change))
        return api.reply(request)

    api.server.answer = reply
    with pytest.raises(NotPayable):
        start_checkout(web.database, providers, payable.token, "stripe")
    (checkout,) = checkouts(worker, payable)
    with worker.database.unit_of_work(payable.scope) as session:
        planned = session.scalars(select(Effect.subject_id).where(Effect.kind == "stripe.expire")).all()
    assert (checkout.state, checkout.provider_id, planned) == ("open", "cs_test_1", [checkout.id])


def test_while_paypal_takes_the_money_no_second_way_is_offered(
    web: Runtime, worker: Runtime, payable: Payable, providers: Providers
) -> None:
    start_checkout(web.database, providers, payable.token, "paypal")
    with worker.database.unit_of_work(payable.scope) as session:
        session.execute(update(Checkout).values(state="approved"))
    with pytest.raises(PaymentUnderway):
        start_checkout(web.database, providers, payable.token, "stripe")


def test_links_that_lead_nowhere(web: Runtime, worker: Runtime, payable: Payable, providers: Providers) -> None:
    with pytest.raises(LinkUnknown):
        start_checkout(web.database, providers, "A" * 22, "stripe")
    with pytest.raises(ProviderNotOffered):
        start_checkout(web.database, providers, payable.token, "cash")
    with later(hours=73), pytest.raises(LinkExpired):
        start_checkout(web.database, providers, payable.token, "stripe")
    with worker.database.unit_of_work(payable.scope) as session:
        session.execute(update(PaymentLink).values(revoked_at=clock.now()))
    with pytest.raises(LinkUnknown):
        start_checkout(web.database, providers, payable.token, "stripe")
