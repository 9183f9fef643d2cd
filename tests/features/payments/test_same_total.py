"""One number: what is said, texted, shown, asked of the provider, receipted and entered in the ledger is the same."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from random import Random
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID, uuid4

import orjson
import pytest
from flask import Flask, render_template
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from callwaiting.core.crypto import Place
from callwaiting.core.money import Money, step_of
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.calls import order_phrases
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.catalogue.service import Group, Item, Option
from callwaiting.features.keys import service as keys
from callwaiting.features.merchants.tax_rates import NO_TAX, Rate, Tax
from callwaiting.features.messages.models import Message
from callwaiting.features.orders import codes, renewal
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.deposits import Terms, change_rules
from callwaiting.features.orders.quoting import basket
from callwaiting.features.orders.service import LineRequest, OrderSummary, Quote
from callwaiting.features.orders.totals import Basket, Discount, total_up
from callwaiting.features.payments import ledger
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.models import Checkout, PaymentLink
from callwaiting.providers.checkout_lines import CheckoutLine
from callwaiting.providers.currencies import from_stripe, require_taken
from callwaiting.providers.paypal_money import from_paypal, purchase
from callwaiting.providers.ports import CheckoutRequest, ProviderRejected, Settlement
from callwaiting.providers.registry import Providers
from callwaiting.providers.stripe import stripe_lines
from callwaiting.sandbox.paypal_orders import check_breakdown
from tests.factories.payments import make_accounts, make_caller, make_line, make_payable
from tests.factories.pizzeria import open_pizzeria
from tests.features.payments.conftest import PaymentApi

CURRENCIES = st.sampled_from(["USD", "EUR", "GBP", "JPY", "KRW", "ISK", "KWD", "TND", "CHF", "HUF", "TWD", "UGX"])
PRICES = st.integers(0, 20_000)
TAXES = st.builds(
    Tax, st.sampled_from(["", "Food", "Drinks", "Takeaway"]), st.integers(0, 3000) | st.just(700), st.booleans()
)
ITEMS = st.tuples(PRICES, TAXES, st.lists(st.integers(-5_000, 5_000), max_size=3), st.integers(1, 99))
DISCOUNTS = st.one_of(
    st.just(Discount()),
    st.builds(Discount, basis_points=st.integers(1, 10_000)),
    st.builds(Discount, fixed_minor=st.integers(1, 3_000)),
)
DEPOSITS = st.one_of(
    st.just(Terms()),
    st.builds(Terms, basis_points=st.integers(1, 9_999)),
    st.builds(Terms, fixed_minor=st.integers(1, 50_000)),
)
MOMENT = datetime(2026, 11, 1, tzinfo=UTC)


def minor(text: str) -> int:
    """The minor units in an amount that people read: every currency is written with all its places."""
    return int(re.sub(r"\D", "", text))


def read_back(quote: Quote) -> str:
    return order_phrases.read_back(quote, changed=False)


def page_of(app: Flask, order: OrderSummary) -> str:
    with app.test_request_context():
        return render_template("payment_page/order.html", order=order, state="payable", providers=[], labels={})


def lines_for(cart: list[tuple[int, Tax, list[int], int]], currency: str) -> list[Basket]:
    """Prices in steps of the currency, as the catalogue takes them."""
    step = step_of(currency)
    found = []
    for price, tax, deltas, quantity in cart:
        chosen = [
            Option(UUID(int=n), f"Option {n}", (), Money(delta * step, currency)) for n, delta in enumerate(deltas, 1)
        ]
        group = Group(UUID(int=99), "Options", 0, 9, tuple(chosen))
        item = Item(
            uuid4(), "Item", (), Money(price * step, currency), None, groups=(group,), tax_rate=Rate(UUID(int=7), tax)
        )
        request = LineRequest(item.id, quantity, tuple(option.id for option in chosen))
        found.append(basket(request, item, NO_TAX))
    return found


def asked_of_stripe(request: CheckoutRequest) -> int:
    """What Stripe adds up, in our units."""
    return from_stripe(sum(units for _, units in stripe_lines(request)), request.amount.currency).minor


def asked_of_paypal(request: CheckoutRequest) -> int:
    """What PayPal is asked for; it refuses a breakdown that does not add up to it."""
    unit: Any = purchase(request)
    check_breakdown(unit, "/0")
    assert all(Decimal(item["unit_amount"]["value"]) >= 0 <= Decimal(item["tax"]["value"]) for item in unit["items"])
    return from_paypal(unit["amount"]).minor


@hypothesis_settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cart=st.lists(ITEMS, min_size=1, max_size=20),
    currency=CURRENCIES,
    discount=DISCOUNTS,
    steps=st.booleans(),
    terms=DEPOSITS,
)
def test_any_cart_has_one_total(
    app: Flask,
    cart: list[tuple[int, Tax, list[int], int]],
    currency: str,
    discount: Discount,
    steps: bool,
    terms: Terms,
) -> None:
    step = step_of(currency)
    if steps:  # a fixed discount need not be a whole step
        discount = replace(discount, fixed_minor=discount.fixed_minor * step)
        terms = replace(terms, fixed_minor=terms.fixed_minor * step)
    baskets = lines_for(cart, currency)
    quote = total_up(baskets, currency, discount)
    quote = replace(quote, deposit_minor=terms.of(quote.total))
    order = OrderSummary(uuid4(), 1, 1, "awaiting_payment", "Luigi's", quote, MOMENT, MOMENT, None)
    total, bare = quote.total.minor, sum(line.amount_minor for line in baskets)

    assert all(line.net_minor >= 0 <= line.tax_minor for line in quote.lines)
    assert total == bare - quote.discount.minor + quote.added_tax.minor
    assert quote.subtotal.minor + quote.added_tax.minor + quote.included_tax.minor == total
    assert quote.due_now + quote.due_later == quote.total
    spoken = re.search(r"The total is (.*?)\.(?: A deposit of (.*) is due now, and (.*) later\.)?$", read_back(quote))
    shown = re.search(r'class="total">.*?class="amount">([^<]*)<', page_of(app, order))
    assert spoken is not None
    assert shown is not None
    assert (spoken[2] is not None) == bool(quote.deposit_minor)
    if quote.deposit_minor:
        parts = re.findall(r'>(?:Deposit|Rest), due (?:now|later)<.*?class="amount">([^<]*)<', page_of(app, order))
        now_and_later = (quote.due_now.minor, quote.due_later.minor)
        assert (minor(spoken[2]), minor(spoken[3])) == now_and_later == (minor(parts[0]), minor(parts[1]))
        assert 0 < quote.due_now.minor < total
    assert (minor(spoken[1]), minor(shown[1]), minor(str(order.total))) == (total, total, total)
    assert sum(by_rate.net.minor + by_rate.amount.minor for by_rate in quote.taxes) == total
    assert {by_rate.tax: by_rate.amount.minor for by_rate in quote.taxes} == {
        tax: sum(line.tax_minor for line in quote.lines if line.tax == tax) for _, tax, _, _ in cart
    }
    on_page = re.findall(r'>Tax(?: included)?: [^<]*<.*?class="amount">([^<]*)<', page_of(app, order))
    assert [minor(found) for found in on_page] == [
        by_rate.amount.minor for by_rate in quote.taxes if by_rate.amount.minor
    ]
    if steps and currency != "UGX":  # what is in steps can be asked for
        assert total % step == 0

    assume(total > 0)
    lines = [
        CheckoutLine(line.title, Money(line.net_minor, currency), Money(line.tax_minor, currency))
        for line in quote.lines
    ]
    whole = CheckoutRequest("k", "", "r", "Your order", quote.total, "https://a", "https://b", MOMENT, lines=lines)
    asked = [whole]
    if quote.deposit_minor:
        for amount in (quote.due_now, quote.due_later):
            asked.append(replace(whole, amount=amount, lines=[CheckoutLine("Part", amount, Money(0, currency))]))
    for request in asked:
        for provider, ask in (("stripe", asked_of_stripe), ("paypal", asked_of_paypal)):
            try:
                require_taken(provider, request.amount)
            except ProviderRejected:  # not taken by this provider, and refused before a link is sent
                continue
            assert ask(request) == request.amount.minor


@pytest.mark.parametrize("seed", range(3))
def test_a_cart_on_its_whole_way(
    worker: Runtime, web: Runtime, merchant: MerchantScope, providers: Providers, api: PaymentApi, seed: int
) -> None:
    random = Random(seed)
    make_accounts(worker, merchant)
    line, caller = make_line(worker, merchant), make_caller(worker, merchant)
    with worker.database.unit_of_work(merchant) as session:
        menu = open_pizzeria(session)
        wanted = [
            LineRequest(
                catalogue.add_item(session, name=f"Item {n}", price_minor=random.randint(1, 9999)), random.randint(1, 9)
            )
            for n in range(random.randint(1, 6))
        ]
        wanted += [
            LineRequest(menu.pizza, 2, (menu.options["Large"], menu.options["Olives"]), ("onions",)),
            LineRequest(menu.salad, random.randint(1, 9)),
        ]
    with web.database.unit_of_work(merchant) as session:  # as by a caller who names a code
        off = Discount(fixed_minor=333) if seed == 1 else Discount(basis_points=1250)
        codes.add(session, "SUMMER10", off, active=True, ends_at=None, max_uses=None)
        total = orders.quote(session, wanted, orders.good_code(session, "SUMMER10")).total
        placed = orders.place_order(
            session, caller_id=caller, call_id=None, phone_number_id=line, lines=wanted, agreed=total, code="SUMMER10"
        )
        url = payments.create_link(
            session,
            order_id=placed.id,
            order_version=1,
            amount=placed.total,
            expires_at=session.scalars(select(PaymentLink.expires_at)).one(),
        )
    token = url.rpartition("/")[2]
    payments.start_checkout(web.database, providers, token, "stripe", itemised=orders.checkout_lines)
    form = parse_qs(api.requests()[0].body.decode())
    asked = [int(value) for name, [value] in form.items() if name.endswith("[unit_amount]")]
    assert "2 × Pizza, Large, Olives, without onions" in [value for [value] in form.values()]
    assert len(asked) == len(wanted)
    with worker.database.unit_of_work(merchant) as session:
        checkout = session.scalars(select(Checkout)).one()
        taken = Money(sum(asked), "USD")
        settlement = Settlement(checkout.provider_id or "", "pi_1", "", "test", taken, settled=True)
        assert payments.settle(session, settlement, provider="stripe") == "settled"
        texts = {
            row.kind: keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode()
            for row in session.scalars(select(Message))
        }
        entered = {row.account: row.credit for row in ledger.balances(session)}["orders"]

    assert (taken, entered) == (total, total.minor)
    amounts = {kind: re.findall(r"\$\d+\.\d\d", text) for kind, text in texts.items()}
    assert amounts == {"payment_link": [str(total)], "receipt": [str(total)]}


@pytest.mark.parametrize("seed", range(3))
def test_a_deposit_and_its_rest_on_their_whole_way(
    worker: Runtime, web: Runtime, merchant: MerchantScope, providers: Providers, api: PaymentApi, seed: int
) -> None:
    """Two links, two pages of PayPal's, two captures: together they are the total, and each is what was said."""
    random = Random(seed)
    make_accounts(worker, merchant)
    with web.database.unit_of_work(merchant) as session:
        change_rules(session, 1, Terms(basis_points=random.randint(500, 9000)))
    payable = make_payable(worker, merchant, price_minor=random.randint(500, 9999))
    with worker.database.unit_of_work(merchant) as session:
        quote = orders.summary(session, payable.order_id).quote
    asked = []
    for part, state in (("Deposit", "deposit_paid"), ("Rest", "paid")):
        with worker.database.unit_of_work(merchant) as session:
            body = text_of(session, select(Message).where(Message.kind.in_(("deposit_link", "rest_link"))))
        token = re.findall(r"/p/([\w-]{22})", body)[0]
        payments.start_checkout(web.database, providers, token, "paypal", itemised=orders.checkout_lines)
        unit: Any = orjson.loads(api.requests()[-1].body)["purchase_units"][0]
        assert [item["name"] for item in unit["items"]] == [f"{part} of order 1"]
        taken = from_paypal(unit["amount"])
        asked.append(taken)
        assert str(taken) in body
        with worker.database.unit_of_work(merchant) as session:
            checkout = session.scalars(select(Checkout).order_by(Checkout.id.desc())).first()
            assert checkout is not None
            told = Settlement(checkout.provider_id or "", f"CAP{part}", "", "test", taken, settled=True)
            assert payments.settle(session, told, provider="paypal") == "settled"
            assert payments.settle(session, told, provider="paypal") == "repeated"
            assert orders.summary(session, payable.order_id).state == state
        if part == "Deposit":
            with web.database.unit_of_work(merchant) as session:
                renewal.renew(session, payable.order_id, 2)
    assert asked == [quote.due_now, quote.due_later]
    with worker.database.unit_of_work(merchant) as session:
        assert {row.account: row.credit for row in ledger.balances(session)}["orders"] == quote.total.minor


def text_of(session: Session, query: Select[Message]) -> str:
    """The body of the latest text."""
    row = session.scalars(query.order_by(Message.id.desc())).first()
    assert row is not None
    return keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode()
