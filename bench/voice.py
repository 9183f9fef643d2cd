"""How long a caller waits for the next sentence: whole calls over the signed HTTP path, turn by turn.

Each call goes as callers go: an order in one sentence, an order by keys, a booking. Every turn is a request with a
signature of its own, answered by the web server as `up` starts it, with durable commits; the time is the client's, from
the first byte sent to the last one received, so it holds what the server takes and the loopback besides.
"""

from __future__ import annotations

import argparse
import base64
import hmac
import http.client
import itertools
import json
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import time as time_of_day
from urllib.parse import urlencode, urlsplit
from uuid import UUID
from xml.etree import ElementTree

from bench.stack import Stack, cpu_seconds
from bench.stories import TWILIO_ACCOUNT, TWILIO_TOKEN
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.bookings import service as bookings
from callwaiting.features.catalogue import service as catalogue
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.webhooks import source_admin
from callwaiting.features.webhooks.source_admin import RegisteredSource

NUMBER = "+12125550100"  # none of the callers'
MENU = (("Margherita", 1150, 1), ("Pepperoni", 1375, 2), ("Cola", 300, 3))
BARS_MS = {"p50": 20.0, "p95": 60.0}
WARM_UP = 5  # calls of each caller that are not counted: modules, connections, the merchant's key
Said = dict[str, str]
CALLS: Sequence[Sequence[Said]] = (
    ({"SpeechResult": "Hi, two margheritas and a cola please"}, {"SpeechResult": "no, that's all"}, {"Digits": "1"}),
    ({"Digits": "1"}, {"Digits": "2"}, {"Digits": "1"}, {"Digits": "0"}, {"SpeechResult": "yes please"}),
    ({"Digits": "2"}, {"Digits": "1"}, {"Digits": "1"}),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """`kind`: `greeting` for a call's first, `order` or `booking` for one that ended the call with it, else `turn`."""

    kind: str
    ms: float


class Telephone:
    """One caller at a time, over one kept connection."""

    def __init__(self, source: RegisteredSource, port: int) -> None:
        self._url = source.public_url
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def call(self, caller: str, said: Sequence[Said]) -> list[Turn]:
        """The turns of a whole call. Raises SystemExit when it does not end where it must."""
        sid = f"CA{new_id().hex}"
        turns, below = [], "/voice"
        for place, words in enumerate(({}, *said)):
            began = time.perf_counter()
            document = self._ask(below, {"CallSid": sid, "From": caller, "To": NUMBER, **words})
            ms = (time.perf_counter() - began) * 1000
            gather = ElementTree.fromstring(document).find("Gather")
            if (gather is None) != (place == len(said)):
                raise SystemExit(f"turn {place} of {said} was answered: {document.decode()}")
            if gather is not None:
                turns.append(Turn("turn" if place else "greeting", ms))
                below = gather.attrib["action"].removeprefix(self._url)
            else:
                turns.append(Turn("order" if b"order number" in document else "booking", ms))
        return turns

    def close(self) -> None:
        self._connection.close()

    def _ask(self, below: str, params: Said) -> bytes:
        params = {"AccountSid": TWILIO_ACCOUNT, "CallStatus": "in-progress", **params}
        text = self._url + below + "".join(name + params[name] for name in sorted(params))
        signature = base64.b64encode(hmac.digest(TWILIO_TOKEN.encode(), text.encode(), "sha1")).decode()
        headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature}
        self._connection.request("POST", urlsplit(self._url).path + below, urlencode(params), headers)
        answer = self._connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"{below} was answered {answer.status}")
        return body


def furnish(stack: Stack) -> RegisteredSource:
    """A menu, a table with room enough, a number and a Twilio endpoint."""
    ((merchant_id,),) = stack.execute("select id from app.merchants")
    with stack.runtime() as runtime:
        with runtime.database.unit_of_work(MerchantScope(UUID(str(merchant_id)), actor="bench")) as session:
            phone_numbers.add_number(session, NUMBER)
            for name, price_minor, keypad in MENU:
                catalogue.add_item(session, name=name, price_minor=price_minor, keypad=keypad)
            bookings.add_resource(
                session, name="Table", opens=time_of_day(0), closes=time_of_day(23, 59), slot_minutes=15, units=100
            )
        with runtime.database.unit_of_work(SystemScope("bench")) as session:
            return source_admin.create_source(
                session, provider="twilio", mode="test", account=TWILIO_ACCOUNT, secret=TWILIO_TOKEN
            )


def talk(source: RegisteredSource, port: int, callers: int, calls: int) -> list[Turn]:
    """The turns of `calls` calls of each of some callers who talk at the same time."""

    def one(caller: int) -> list[Turn]:
        telephone = Telephone(source, port)
        try:
            scripts = itertools.islice(itertools.cycle(CALLS), caller, caller + calls)
            return [
                turn
                for place, said in enumerate(scripts)
                for turn in telephone.call(f"+1415555{caller:02}{place % 100:02}", said)
            ]
        finally:
            telephone.close()

    with ThreadPoolExecutor(callers) as pool:
        return [turn for turns in pool.map(one, range(callers)) for turn in turns]


def quantiles(turns: Sequence[Turn]) -> dict[str, float]:
    ordered = sorted(turn.ms for turn in turns)
    return {
        "turns": len(ordered),
        "p50_ms": round(ordered[len(ordered) // 2], 2),
        "p95_ms": round(ordered[int(len(ordered) * 0.95)], 2),
        "worst_ms": round(ordered[-1], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.voice", description=__doc__)
    parser.add_argument("--callers", type=int, default=2, help="who talk at the same time, without a pause")
    parser.add_argument("--calls", type=int, default=60, help="of each caller")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    given = parser.parse_args()
    with Stack() as stack:
        source = furnish(stack)
        with stack.serving("wsgi:app") as (port, server):
            talk(source, port, given.callers, WARM_UP)
            cpu = cpu_seconds(server.pid)
            turns = talk(source, port, given.callers, given.calls)
            cpu = cpu_seconds(server.pid) - cpu
    kinds = sorted({turn.kind for turn in turns})
    report: dict[str, object] = dict(quantiles(turns))
    report["server_cpu_ms_a_turn"] = round(cpu * 1000 / len(turns), 2)
    report["by_kind"] = {kind: quantiles([turn for turn in turns if turn.kind == kind]) for kind in kinds}
    report["bars_ms"] = BARS_MS
    sys.stdout.write(json.dumps(report, indent=None if given.json else 2) + "\n")


if __name__ == "__main__":
    main()
