"""Whether Twilio, Stripe and PayPal answer: asked by a job, kept in Valkey, read by an operator.

No request waits for a provider, and no number of requests makes us ask one more often.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime

import orjson
import redis
import structlog

from callwaiting.core import clock
from callwaiting.core.errors import CallwaitingError
from callwaiting.providers.registry import Providers

KEPT_SECONDS = 300  # older than five rounds of asking: nobody knows
TIMEOUT_S = 0.5
NAMES = ("twilio", "stripe", "paypal")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ProviderHealth:
    """`reachable` is None when nobody has asked lately, or Valkey cannot tell. `reason` is our name of the failure."""

    name: str
    configured: bool
    reachable: bool | None = None
    ms: float | None = None
    reason: str | None = None
    checked_at: datetime | None = None


def ask_all(providers: Providers, redis_url: str) -> Sequence[ProviderHealth]:
    """Ask each provider that has credentials, all at once, and keep what it says. Raises redis.RedisError."""
    pings: Mapping[str, Callable[[], None]] = {
        "twilio": providers.telephony.ping,
        **{name: payments.ping for name, payments in providers.payments.items()},
    }
    with ThreadPoolExecutor(len(NAMES), "ping") as threads:
        found = list(threads.map(lambda name: _ask(name, pings[name]), sorted(providers.configured & set(NAMES))))
    with redis.Redis.from_url(redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S) as valkey:
        for health in found:
            valkey.set(_key(health.name), orjson.dumps(asdict(health)), ex=KEPT_SECONDS)
    return found


def known(providers: Providers, redis_url: str) -> Sequence[ProviderHealth]:
    """What the job has found last. Never raises for want of Valkey."""
    try:
        with redis.Redis.from_url(redis_url, socket_timeout=TIMEOUT_S, socket_connect_timeout=TIMEOUT_S) as valkey:
            kept = [valkey.get(_key(name)) for name in NAMES]
    except redis.RedisError as error:
        log.warning("health.unknown", error=type(error).__name__)
        kept = [None] * len(NAMES)
    return [
        _read(raw) if isinstance(raw, bytes) else ProviderHealth(name, name in providers.configured)
        for name, raw in zip(NAMES, kept, strict=True)
    ]


def _ask(name: str, ping: Callable[[], None]) -> ProviderHealth:
    began, reason = time.perf_counter(), None
    try:
        ping()
    except CallwaitingError as error:
        reason = error.reason
        log.warning("health.provider_fails", provider=name, reason=reason)
    ms = round((time.perf_counter() - began) * 1000, 1)
    return ProviderHealth(name, True, reason is None, ms, reason, clock.now())


def _key(name: str) -> str:
    return f"cw:health:{name}"


def _read(raw: bytes) -> ProviderHealth:
    values = orjson.loads(raw)
    return ProviderHealth(**(values | {"checked_at": datetime.fromisoformat(values["checked_at"])}))
