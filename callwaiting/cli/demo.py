"""`callwaiting demo`: the story, told while it happens."""

from __future__ import annotations

import json
import secrets
import sys
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import httpx

from callwaiting.cli.demo_world import AMOUNT, LINK, NotRunning, StoryBroken, World, wait_for
from callwaiting.cli.home import Home, data_dir_option
from callwaiting.core.errors import CallwaitingError
from callwaiting.features.webhooks.repository import EventFacts

DONE = {"order.placed": 3, "order.paid": 2, "refund.succeeded": 1, "booking.deposit_asked": 1, "booking.confirmed": 2}


@click.command()
@data_dir_option
@click.option("--json", "as_json", is_flag=True, help="One JSON object for each step.")
def command(data_dir: Path, as_json: bool) -> None:
    """Play a missed call that becomes a paid order, against the running system.

    Everything goes through public doors: signed requests of the telephone company, the payment page, the providers'
    own pages. Exit status 1 when any step is not as it must be.
    """
    narrator = Narrator(as_json=as_json)
    world: World | None = None
    try:
        world = World(Home(data_dir))
        world.require_running()
        world.require_alone()
        play(world, narrator)
    except (StoryBroken, NotRunning, CallwaitingError, httpx.HTTPError) as error:
        narrator.broken(str(error) or type(error).__name__)
        sys.exit(1)
    finally:
        if world is not None:
            world.close()


@dataclass
class Narrator:
    """Tells each step as it happens: to a person, or as JSON lines."""

    as_json: bool
    steps: int = field(default=0, init=False)

    def chapter(self, title: str) -> None:
        if not self.as_json:
            click.secho(f"\n{title}", bold=True)

    def tell(self, who: str, what: str, *, ms: float | None = None) -> None:
        self.steps += 1
        ms = None if ms is None else round(ms, 1)
        if self.as_json:
            click.echo(json.dumps({"step": self.steps, "who": who, "what": what, "ms": ms}, ensure_ascii=False))
        else:
            took = click.style(f"  ({ms:.0f} ms)", dim=True) if ms is not None else ""
            click.echo(f"  {click.style(f'{who:>9}', fg='cyan')}  {what}{took}")

    def broken(self, why: str) -> None:
        if self.as_json:
            click.echo(json.dumps({"step": self.steps, "broken": why}, ensure_ascii=False))
        else:
            click.secho(f"\nBROKEN after {self.steps} steps: {why}", fg="red", err=True)


def play(world: World, narrator: Narrator) -> None:
    """All chapters. Raises StoryBroken."""
    started = datetime.now(UTC)
    began = time.monotonic()
    narrator.chapter("1  Ordered by keypad, paid with Stripe")
    first = order(world, narrator, [{"digits": "1"}, {"digits": "1"}, {"digits": "2"}, {"digits": "0"}], "stripe")
    narrator.chapter("2  Ordered by speech, with a code for a discount, paid with PayPal")
    spoken = ["two pepperoni and a coke please", "I have a code, summer ten", "that's all"]
    order(world, narrator, [{"speech": said} for said in spoken], "paypal", heard="The code SUMMER10 takes $")
    narrator.chapter("3  A table by keypad")
    book(world, narrator)
    narrator.chapter("4  A class, with a deposit")
    join(world, narrator)
    narrator.chapter("5  A caller who hangs up, and one who wants no texts")
    hang_up_and_stop(world, narrator)
    narrator.chapter("6  The owner looks at it")
    look(world, narrator, first)
    narrator.chapter("7  What the system did")
    account_for(world, narrator, started)
    if not narrator.as_json:
        click.secho(
            f"\nAll {narrator.steps} steps were as they must be ({time.monotonic() - began:.1f} s).", fg="green"
        )


def order(world: World, narrator: Narrator, turns: list[dict[str, str]], provider: str, heard: str = "") -> Caller:
    caller = Caller(world, narrator)
    caller.ring()
    for said in turns:
        caller.say(**said)
    caller.expect(heard)
    total = AMOUNT.findall(caller.spoken)[-1:]
    if not total or f"total is {total[0]}" not in caller.spoken:
        raise StoryBroken(f"the order was not read back with its total: {caller.spoken!r}")
    caller.say(**({"digits": "1"} if provider == "stripe" else {"speech": "yes"}))
    caller.expect(total[0])
    link = pay(world, narrator, caller, total[0], provider)
    receipt = caller.text_with("receipt", "paid")
    if total[0] not in receipt:
        raise StoryBroken(f"the receipt names another amount than {total[0]}: {receipt!r}")
    wait_for("the paid page", lambda: "paid" in world.page(link).lower() or None)
    narrator.tell("payer", f"sees on the page that the order is paid: {total[0]} once more")
    return caller


def pay(world: World, narrator: Narrator, caller: Caller, amount: str, provider: str) -> str:
    """The payer opens the link that was texted and pays; returns the link."""
    text = caller.text_with("/p/")
    found = LINK.search(text)
    if found is None or amount not in text:
        raise StoryBroken(f"the text has no link, or another amount than {amount}: {text!r}")
    if amount not in world.page(found.group()):
        raise StoryBroken(f"the payment page shows another amount than {amount}")
    narrator.tell("payer", f"opens the link: the page says {amount} too")
    checkout = world.go_to_checkout(found.group(), provider)
    narrator.tell("payer", f"is sent on to {provider}")
    world.pay(checkout)
    narrator.tell(provider, "has the payer's yes, and posts its signed event")
    return found.group()


def book(world: World, narrator: Narrator) -> None:
    caller = Caller(world, narrator)
    caller.ring()
    caller.say(digits="2")
    caller.expect("For Table")
    caller.say(speech="a table for four please")
    caller.say(digits="1")
    caller.expect("holding")
    caller.expect("4 people")
    caller.say(digits="1")
    caller.text_with("booked", "booking", "confirmed")


def join(world: World, narrator: Narrator) -> None:
    """A time is kept until its deposit is paid, and booked then."""
    caller = Caller(world, narrator)
    caller.ring()
    caller.say(speech="I would like to book the pizza class")
    caller.say(digits="1")
    caller.expect("A deposit of $15.00 is due now")
    caller.say(speech="yes please")
    caller.expect("You are booked as soon as it is paid.")
    pay(world, narrator, caller, "$15.00", "stripe")
    caller.text_with("you are booked")


def hang_up_and_stop(world: World, narrator: Narrator) -> None:
    caller = Caller(world, narrator)
    caller.ring()
    caller.say(digits="1")
    world.hang_up(caller.call_sid)
    narrator.tell("caller", "hangs up in the middle")
    caller.text_with("STOP")
    answer = world.text(caller.number, "no more texts please")
    narrator.tell("caller", "texts: no more texts please", ms=answer["elapsed_ms"])
    caller.text_with("no more", "not text", "unsubscribed", "stopped")


def look(world: World, narrator: Narrator, first: Caller) -> None:
    """The owner signs in at the API, sees both orders, paid, and gives the first caller something back."""
    narrator.tell("owner", f"signs in for {world.sign_in()}")
    prove_forwarding(world, narrator)
    of_class, *newest = world.orders()[:3]
    if [order["state"] for order in (of_class, *newest)] != ["deposit_paid", "paid", "paid"]:
        raise StoryBroken(f"the API does not show the two orders as paid, and the deposit: {newest}")
    for shown in reversed(newest):
        narrator.tell("owner", f"reads of order {shown['number']}: paid, {dollars(shown['total'])}")
    refund = world.give_back(newest[-1]["id"], minor=100)
    narrator.tell("owner", f"gives {dollars(refund['amount'])} of order {newest[-1]['number']} back: a cold crust")
    _, waited = wait_for("the refund", lambda: world.refund_state(refund["id"]) == "succeeded" or None)
    narrator.tell("stripe", "has the refund, and posts its signed events", ms=waited * 1000)
    if night_ends := world.waits_until("refund"):
        narrator.tell("text", f"about the refund waits until {night_ends}: it is night where the caller is")
    elif "$1.00" not in first.text_with("given back"):
        raise StoryBroken("the text names another amount than was given back")
    if world.orders()[2]["state"] != "part_refunded":
        raise StoryBroken("the order does not show that a part was given back")
    world.sign_out()
    narrator.tell("owner", "signs out, and the access token is good no more")


def prove_forwarding(world: World, narrator: Narrator) -> None:
    """The owner's line is rung once, and the call comes back. There are five tests a day, so a demo may have none."""
    test = world.test_forwarding()
    if test is None:
        return
    narrator.tell("owner", "has the shop's line rung, and does not pick up")

    def ended() -> dict[str, Any] | None:
        found = world.forwarding_test(test)
        return None if found["ended_at"] is None else found

    found, waited = wait_for("the end of the test call", ended)
    if found["state"] != "works":
        raise StoryBroken(f"the forwarding was not proved: {found['state']}")
    narrator.tell("test call", found["says"], ms=waited * 1000)


def dollars(amount: dict[str, int]) -> str:
    return f"${amount['amount'] / 100:.2f}"


def account_for(world: World, narrator: Narrator, started: datetime) -> None:
    """Every event is done, every step is in the audit trail, and the chain holds."""

    def settled() -> list[EventFacts] | None:
        events = world.events_since(started)
        return events if events and all(event.status in {"done", "ignored"} for event in events) else None

    events, _ = wait_for("the end of all work", settled)
    acknowledged = world.acknowledged()
    for event in events:
        done = (event.done_at - event.received_at).total_seconds() * 1000 if event.done_at else None
        # Twilio's events have no ids: ours is of the thing and its new status, the stand-in's of the thing alone.
        subject, _, rest = event.provider_event_id.partition("|")
        status = rest.partition("|")[0]
        waited = next(
            (d["ms"] for d in acknowledged if d["event_id"] == subject and d["event_type"].endswith(status)), None
        )
        told = f"{event.provider} {event.event_type}{f' {status}' if status else ''}: {event.status}"
        if waited is not None:
            told += f", acknowledged in {waited:.0f} ms"
        narrator.tell("worker", told, ms=done)
    for entry in world.audit_since(started):
        narrator.tell(
            "audit", f"{entry.body['action']} {entry.body['subject'].partition(':')[0]} {entry.body['outcome']}"
        )
    actions = [entry.body["action"] for entry in world.audit_since(started)]
    for wanted, count in DONE.items():
        if actions.count(wanted) != count:
            raise StoryBroken(f"the audit trail has {wanted} {actions.count(wanted)} times, not {count}")
    wait_for("the end of the audit chain", lambda: all(e.seq is not None for e in world.audit_since(started)) or None)
    narrator.tell("audit", f"the chain holds: {world.verify_audit()} links")


class Caller:
    """Somebody with a phone of their own, new for each chapter."""

    def __init__(self, world: World, narrator: Narrator) -> None:
        self.number = f"+1212555{secrets.randbelow(10_000):04d}"
        self.call_sid = ""
        self.spoken = ""
        self._world = world
        self._narrator = narrator
        self._read: set[int] = set()

    def ring(self) -> None:
        self._narrator.tell("caller", "rings the pizzeria; the line is busy and the carrier forwards the call")
        self._heard(self._world.ring(self.number))
        if "automated assistant" not in self.spoken:
            raise StoryBroken(f"the assistant did not say what it is: {self.spoken!r}")

    def say(self, **said: str) -> None:
        self._narrator.tell("caller", f"presses {said['digits']}" if "digits" in said else f"“{said['speech']}”")
        self._heard(self._world.take_turn(self.call_sid, **said))

    def _heard(self, answer: dict[str, object]) -> None:
        if answer["error"]:
            raise StoryBroken(f"the call failed: {answer['error']}")
        self.call_sid, self.spoken = str(answer["call_sid"]), str(answer["spoken"])
        self._narrator.tell("assistant", self.spoken, ms=float(str(answer["elapsed_ms"])))

    def expect(self, words: str) -> None:
        if words not in self.spoken:
            raise StoryBroken(f"expected {words!r} in {self.spoken!r}")

    def text_with(self, *any_of: str) -> str:
        """Wait for the next text that has one of these words."""

        def look() -> str | None:
            for index, body in enumerate(self._world.received(self.number)):
                if index not in self._read and any(word.lower() in body.lower() for word in any_of):
                    self._read.add(index)
                    return body
            return None

        body, waited = wait_for(f"a text with {' or '.join(any_of)}", look)
        self._narrator.tell("text", body, ms=waited * 1000)
        return body
