"""The page behind the link in the text: what people, previews, other sites and broken providers meet there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from random import randrange

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from callwaiting.core import clock
from callwaiting.core.money import Money
from callwaiting.core.settings import Settings
from callwaiting.factory import Runtime, create_app
from callwaiting.features.messages.models import Message
from callwaiting.features.orders.models import Order
from callwaiting.features.orders.payment_page import LOOKS
from callwaiting.features.outbox.models import Effect
from callwaiting.features.payments import capture
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.errors import PaymentParked
from callwaiting.features.payments.models import Checkout, Payment, PaymentLink
from callwaiting.features.payments.refunds import reference_of
from callwaiting.providers.ports import Refund
from callwaiting.providers.registry import Providers
from tests.factories.merchants import create_merchant
from tests.factories.payments import Payable, make_accounts, make_payable, settlement_for
from tests.features.payments.conftest import PaymentApi
from tests.providers.api_server import json_answer

ORIGIN = "http://callwaiting.test"


@pytest.fixture
def app(pointed: Settings, worker: Runtime) -> Iterator[Flask]:
    made = create_app(pointed, {"TESTING": False})
    yield made
    made.extensions["webhooks"].close()
    made.extensions["database"].dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """From an address of its own, whose bucket no other test empties."""
    made = app.test_client()
    made.environ_base["REMOTE_ADDR"] = f"198.18.{randrange(256)}.{randrange(256)}"
    return made


@pytest.fixture
def page(client: FlaskClient, payable: Payable) -> Page:
    return Page(client, payable)


class Page:
    """A payer's browser on the page of one link."""

    def __init__(self, client: FlaskClient, payable: Payable) -> None:
        self.client, self.payable, self.path = client, payable, f"/p/{payable.token}"

    def get(self, query: str = "") -> TestResponse:
        return self.client.get(self.path + query)

    def pay(self, provider: str = "stripe", origin: str | None = ORIGIN, referer: str | None = None) -> TestResponse:
        headers = {"Origin": origin, "Referer": referer}
        given = {name: value for name, value in headers.items() if value is not None}
        return self.client.post(self.path, data={"provider": provider}, headers=given)


def words(answer: TestResponse) -> str:
    assert answer.content_type == "text/html; charset=utf-8"
    return unescape(" ".join(re.sub(r"<[^>]*>", " ", answer.text).split()))


def checkouts(worker: Runtime, payable: Payable) -> int:
    with worker.database.unit_of_work(payable.scope) as session:
        return len(session.scalars(select(Checkout.id)).all())


def set_order(worker: Runtime, payable: Payable, **values: object) -> None:
    with worker.database.unit_of_work(payable.scope) as session:
        session.execute(update(Order).values(**values))


def test_it_shows_the_order_and_both_buttons(page: Page) -> None:
    answer = page.get()
    assert answer.status_code == 200
    shown = words(answer)
    for part in ("Luigi's Pizza", f"Order {page.payable.number}", "2 × Margherita", "$25.00", "Tax", "$2.06"):
        assert part in shown
    assert f"Total {page.payable.total}" in shown
    assert str(page.payable.total) == "$27.06"
    assert re.findall(r'name="provider" value="(\w+)"', answer.text) == ["stripe", "paypal"]


def test_only_the_merchants_providers_are_offered(client: FlaskClient, worker: Runtime) -> None:
    scope = create_merchant(worker, "Rosa's Hair", tax_inclusive=True)
    make_accounts(worker, scope, paypal=False)
    answer = Page(client, make_payable(worker, scope)).get()
    assert re.findall(r'name="provider" value="(\w+)"', answer.text) == ["stripe"]
    assert "Tax included: Sales tax 8.25 %" in words(answer)
    assert "Subtotal" not in words(answer)


def test_names_are_escaped(client: FlaskClient, worker: Runtime) -> None:
    scope = create_merchant(worker, "<script>alert(1)</script>")
    payable = make_payable(worker, scope, name='<img src=x onerror="1">')
    answer = Page(client, payable).get()
    assert "<script>" not in answer.text
    assert "<img" not in answer.text
    assert "takes no payments online" in words(answer)


def test_the_policy_allows_our_style_our_form_and_the_providers_pages(page: Page, api: PaymentApi) -> None:
    headers = page.get().headers
    assert headers["Content-Security-Policy"] == (
        f"default-src 'none'; style-src 'self'; form-action 'self' {api.server.url} {api.server.url};"
        " frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    ("paypal", "origin"),
    [
        ("https://api-m.paypal.com", "https://www.paypal.com"),
        ("https://api-m.sandbox.paypal.com", "https://www.sandbox.paypal.com"),
    ],
)
def test_the_policy_names_the_real_pages(
    settings: Settings, worker: Runtime, payable: Payable, paypal: str, origin: str
) -> None:
    real = settings.model_copy(update={"stripe_api_base": "https://api.stripe.com", "paypal_api_base": paypal})
    app = create_app(real, {"TESTING": False})
    policy = app.test_client().get(f"/p/{payable.token}").headers["Content-Security-Policy"]
    app.extensions["webhooks"].close()
    app.extensions["database"].dispose()
    assert f"form-action 'self' https://checkout.stripe.com {origin};" in policy


def test_nothing_in_the_page_is_a_script_or_from_elsewhere(page: Page) -> None:
    text = page.get().text
    assert "<script" not in text
    assert "style=" not in text
    assert set(re.findall(r'(?:src|href|action)="([^"]+)"', text)) == {
        page.path, re.findall(r'href="(/assets/page.css\?v=[0-9a-f]{12})"', text)[0],
    }  # fmt: skip


def test_the_stylesheet_is_ours_and_may_be_kept(page: Page, client: FlaskClient) -> None:
    (href,) = re.findall(r'href="([^"]+)"', page.get().text)
    answer = client.get(href)
    assert (answer.status_code, answer.content_type) == (200, "text/css; charset=utf-8")
    assert "immutable" in answer.headers["Cache-Control"]


def test_looking_changes_nothing(page: Page, worker: Runtime, api: PaymentApi) -> None:
    for _ in range(3):
        assert page.client.head(page.path).status_code == 200
        assert page.get("?back=1&token=PP1").status_code == 200
    assert checkouts(worker, page.payable) == 0
    assert api.requests() == []


def test_paying_leads_to_the_provider(page: Page, worker: Runtime) -> None:
    answer = page.pay()
    assert (answer.status_code, answer.location) == (303, "https://checkout.stripe.com/c/pay/cs_test_1")
    assert page.pay("paypal").location == "https://www.paypal.com/checkoutnow?token=PP2"
    assert checkouts(worker, page.payable) == 2


@pytest.mark.parametrize(
    ("origin", "referer", "status"),
    [
        (ORIGIN, None, 303),
        (None, f"{ORIGIN}/p/x", 303),
        ("https://evil.test", f"{ORIGIN}/p/x", 403),
        ("null", None, 403),
        (None, "https://evil.test/callwaiting.test", 403),
        (None, "http://[", 403),
        (None, None, 403),
        ("http://callwaiting.test.evil.test", None, 403),
        ("https://callwaiting.test", None, 403),
    ],
)
def test_only_our_own_form_may_pay(
    page: Page, worker: Runtime, origin: str | None, referer: str | None, status: int
) -> None:
    assert page.pay(origin=origin, referer=referer).status_code == status
    assert checkouts(worker, page.payable) == (1 if status == 303 else 0)


@pytest.mark.parametrize("token", ["A" * 22, "short", "A" * 23, "A" * 21 + "'", "x" * 4000, "ä" * 22])
def test_an_unknown_or_malformed_token_is_one_plain_404(client: FlaskClient, worker: Runtime, token: str) -> None:
    answers = [
        client.get(f"/p/{token}"),
        client.post(f"/p/{token}", data={"provider": "stripe"}, headers={"Origin": ORIGIN}),
    ]
    for answer in answers:
        assert answer.status_code == 404
        assert words(answer).startswith("Page not found")


def test_an_expired_link_says_so(page: Page, worker: Runtime) -> None:
    with worker.database.unit_of_work(page.payable.scope) as session:
        session.execute(update(PaymentLink).values(expires_at=clock.now() - timedelta(seconds=1)))
    answer = page.get()
    assert answer.status_code == 410
    assert "expired" in words(answer)
    assert "<form" not in answer.text
    assert page.pay().location == page.path
    assert checkouts(worker, page.payable) == 0


@pytest.mark.parametrize(
    ("state", "status", "shown"),
    [
        ("paid", 200, "Paid"),
        ("expired", 410, "expired"),
        ("cancelled", 200, "cannot be paid"),
        ("refunded", 200, "Paid, and given back"),
    ],
)
def test_an_order_that_owes_nothing_has_no_buttons(
    page: Page, worker: Runtime, state: str, status: int, shown: str
) -> None:
    set_order(worker, page.payable, state=state)
    for query in ("", "?back=1"):
        answer = page.get(query)
        assert answer.status_code == status
        assert shown in words(answer)
        assert "<form" not in answer.text
        assert "Refresh" not in answer.headers
    assert page.pay().location == page.path


def test_a_replaced_link_is_gone(page: Page, worker: Runtime) -> None:
    with worker.database.unit_of_work(page.payable.scope) as session:
        session.execute(update(PaymentLink).values(revoked_at=clock.now()))
    assert page.get().status_code == page.pay().status_code == 404
    assert words(page.get()) == words(page.pay()) != words(page.client.get("/p/" + "A" * 22))
    assert "open the newest text message about your order" in words(page.get())


def test_after_paying_the_page_looks_again_by_itself_and_not_for_ever(page: Page, worker: Runtime) -> None:
    first = page.get("?back=1&session_id=cs_test_1")
    assert first.headers["Refresh"] == f"{LOOKS[0]};url={page.path}?back=2"
    assert "waiting for your payment" in words(first)
    assert "<form" not in first.text
    last = page.get(f"?back={len(LOOKS) + 1}")
    assert "Refresh" not in last.headers
    assert "has not been confirmed yet" in words(last)
    assert "<form" in last.text
    set_order(worker, page.payable, state="paid")
    assert "Refresh" not in page.get("?back=2").headers


@pytest.mark.parametrize("query", ["?back=0", "?back=-1", "?back=x", "?back=999999999999", "?back=1&back=2"])
def test_odd_queries_do_no_harm(page: Page, query: str) -> None:
    assert page.get(query).status_code == 200


def test_coming_back_from_paypal_has_it_asked_once(page: Page, worker: Runtime) -> None:
    page.pay("paypal")
    for query in ("?back=1&token=PP1", "?back=1&token=PP999&PayerID=P"):
        page.get(query)
    page.client.head(f"{page.path}?back=1&token=PP1&PayerID=P")
    assert planned(worker, page.payable) == []
    for _ in range(2):
        assert page.get("?back=1&token=PP1&PayerID=P").status_code == 200
    assert planned(worker, page.payable) == ["paypal.look_up"]


def test_a_payer_whose_money_does_not_fit_is_told_and_not_asked_again(
    page: Page, worker: Runtime, providers: Providers
) -> None:
    payable = page.payable
    page.pay("paypal")
    page.pay("stripe")
    wrong = replace(settlement_for(payable, "cs_test_2"), amount=Money(1, "USD"))
    with worker.database.unit_of_work(payable.scope) as session:
        assert payments.settle(session, wrong, provider="stripe") == "parked"
        payments.request_capture(session, "PP1")

    for query in ("", "?back=1", f"?back={len(LOOKS) + 1}"):
        assert "do not pay again. Luigi's Pizza will be in touch" in words(page.get(query))
        assert "<form" not in page.get(query).text
    for provider in ("stripe", "paypal"):
        assert page.pay(provider).location == page.path
    with worker.database.unit_of_work(payable.scope) as session:
        texts = session.scalars(select(Message.kind).where(Message.kind == "payment_parked")).all()
        approved = session.scalars(select(Checkout.id).where(Checkout.provider == "paypal")).one()
        assert (len(texts), capture.load(session, approved)) == (1, None)
        with pytest.raises(PaymentParked):
            payments.require_nothing_parked(session, payable.order_id)

    with worker.database.unit_of_work(payable.scope) as session:
        refund = payments.request_refund(
            session, session.scalars(select(Payment.id)).one(), amount=None, reason="other"
        )
        back = Refund("re_1", wrong.payment_id, Money(1, "USD"), "succeeded", reference_of(refund.id))
        payments.take_refund(session, back, provider="stripe", received_at=clock.now())
    assert "Ready to pay" in words(page.get())
    assert page.pay("stripe").location != page.path


def test_a_late_payment_is_looked_into_before_there_is_a_new_link(page: Page, worker: Runtime) -> None:
    page.pay("stripe")
    set_order(worker, page.payable, state="expired", expires_at=clock.now())
    renew = page.path + "/renew"
    assert renew in page.get().text
    with worker.database.unit_of_work(page.payable.scope) as session:
        assert payments.settle(session, settlement_for(page.payable, "cs_test_1"), provider="stripe") == "parked"
    assert "do not pay again" in words(page.get())
    assert renew not in page.get().text
    answer = page.client.post(renew, headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.location) == (303, page.path)


def test_a_payment_on_its_way_says_so(page: Page, worker: Runtime) -> None:
    page.pay("paypal")
    with worker.database.unit_of_work(page.payable.scope) as session:
        payments.request_capture(session, "PP1")
    for query in ("", f"?back={len(LOOKS) + 1}"):
        assert "Your payment is on its way" in words(page.get(query))
        assert "<form" not in page.get(query).text
    assert "Refresh" in page.get("?back=1").headers


def planned(worker: Runtime, payable: Payable) -> list[str]:
    with worker.database.unit_of_work(payable.scope) as session:
        return list(session.scalars(select(Effect.kind).where(Effect.kind.startswith("paypal."))))


def test_a_provider_that_is_away_is_a_friendly_page_and_loses_nothing(
    page: Page, worker: Runtime, api: PaymentApi
) -> None:
    api.faults = [json_answer({"error": {}}, 503)] * 3
    answer = page.pay()
    assert answer.status_code == 502
    assert "Nothing was charged" in words(answer)
    assert page.pay().status_code == 303
    assert checkouts(worker, page.payable) == 1


def test_an_unknown_provider_is_refused(page: Page) -> None:
    assert page.pay("cash").status_code == 400
    assert words(page.pay("")).startswith("Something went wrong")


def test_too_many_requests_are_told_as_a_page(pointed: Settings, payable: Payable) -> None:
    strict = create_app(pointed.model_copy(update={"rate_limit_max_requests": 3}))
    browser = strict.test_client()
    browser.environ_base["REMOTE_ADDR"] = f"198.19.{randrange(256)}.{randrange(256)}"
    page = Page(browser, payable)
    try:
        assert [page.get().status_code for _ in range(3)] == [200, 200, 200]
        refused = page.get()
    finally:
        strict.extensions["webhooks"].close()
        strict.extensions["database"].dispose()
    assert refused.status_code == 429
    assert words(refused).startswith("One moment")
    assert int(refused.headers["Retry-After"]) > 0


def test_other_errors_of_the_site_stay_json(client: FlaskClient, worker: Runtime) -> None:
    assert client.get("/p").content_type == "application/json"
    assert client.put(f"/p/{'A' * 22}").content_type == "application/json"
