"""One number: what is said, texted, shown, asked of the provider, receipted and entered in the ledger is the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from random import Random
from urllib.parse import parse_qs
from uuid import uuid4

import pytest
from flask import Flask, render_template
from hypothesis import HealthCheck, assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import select

from callwaiting.core.crypto import Place
from callwaiting.core.money import Money
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.calls import phrases
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.keys import service as keys
from callwaiting.features.messages.models import Message
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.service import LineRequest, OrderSummary
from callwaiting.features.orders.totals import Quote, price_line
from callwaiting.features.payments import ledger
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.models import Checkout, PaymentLink
from callwaiting.providers.paypal_money import from_paypal, to_paypal
from callwaiting.providers.ports import ProviderRejected, Settlement
from callwaiting.providers.registry import Providers
from callwaiting.providers.stripe import stripe_amount
from tests.factories.payments import make_accounts, make_caller, make_line
from tests.features.payments.conftest import PaymentApi

CARTS = st.lists(st.tuples(st.integers(0, 2_000_000), st.integers(1, 99)), min_size=1, max_size=20)
CURRENCIES = st.sampled_from(["USD", "EUR", "GBP", "JPY", "KRW", "KWD", "CHF", "HUF"])


def minor(text: str) -> int:
    """The minor units in an amount that people read: every currency is written with all its places."""
    return int(re.sub(r"\D", "", text))


def page_of(app: Flask, order: OrderSummary) -> str:
    with app.test_request_context():
        return render_template("payment_page/order.html", order=order, state="payable", providers=[], labels={})


def at_paypal(total: Money) -> int:
    return from_paypal(to_paypal(total)).minor


@hypothesis_settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(cart=CARTS, currency=CURRENCIES, rate=st.integers(0, 3000), inclusive=st.booleans())
def test_any_cart_has_one_total(
    app: Flask, cart: list[tuple[int, int]], currency: str, rate: int, inclusive: bool
) -> None:
    lines = tuple(
        price_line(uuid4(), "Item", Money(price, currency), quantity, tax_basis_points=rate, tax_inclusive=inclusive)
        for price, quantity in cart
    )
    quote = Quote(lines, currency)
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    order = OrderSummary(uuid4(), 1, 1, "awaiting_payment", "Luigi's", quote, moment, moment, None)
    bare = sum(price * quantity for price, quantity in cart)
    taxes = sum(line.tax_minor for line in lines)
    total = bare if inclusive else bare + taxes

    spoken = re.search(r"The total is (.*)\.$", phrases.read_back(quote, changed=False))
    shown = re.search(r'class="total">.*?class="amount">([^<]*)<', page_of(app, order))
    assert spoken is not None
    assert shown is not None
    assert (minor(spoken[1]), minor(shown[1]), minor(str(order.total))) == (total, total, total)
    assume(total > 0)
    for ask in (stripe_amount, at_paypal):
        try:
            asked = ask(order.total)
        except ProviderRejected:  # finer than this provider takes: nothing is asked for, and nothing rounded
            continue
        assert asked == total


@pytest.mark.parametrize("seed", range(3))
def test_a_cart_on_its_whole_way(
    worker: Runtime, web: Runtime, merchant: MerchantScope, providers: Providers, api: PaymentApi, seed: int
) -> None:
    random = Random(seed)
    make_accounts(worker, merchant)
    line, caller = make_line(worker, merchant), make_caller(worker, merchant)
    with worker.database.unit_of_work(merchant) as session:
        wanted = [
            LineRequest(
                catalogue.add_item(session, name=f"Item {n}", price_minor=random.randint(1, 9999)), random.randint(1, 9)
            )
            for n in range(random.randint(1, 6))
        ]
        total = orders.quote(session, wanted).total
        placed = orders.place_order(
            session, caller_id=caller, call_id=None, phone_number_id=line, lines=wanted, agreed=total
        )
        url = payments.create_link(
            session,
            order_id=placed.id,
            order_version=1,
            amount=placed.total,
            expires_at=session.scalars(select(PaymentLink.expires_at)).one(),
        )
    payments.start_checkout(web.database, providers, url.rpartition("/")[2], "stripe")
    asked = parse_qs(api.requests()[0].body.decode())["line_items[0][price_data][unit_amount]"]
    with worker.database.unit_of_work(merchant) as session:
        checkout = session.scalars(select(Checkout)).one()
        taken = Money(int(asked[0]), "USD")
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
