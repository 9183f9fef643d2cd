"""The conditions that must hold once all is quiet. Each violation is one line of words; none means that all hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import SystemScope
from callwaiting.features.audit import verify as audit
from callwaiting.features.audit.chain import chain_batch
from tests.faults.sender import Sender
from tests.faults.stage import Stage
from tests.faults.world import World

SETTLED = {"done", "ignored", "dead"}
UNFINISHED = """
select 'event ' || status as what, count(*) as n from app.webhook_events
    where status in ('received', 'running', 'retry') group by 1
union all
select 'effect ' || state, count(*) from app.outbox where state not in ('done', 'failed', 'dead') group by 1
"""
ACTIONS = """
select convert_from(record, 'utf8')::jsonb->>'action' as action
from (select record from audit.outbox union all select record from audit.log) as records
"""
SHOWN = 5


def unfinished(stage: Stage) -> dict[str, int]:
    """What is still to be done, by kind and state."""
    return {row["what"]: row["n"] for row in stage.execute(UNFINISHED)}


def violations(stage: Stage, world: World, sender: Sender) -> list[str]:
    """All that does not hold."""
    found = [
        *_acknowledged(stage, world, sender),
        *_counted(stage, world),
        *(f"left over: {n} × {what}" for what, n in unfinished(stage).items()),
        *_final_states(stage, world),
        *_effects(stage, world),
        *_forged(stage, world, sender),
        *_chain(stage),
    ]
    return found


def _acknowledged(stage: Stage, world: World, sender: Sender) -> Iterator[str]:
    """Every delivery was answered 2xx in the end, and has one settled row that knows of them all."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in stage.execute("select dedupe_key, status, deliveries, error_class, error from app.webhook_events"):
        rows.setdefault(row["dedupe_key"], []).append(row)
    yield from _some("never acknowledged", (e.key for e in world.events if e.key not in sender.acknowledged))
    yield from _some("refused though rightly signed", (e.key for e in world.events if e.key in sender.refused))
    yield from _some("row that nobody was told of", (key for key in rows if key not in sender.acknowledged))
    for key, times in sender.acknowledged.items():
        stored = rows.get(key, [])
        if len(stored) != 1:
            yield f"{key}: answered 2xx, has {len(stored)} rows"
        elif stored[0]["status"] not in SETTLED:
            yield f"{key}: answered 2xx, is {stored[0]['status']}"
        elif stored[0]["deliveries"] < times:
            yield f"{key}: answered 2xx {times} times, its row knows of {stored[0]['deliveries']}"
        elif stored[0]["status"] == "dead":
            yield f"{key}: dead ({stored[0]['error_class']}: {stored[0]['error']})"


def _counted(stage: Stage, world: World) -> Iterator[str]:
    """What a handler did, it did once: the counter without a key, and the audit trail of the business handlers."""
    counts = Counter(row["key"] for row in stage.execute("select key from probe.counter"))
    for key in world.counted:
        if counts[key] != 1:
            yield f"{key}: counted {counts[key]} times"
    paid = sorted(order for order, state in world.orders.items() if state == "paid")
    actions = Counter(row["action"] for row in stage.execute(ACTIONS))
    wanted = {"order.paid": len(paid), "payment.settled": len(paid), "call.finalised": len(world.calls)}
    for action, times in wanted.items():
        if actions[action] != times:
            yield f"{action}: recorded {actions[action]} times instead of {times}"
    for action in ("payment.surplus", "payment.parked", "webhook.buried", "effect.buried"):
        if actions[action]:
            yield f"{action}: recorded {actions[action]} times"


def _final_states(stage: Stage, world: World) -> Iterator[str]:
    """Orders, checkouts, texts and calls are as if everything had come once and in order."""
    yield from _differences("order", world.orders, stage.execute("select id::text as key, state from app.orders"))
    checkouts = stage.execute("select provider_id as key, state from app.checkouts")
    yield from _differences("checkout", world.checkouts, checkouts)
    texts = "select provider_id as key, status as state from app.messages where kind = 'payment_link'"
    yield from _differences("text", world.messages, stage.execute(texts))
    calls = stage.execute("select call_sid as key, status as state from app.calls")
    yield from _differences("call", world.calls, calls)
    query = "select order_id::text as key, string_agg(state, '+') as state from app.payments group by 1"
    payments = stage.execute(query)
    settled = {order: "settled" for order, state in world.orders.items() if state == "paid"}
    yield from _differences("payment of order", settled, payments)


def _effects(stage: Stage, world: World) -> Iterator[str]:
    """Every planned text was sent, and no stand-in saw an effect happen twice."""
    effects = stage.ask_sandbox("effects")["effects"]
    yield from _some("happened twice", (f"{e['provider']} {e['kind']}" for e in effects if e["count"] > 1))
    paid = sum(state == "paid" for state in world.orders.values())
    wanted = {"payment_link": len(world.orders), "receipt": paid, "missed_call": len(world.calls)}
    for kind, count in wanted.items():
        states = stage.execute("select status, provider_id from app.messages where kind = %s", kind)
        sent = sum(row["provider_id"] is not None for row in states)
        if sent != count or len(states) != count:
            yield f"{kind}: {len(states)} texts, {sent} of them sent, instead of {count}"
    texts = sum(e["count"] for e in effects if (e["provider"], e["kind"]) == ("twilio", "message"))
    if texts != sum(wanted.values()):
        yield f"the stand-in for Twilio sent {texts} texts instead of {sum(wanted.values())}"


def _forged(stage: Stage, world: World, sender: Sender) -> Iterator[str]:
    """Nobody believed a forged request."""
    keys = [event.key for event in world.forged]
    stored = stage.execute("select dedupe_key from app.webhook_events where dedupe_key = any(%s)", keys)
    yield from _some("forged and stored", (row["dedupe_key"] for row in stored))
    yield from _some("forged and acknowledged", (key for key in keys if key in sender.acknowledged))
    yield from _some("forged and never refused", (key for key in keys if key not in sender.refused))


def _chain(stage: Stage) -> Iterator[str]:
    """The audit trail can be proved, after the last records have been chained."""
    with stage.runtime() as runtime:
        with runtime.database.unit_of_work(SystemScope("chain of the proof"), DatabaseRole.AUDIT) as session:
            while chain_batch(session):
                pass
        with runtime.database.unit_of_work(SystemScope("proof"), DatabaseRole.AUDIT) as session:
            if fault := audit.verify(session).fault:
                yield f"audit chain: {fault}"


def _differences(what: str, wanted: Mapping[str, str], rows: list[dict[str, Any]]) -> Iterator[str]:
    found = {row["key"]: row["state"] for row in rows}
    for key in wanted.keys() | found.keys():
        if wanted.get(key) != found.get(key):
            yield f"{what} {key}: {found.get(key)} instead of {wanted.get(key)}"


def _some(what: str, keys: Iterator[str]) -> Iterator[str]:
    """One line for many."""
    if all_keys := list(keys):
        yield f"{what}: {len(all_keys)}, such as {', '.join(all_keys[:SHOWN])}"
