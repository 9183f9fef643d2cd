"""Orders by the thousand, each with its call and texts, and all that the providers say of them.

One order's story has eight events: its call rang, was answered, ended (3); its two texts were sent and delivered (4);
it was paid (1). One order is placed through the services; the others are its copies, with keys of their own.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import urlencode
from uuid import UUID

import orjson

from bench import signed
from bench.stack import ACCOUNT, Stack
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.callers import service as callers
from callwaiting.features.calls import repository as calls
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.service import LineRequest
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.webhooks import source_admin

NUMBER, CALLER = "+14155550100", "+14155550123"
TWILIO_ACCOUNT, TWILIO_TOKEN = "AC" + "b" * 32, "b3nch" * 6
EVENTS = 8  # of one story
APART = 40  # so many orders' stories are told side by side, so that one order's events are moments apart

COPY = """
insert into app.orders ({columns}) select {columns} from (
    select (jsonb_populate_record(t, jsonb_build_object('id', md5('order' || n)::uuid, 'number', n))).*
    from app.orders t, generate_series({first}, {last}) n where t.number = 1) made;
insert into app.order_lines select (jsonb_populate_record(t, jsonb_build_object(
        'id', md5('line' || n)::uuid, 'order_id', md5('order' || n)::uuid))).*
    from app.order_lines t, generate_series({first}, {last}) n where t.order_id = '{order_id}';
insert into app.payment_links select (jsonb_populate_record(t, jsonb_build_object(
        'id', md5('link' || n)::uuid, 'order_id', md5('order' || n)::uuid,
        'token_hash', '\\\\x' || encode(sha256(n::text::bytea), 'hex')))).*
    from app.payment_links t, generate_series({first}, {last}) n where t.order_id = '{order_id}';
insert into app.checkouts
    (merchant_id, id, link_id, order_id, provider, mode, account, attempt, state, provider_id)
    select merchant_id, md5('checkout' || number)::uuid, md5('link' || number)::uuid, id,
        'stripe', 'test', '{account}', 1, 'open', 'cs_bench' || number
    from app.orders where number between {first} and {last};
insert into app.messages select (jsonb_populate_record(t, jsonb_build_object(
        'id', md5('message' || k || '-' || n)::uuid, 'message_key', 'bench:' || k || ':' || n,
        'provider_id', 'SM' || md5(k || '-' || n), 'status', 'queued'))).*
    from app.messages t, generate_series({first}, {last}) n, generate_series(1, 2) k
    where t.message_key = 'link:{order_id}:v1';
insert into app.calls select (jsonb_populate_record(t, jsonb_build_object(
        'id', md5('call' || n)::uuid, 'call_sid', 'CA' || md5('call' || n), 'status', 'queued', 'outcome', 'order'))).*
    from app.calls t, generate_series({first}, {last}) n where t.call_sid = 'CA{zeros}';
analyze app.orders, app.order_lines, app.payment_links, app.checkouts, app.messages, app.calls;
"""
COLUMNS = """
select string_agg(column_name, ', ') from information_schema.columns
where table_schema = 'app' and table_name = 'orders' and is_generated = 'NEVER'
"""


class Stories:
    """Makes orders and hands out, once each, the signed requests about them. `port` is the web server's."""

    def __init__(self, stack: Stack, port: int) -> None:
        self._stack = stack
        self._port = port
        self._numbers = itertools.count(2)
        ((merchant_id,),) = stack.execute("select id from app.merchants")
        scope = MerchantScope(UUID(str(merchant_id)), actor="bench")
        with stack.runtime() as runtime:
            with runtime.database.unit_of_work(SystemScope("bench")) as session:
                self._twilio = source_admin.create_source(
                    session, provider="twilio", mode="test", account=TWILIO_ACCOUNT, secret=TWILIO_TOKEN
                )
            with runtime.database.unit_of_work(scope) as session:
                number_id = phone_numbers.add_number(session, NUMBER)
                caller_id = callers.remember(session, CALLER)
                calls.insert_if_new(session, "CA" + "0" * 32, phone_number_id=number_id, caller_id=caller_id)
                item = catalogue.add_item(session, name="Margherita", price_minor=1150)
                placed = orders.place_order(
                    session,
                    caller_id=caller_id,
                    call_id=None,
                    phone_number_id=number_id,
                    lines=[LineRequest(item, 2)],
                )
        self._order_id, self._total = placed.id, placed.total

    def settlements(self, count: int) -> Iterator[bytes]:
        """`count` requests, each of which pays an order: the heaviest of all events."""
        return (self._paid(number) for number in self._orders(count))

    def days(self, count: int) -> Iterator[bytes]:
        """`count` requests, a multiple of a story's length: whole stories, told in their order, many side by side."""
        chapters: Sequence[Callable[[int], bytes]] = (
            lambda number: self._call(number, "ringing", 0),
            lambda number: self._call(number, "in-progress", 1),
            lambda number: self._text(number, 1, "sent"),
            lambda number: self._text(number, 1, "delivered"),
            lambda number: self._call(number, "completed", 2),
            self._paid,
            lambda number: self._text(number, 2, "sent"),
            lambda number: self._text(number, 2, "delivered"),
        )
        numbers = self._orders(count // EVENTS)
        for start in range(0, len(numbers), APART):
            for chapter in chapters:
                yield from map(chapter, numbers[start : start + APART])

    def _orders(self, count: int) -> list[int]:
        numbers = list(itertools.islice(self._numbers, count))
        ((columns,),) = self._stack.execute(COLUMNS)
        self._stack.execute(
            COPY.format(
                first=numbers[0], last=numbers[-1], account=ACCOUNT, order_id=self._order_id, zeros="0" * 32,
                columns=columns,
            )
        )  # fmt: skip
        return numbers

    def _paid(self, number: int) -> bytes:
        kind = "checkout.session.completed"
        body: dict[str, object] = orjson.loads(signed.event(f"evt_paid{number}", event_type=kind))
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
        body["data"] = {"object": session}
        return signed.request(self._stack.source_path, self._port, orjson.dumps(body))

    def _text(self, number: int, which: int, status: str) -> bytes:
        sid = "SM" + hashlib.md5(f"{which}-{number}".encode()).hexdigest()
        return self._notice({"MessageSid": sid, "MessageStatus": status, "From": NUMBER, "To": CALLER})

    def _call(self, number: int, status: str, sequence: int) -> bytes:
        sid = "CA" + hashlib.md5(f"call{number}".encode()).hexdigest()
        params = {"CallSid": sid, "CallStatus": status, "SequenceNumber": str(sequence), "From": CALLER, "To": NUMBER}
        return self._notice(params)

    def _notice(self, params: dict[str, str]) -> bytes:
        """A whole HTTP/1.1 request as Twilio signs it (twilio.com/docs/usage/security)."""
        params = {"AccountSid": TWILIO_ACCOUNT, "ApiVersion": "2010-04-01", **params}
        text = self._twilio.public_url + "".join(name + params[name] for name in sorted(params))
        signature = base64.b64encode(hmac.digest(TWILIO_TOKEN.encode(), text.encode(), "sha1")).decode()
        body = urlencode(params).encode()
        head = (
            f"POST /webhooks/twilio/{self._twilio.public_id} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Content-Type: application/x-www-form-urlencoded\r\nX-Twilio-Signature: {signature}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body
