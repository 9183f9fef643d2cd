"""Deposits: a part is due first, the rest by a second link or on the spot, and no cent is lost between the two."""

from __future__ import annotations

import re
from dataclasses import replace
from random import randrange
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import example, given
from hypothesis import strategies as st
from sqlalchemy import select, update

from callwaiting.core import clock
from callwaiting.core.crypto import Place
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money, step_of
from callwaiting.factory import Runtime
from callwaiting.features.alerts.models import Alert
from callwaiting.features.keys import service as keys
from callwaiting.features.messages.models import Message
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.deposits import Terms, change_rules, rules_of
from callwaiting.features.orders.errors import TotalChanged
from callwaiting.features.orders.models import Order, OrderLine
from callwaiting.features.orders.service import LineRequest
from callwaiting.features.outbox.models import Effect
from callwaiting.features.payments import ledger, refunds
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.models import Checkout, Payment, PaymentLink
from callwaiting.providers import ports
from callwaiting.providers.ports import Settlement
from tests.api_client import ApiClient, actions
from tests.factories.payments import make_accounts, make_payable

FIFTH = Terms(basis_points=2000)
TOTAL, DEPOSIT, REST = 2706, 541, 2165  # two margheritas of 12.50 and 8.25 % of it; 20 % of that
RULES = "/order-rules"


def usd(minor: int) -> dict[str, object]:
    return {"amount": minor, "currency": "USD"}


class Shop:
    """An order with a deposit of a fifth, and what the provider tells of it."""

    def __init__(self, worker: Runtime, web: Runtime, owner: ApiClient) -> None:
        self.worker, self.web, self.owner = worker, web, owner
        self.rule(FIFTH)
        make_accounts(worker, owner.scope)
        self.payable = make_payable(worker, owner.scope)
        self.path = f"/orders/{self.payable.order_id}"

    def rule(self, terms: Terms) -> None:
        with self.web.database.unit_of_work(self.owner.scope) as session:
            change_rules(session, rules_of(session).version, terms)

    def open_page(self, provider_id: str) -> None:
        """The payer is on Stripe's page of the present link."""
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            link = session.scalars(select(PaymentLink).where(PaymentLink.revoked_at.is_(None))).one()
            session.add(
                Checkout(
                    merchant_id=self.payable.scope.merchant_id, id=new_id(), link_id=link.id,
                    order_id=self.payable.order_id, provider="stripe", mode="test", account="",
                    attempt=len(provider_id), state="open", provider_id=provider_id,
                )
            )  # fmt: skip

    def settle(self, provider_id: str, minor: int, payment_id: str = "", currency: str = "USD") -> str:
        told = Settlement(
            provider_id, payment_id or f"pi_{new_id().hex}", "", "test", Money(minor, currency), settled=True
        )
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            return payments.settle(session, told, provider="stripe")

    def pay_deposit(self) -> None:
        self.open_page("cs_1")
        assert self.settle("cs_1", DEPOSIT, "pi_deposit") == "settled"

    def ask_rest(self) -> Any:
        return self.owner.send("POST", f"{self.path}/link", version=self.order()["version"])

    def pay_rest(self) -> None:
        assert self.ask_rest().status_code == 200
        self.open_page("cs_22")
        assert self.settle("cs_22", REST, "pi_rest") == "settled"

    def order(self) -> Any:
        return self.owner.get(self.path)

    def give_back(self, payment_id: str, minor: int, state: ports.RefundState = "succeeded", id: str = "") -> None:
        told = ports.Refund(id or f"re_{new_id().hex}", payment_id, Money(minor, "USD"), state)
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            refunds.take_refund(session, told, provider="stripe", received_at=clock.now())

    def texts(self) -> list[tuple[str, list[str]]]:
        """Each with the amounts in it, in order."""
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            rows = session.scalars(select(Message).order_by(Message.id)).all()
            bodies = [keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode() for row in rows]
        return [(row.kind, re.findall(r"\$\d+\.\d\d", body)) for row, body in zip(rows, bodies, strict=True)]

    def link(self) -> str:
        """The path of the link that was texted last."""
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            kinds = Message.kind.in_(("deposit_link", "rest_link", "payment_link"))
            row = session.scalars(select(Message).where(kinds).order_by(Message.id.desc())).first()
            assert row is not None
            body = keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode()
        return str(re.findall(r"http://callwaiting.test(/p/[\w-]{22})", body)[0])

    def column(self, what: Any) -> list[Any]:
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            return list(session.scalars(select(what)))

    def books(self) -> dict[str, int]:
        """The ledger's accounts, credits less debits, and that it agrees with its facts."""
        with self.worker.database.unit_of_work(self.payable.scope) as session:
            assert ledger.differences(session) == []
            return {row.account: row.credit - row.debit for row in ledger.balances(session)}


@pytest.fixture
def shop(worker: Runtime, web: Runtime, owner: ApiClient) -> Shop:
    return Shop(worker, web, owner)


@pytest.fixture
def guest(client: FlaskClient) -> FlaskClient:
    client.environ_base["REMOTE_ADDR"] = f"198.18.{randrange(256)}.{randrange(256)}"
    return client


@example(minor=50, share=9_900, fixed=0, currency="USD")
@given(
    minor=st.integers(50, 9_999_999),
    share=st.integers(1, 9_999),
    fixed=st.integers(0, 50_000),
    currency=st.sampled_from(["USD", "JPY", "KWD", "HUF"]),
)
def test_now_and_later_add_up_to_the_total(minor: int, share: int, fixed: int, currency: str) -> None:
    step = step_of(currency)
    total = Money(minor * step, currency)
    for terms in (Terms(basis_points=share), Terms(fixed_minor=fixed * step)):
        deposit = terms.of(total)
        assert 0 <= deposit < total.minor
        assert deposit % step == 0
    asked = Terms(basis_points=share).of(total)
    possible = (asked,) if asked else (0, total.minor)  # a share that is rounded up to the whole is no deposit
    assert any(abs(part * 10_000 - total.minor * share) < 10_000 * step for part in possible)
    assert Terms(basis_points=share, above_minor=total.minor).of(total) == 0


def test_a_deposit_and_then_the_rest_by_a_second_link(shop: Shop, guest: FlaskClient, admin_url: str) -> None:
    placed = shop.order()
    page = guest.get(shop.link()).text
    assert (placed["total"], placed["deposit"], placed["rest"]) == (usd(TOTAL), usd(DEPOSIT), usd(REST))
    assert "Deposit, due now" in page
    assert ("$5.41" in page, "$21.65" in page) == (True, True)

    shop.pay_deposit()
    first = shop.order()
    page = guest.get(shop.link()).text
    assert (first["state"], first["paid_at"]) == ("deposit_paid", None)
    assert first["deposit_paid_at"] is not None
    assert "Deposit paid – thank you! $21.65 is due later." in page
    assert "<form" not in page

    old = shop.link()
    shop.pay_rest()
    last = shop.order()
    assert (last["state"], last["rest"]) == ("paid", usd(REST))
    assert [paid["amount"] for paid in last["payments"]] == [usd(DEPOSIT), usd(REST)]
    assert guest.get(old).status_code == 404
    assert "Rest paid" in guest.get(shop.link()).text
    assert shop.texts() == [
        ("deposit_link", ["$27.06", "$5.41", "$21.65"]),
        ("deposit_receipt", ["$5.41", "$21.65"]),
        ("rest_link", ["$21.65", "$27.06"]),
        ("receipt", ["$21.65"]),
    ]
    assert shop.books() == {"orders": TOTAL, "stripe": -TOTAL}
    assert shop.column(Alert.rule) == []
    told = [action for action in actions(admin_url) if action in {"order.deposit_paid", "order.paid"}]
    assert told == ["order.deposit_paid", "order.paid"]


def test_the_rest_on_the_spot(shop: Shop, guest: FlaskClient) -> None:
    shop.pay_deposit()
    done = shop.owner.send("POST", f"{shop.path}/paid-on-the-spot", version=2)
    order = done.get_json()
    assert (order["state"], order["paid_on_the_spot"]) == ("paid", usd(REST))
    assert shop.owner.send("POST", f"{shop.path}/paid-on-the-spot", version=2).status_code == 412
    assert shop.owner.send("POST", f"{shop.path}/paid-on-the-spot", version=3).status_code == 409
    assert shop.texts()[-1] == ("receipt", ["$21.65"])
    assert shop.books() == {"orders": DEPOSIT, "stripe": -DEPOSIT}  # no provider has the rest


def test_what_is_paid_by_link_after_it_was_paid_on_the_spot_is_surplus(shop: Shop) -> None:
    shop.pay_deposit()
    shop.ask_rest()
    shop.open_page("cs_22")
    version = shop.order()["version"]
    assert shop.owner.send("POST", f"{shop.path}/paid-on-the-spot", version=version).status_code == 200
    assert shop.column(Effect.kind).count("stripe.expire") == 1
    assert shop.settle("cs_22", REST) == "surplus"
    assert shop.books() == {"orders": DEPOSIT, "surplus": REST, "stripe": -TOTAL}


@pytest.mark.parametrize("before", ["nothing", "all"])
def test_there_is_no_rest_to_take_then(shop: Shop, before: str) -> None:
    if before == "all":
        shop.pay_deposit()
        shop.pay_rest()
    order = shop.order()
    refused = shop.owner.send("POST", f"{shop.path}/paid-on-the-spot", version=order["version"])
    assert refused.status_code == 409
    assert shop.order() == order


def test_a_deposit_that_is_paid_twice_is_no_rest(shop: Shop) -> None:
    with shop.worker.database.unit_of_work(shop.payable.scope) as session:
        half = TOTAL // 2  # what comes twice is then just what is left
        session.execute(update(Order).values(deposit_minor=half))
        session.execute(update(PaymentLink).values(amount_minor=half))
    shop.open_page("cs_1")
    assert [shop.settle("cs_1", half), shop.settle("cs_1", half)] == ["settled", "surplus"]
    assert shop.order()["state"] == "deposit_paid"
    shop.ask_rest()
    assert shop.settle("cs_1", half) == "parked"  # the old page, though the amount fits the new link
    assert shop.column(Payment.reason) == ["", "second payment", "order version"]
    assert shop.order()["state"] == "awaiting_rest"


@pytest.mark.parametrize(("minor", "currency"), [(TOTAL, "USD"), (REST, "USD"), (DEPOSIT, "EUR")])
def test_what_does_not_fit_the_deposit_is_parked(shop: Shop, minor: int, currency: str) -> None:
    shop.open_page("cs_1")
    assert shop.settle("cs_1", minor, currency=currency) == "parked"
    assert shop.order()["state"] == "awaiting_payment"


def test_a_rest_that_comes_after_its_link_has_run_out_is_taken(shop: Shop) -> None:
    shop.pay_deposit()
    shop.ask_rest()
    shop.open_page("cs_22")
    with shop.worker.database.unit_of_work(shop.payable.scope) as session:
        session.execute(update(Order).values(expires_at=clock.now()))
        session.execute(update(PaymentLink).values(expires_at=clock.now()))
    with shop.worker.database.unit_of_work(shop.payable.scope) as session:
        assert orders.expire(session, shop.payable.order_id) == "kept"
    assert shop.settle("cs_22", REST) == "settled"
    assert shop.order()["state"] == "paid"


def test_a_deposit_that_comes_after_the_order_has_expired_is_parked(shop: Shop) -> None:
    shop.open_page("cs_1")
    with shop.worker.database.unit_of_work(shop.payable.scope) as session:
        session.execute(update(Order).values(expires_at=clock.now()))
    with shop.worker.database.unit_of_work(shop.payable.scope) as session:
        assert orders.expire(session, shop.payable.order_id) == "expired"
    assert shop.settle("cs_1", DEPOSIT) == "parked"
    assert shop.order()["state"] == "expired"


def test_refunds_follow_both_payments(shop: Shop) -> None:
    shop.pay_deposit()
    shop.pay_rest()
    states = []
    for payment, minor in (("pi_deposit", DEPOSIT), ("pi_rest", 65), ("pi_rest", REST - 65)):
        shop.give_back(payment, minor)
        states.append(shop.order()["state"])
    assert states == ["part_refunded", "part_refunded", "refunded"]
    assert shop.books() == {"orders": 0, "stripe": 0}


def test_a_deposit_that_is_given_back_ends_the_order_and_one_that_comes_back_revives_it(shop: Shop) -> None:
    shop.pay_deposit()
    shop.give_back("pi_deposit", 100, id="re_1")
    assert shop.order()["state"] == "deposit_paid"  # the rest is still due
    shop.give_back("pi_deposit", DEPOSIT - 100, id="re_2")
    assert shop.order()["state"] == "refunded"
    assert shop.ask_rest().status_code == 409
    shop.give_back("pi_deposit", DEPOSIT - 100, "failed", id="re_2")
    assert shop.order()["state"] == "deposit_paid"
    assert shop.books() == {"orders": DEPOSIT - 100, "stripe": 100 - DEPOSIT}


def test_a_cancelled_order_keeps_its_deposit_until_it_is_given_back(shop: Shop) -> None:
    shop.pay_deposit()
    shop.ask_rest()
    shop.open_page("cs_22")
    version = shop.order()["version"]
    assert shop.owner.send("POST", f"{shop.path}/cancel", version=version).get_json()["state"] == "cancelled"
    assert shop.column(Effect.kind).count("stripe.expire") == 1
    assert shop.settle("cs_22", REST) == "parked"
    shop.give_back("pi_deposit", DEPOSIT)
    assert shop.order()["state"] == "cancelled"
    assert shop.books() == {"orders": 0, "parked": REST, "stripe": -REST}


def test_a_discount_makes_the_deposit_smaller_by_the_terms_of_the_order(shop: Shop) -> None:
    shop.rule(Terms())  # what was agreed holds
    body = {"basis_points": 1000, "reason": "waited"}
    order = shop.owner.send("POST", f"{shop.path}/discount", body, version=1).get_json()
    assert order["total"] == usd(2436)
    assert (order["deposit"], order["rest"]) == (usd(487), usd(1949))
    assert shop.texts()[-1] == ("deposit_link", ["$24.36", "$4.87", "$19.49"])
    shop.open_page("cs_1")
    assert shop.settle("cs_1", 487) == "settled"
    refused = shop.owner.send("POST", f"{shop.path}/discount", body, version=shop.order()["version"])
    assert refused.status_code == 409


def test_what_is_due_in_the_database_is_what_the_row_says(shop: Shop) -> None:
    for step in (lambda: None, shop.pay_deposit, shop.ask_rest):
        step()
        with shop.worker.database.unit_of_work(shop.payable.scope) as session:
            order = session.scalars(select(Order)).one()
            assert order.due_minor == order.due.minor


def test_the_rule_changes_between_the_read_back_and_the_yes(shop: Shop) -> None:
    with shop.worker.database.unit_of_work(shop.payable.scope) as session:
        item = session.scalars(select(OrderLine.item_id)).one()
        lines = [LineRequest(item, 2)]
        heard = orders.quote(session, lines)
    shop.rule(Terms(basis_points=5000))
    with shop.worker.database.unit_of_work(shop.payable.scope) as session, pytest.raises(TotalChanged) as changed:
        orders.place_order(
            session,
            caller_id=shop.payable.caller_id,
            call_id=None,
            phone_number_id=shop.payable.phone_number_id,
            lines=lines,
            agreed=heard.total,
            agreed_now=heard.due_now,
        )
    assert (heard.due_now.minor, changed.value.quote.due_now.minor) == (DEPOSIT, TOTAL // 2)


@pytest.mark.parametrize(
    ("terms", "now"),
    [
        (Terms(basis_points=100), TOTAL),  # 27 cents: no link can ask for that
        (Terms(fixed_minor=TOTAL), TOTAL),  # nothing would be left
        (Terms(fixed_minor=1000, above_minor=TOTAL), TOTAL),
        (Terms(fixed_minor=1000, above_minor=TOTAL - 1), 1000),
    ],
)
def test_when_all_is_due_at_once(worker: Runtime, web: Runtime, owner: ApiClient, terms: Terms, now: int) -> None:
    with web.database.unit_of_work(owner.scope) as session:
        change_rules(session, 1, terms)
    make_accounts(worker, owner.scope)
    payable = make_payable(worker, owner.scope)
    with worker.database.unit_of_work(owner.scope) as session:
        assert session.scalars(select(PaymentLink.amount_minor)).one() == now
        assert orders.summary(session, payable.order_id).due.minor == now


def test_the_rules_from_first_to_last(owner: ApiClient, admin_url: str) -> None:
    nothing = {"deposit_basis_points": None, "deposit_amount": None, "deposit_above": None}
    assert owner.get(RULES) == nothing | {"version": 1}
    wanted = nothing | {"deposit_amount": usd(1000), "deposit_above": usd(5000)}
    assert owner.send("PUT", RULES, wanted, version=1).get_json() == wanted | {"version": 2} == owner.get(RULES)
    assert owner.send("PUT", RULES, wanted, version=1).status_code == 412
    assert replace(owner, role="agent").send("PUT", RULES, wanted, version=2).status_code == 403
    for wrong in (
        {"deposit_basis_points": 10_000},
        {"deposit_basis_points": 100, "deposit_amount": usd(5)},
        {"deposit_amount": {"amount": 5, "currency": "EUR"}},
        {"deposit_above": {"amount": 5, "currency": "EUR"}},
    ):
        assert owner.send("PUT", RULES, nothing | wrong, version=2).status_code == 422
    assert actions(admin_url).count("order_rules.changed") == 1


def test_a_receipt_of_the_deposit_says_what_is_still_due(shop: Shop, guest: FlaskClient) -> None:
    shop.pay_deposit()
    with shop.worker.database.unit_of_work(shop.payable.scope) as session:
        row = session.scalars(select(Message).where(Message.kind == "deposit_receipt")).one()
        body = keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode()
    address = re.findall(r"http://callwaiting.test(/r/[\w-]{22})", body)[0]
    page = guest.get(address).text
    assert "Deposit paid" in page
    assert re.findall(r'(Total|Paid in all|Still due)</th><td class="amount">([^<]+)<', page) == [
        ("Total", "$27.06"), ("Paid in all", "$5.41"), ("Still due", "$21.65"),
    ]  # fmt: skip
    shop.owner.send("POST", f"{shop.path}/paid-on-the-spot", version=2)
    page = guest.get(address).text
    assert "On the spot" in page
    assert re.findall(r'(Total|Paid in all|Still due)</th><td class="amount">([^<]+)<', page) == [
        ("Total", "$27.06"), ("Paid in all", "$27.06"),
    ]  # fmt: skip
