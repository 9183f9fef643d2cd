"""Orders that wait for their payment, by the thousand, and the Stripe events that settle them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import orjson

from bench import signed
from bench.stack import ACCOUNT, Stack
from callwaiting.core import clock
from callwaiting.core.tenancy import MerchantScope
from callwaiting.features.callers import service as callers
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.service import LineRequest
from callwaiting.features.payments import service as payments
from callwaiting.features.phone_numbers import service as phone_numbers

# One order is placed through the services; the others are its copies, with keys of their own.
COPY = """
insert into app.orders select (jsonb_populate_record(t, jsonb_build_object(
        'id', md5('order' || n)::uuid, 'number', n))).*
    from app.orders t, generate_series({first}, {last}) n where t.number = 1;
insert into app.order_lines select (jsonb_populate_record(t, jsonb_build_object(
        'id', md5('line' || n)::uuid, 'order_id', md5('order' || n)::uuid))).*
    from app.order_lines t, generate_series({first}, {last}) n where t.order_id = '{order_id}';
insert into app.payment_links select (jsonb_populate_record(t, jsonb_build_object(
        'id', md5('link' || n)::uuid, 'order_id', md5('order' || n)::uuid,
        'token_hash', '\\x' || encode(sha256(n::text::bytea), 'hex')))).*
    from app.payment_links t, generate_series({first}, {last}) n where t.order_id = '{order_id}';
insert into app.checkouts
    (merchant_id, id, link_id, order_id, provider, mode, account, attempt, state, provider_id)
    select merchant_id, md5('checkout' || number)::uuid, md5('link' || number)::uuid, id,
        'stripe', 'test', '{account}', 1, 'open', 'cs_bench' || number
    from app.orders where number between {first} and {last};
analyze app.orders, app.order_lines, app.payment_links, app.checkouts, app.payments, app.messages, app.webhook_events;
"""


class Settlements:
    """Makes orders and hands out, once each, the events that pay them."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._numbers = itertools.count(2)
        ((merchant_id,),) = stack.execute("select id from app.merchants")
        assert isinstance(merchant_id, UUID | str)
        scope = MerchantScope(UUID(str(merchant_id)), actor="bench")
        with stack.runtime() as runtime, runtime.database.unit_of_work(scope) as session:
            item = catalogue.add_item(session, name="Margherita", price_minor=1150)
            placed = orders.place_order(
                session,
                caller_id=callers.remember(session, "+14155550123"),
                call_id=None,
                phone_number_id=phone_numbers.add_number(session, "+14155550100"),
                lines=[LineRequest(item, 2)],
            )
            expires_at = clock.now() + timedelta(days=1)
            payments.create_link(
                session, order_id=placed.id, order_version=1, amount=placed.total, expires_at=expires_at
            )
        self._order_id, self._total = placed.id, placed.total

    def requests(self, path: str, port: int, count: int) -> Iterator[bytes]:
        """`count` signed requests, each of which settles one order that is there when this returns."""
        numbers = list(itertools.islice(self._numbers, count))
        self._stack.execute(COPY.format(first=numbers[0], last=numbers[-1], account=ACCOUNT, order_id=self._order_id))
        return (signed.request(path, port, self._body(number)) for number in numbers)

    def _body(self, number: int) -> bytes:
        body: dict[str, object] = orjson.loads(
            signed.event(f"evt_paid{number}", event_type="checkout.session.completed")
        )
        session = {
            "id": f"cs_bench{number}",
            "object": "checkout.session",
            "client_reference_id": None,
            "amount_total": self._total.minor,
            "currency": self._total.currency.lower(),
            "payment_intent": f"pi_bench{number}",
            "payment_status": "paid",
            "metadata": {"filler": "x" * 700},
        }
        return orjson.dumps(body | {"data": {"object": session}})
