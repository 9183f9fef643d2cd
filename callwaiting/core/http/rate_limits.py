"""Rate limits: who a request counts for, and what it hears when that is too much."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from flask import Flask, Response, current_app, g, request
from flask_limiter import Limiter

from callwaiting.core import metrics
from callwaiting.core.errors import CallwaitingError, ErrorCode
from callwaiting.core.http.auth import Principal, policy_of
from callwaiting.core.http.buckets import Bucket, SharedCounts, Taken
from callwaiting.core.http.limits import client_network
from callwaiting.core.settings import Settings


class RateLimitExceeded(CallwaitingError):
    code = ErrorCode.RATE_LIMIT_EXCEEDED
    reason = "http.rate_limit_exceeded"


class Budget(NamedTuple):
    """A tighter limit of some routes together, of an address or, behind a sign-in, of a person.

    `share` is that of RATE_LIMIT_MAX_REQUESTS, so that raising the one number raises all.
    """

    name: str
    share: float


SIGN_IN = Budget("sign-in", 0.3)
CODE = Budget("code", 0.3)
MAIL = Budget("mail", 0.1)  # whatever sends a mail to an address that somebody types
MAILED_TOKEN = Budget("mailed-token", 0.2)
NEW_LINK = Budget("new-link", 0.05)  # each has somebody texted
EXPORT = Budget("export", 0.1)


@dataclass(frozen=True, slots=True)
class Numbers:
    """Requests per window: of an address nobody has signed in at, of a person or API key, of a whole merchant."""

    window_ms: int
    address: int
    person: int
    merchant: int

    def buckets(self) -> list[Bucket]:
        """Those that the current request counts in. One with a token that is not valid counts for its address.

        None for signed requests: a provider has few addresses and sends many.
        """
        endpoint, who = request.endpoint or "", g.get("principal")
        budget: Budget | None = getattr(current_app.view_functions.get(endpoint), "budget", None)
        if isinstance(who, Principal):
            mine = [self._bucket("person", who.user, self.person)]
            if who.merchant_id is not None:
                mine.append(self._bucket("merchant", who.merchant_id.hex, self.merchant))
            if budget is not None:
                mine.append(self._tight(budget, who.user))
            return mine
        if endpoint.startswith("health."):
            return [self._bucket("health", client_network(), self.merchant)]
        if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            # A browser asks once an address and cannot bring its user's token: a busy page would be locked out.
            return [self._bucket("preflight", client_network(), self.merchant)]
        policy = policy_of(endpoint)
        if policy is not None and policy.kind == "signed":
            return []
        address = self._bucket("address", client_network(), self.address)
        return [address] if budget is None else [address, self._tight(budget, address.who)]

    def _tight(self, budget: Budget, who: str) -> Bucket:
        return self._bucket(budget.name, who, math.ceil(self.address * budget.share))

    def _bucket(self, kind: str, who: str, limit: int) -> Bucket:
        return Bucket(kind, who, limit, self.window_ms)


class BucketLimiter(Limiter):
    """Flask-Limiter with another way to judge a request (docs/adr/0017-limits-by-one-call.md).

    Its own finds the limits of the route anew at each request and asks its storage once for each of them.
    """

    def __init__(self, numbers: Numbers, counts: SharedCounts) -> None:
        super().__init__(key_func=client_network, storage_uri="memory://")  # a storage that is never asked
        self._numbers = numbers
        self._counts = counts

    def init_app(self, app: Flask) -> None:
        """Its hooks after a request look for limits of its own, of which there are none."""
        after, teardown = list(app.after_request_funcs[None]), list(app.teardown_request_funcs[None])
        super().init_app(app)
        app.after_request_funcs[None], app.teardown_request_funcs[None] = after, teardown

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        """Flask-Limiter's hook before each request. Raises RateLimitExceeded."""
        buckets = self._numbers.buckets()
        if not buckets:
            return
        taken = g.taken = self._counts.take(buckets)
        if not taken.allowed:
            metrics.RATE_LIMITED.labels(taken.bucket.kind).inc()
            raise RateLimitExceeded(taken.bucket.kind, retry_after=_seconds(taken))


def configure(app: Flask, settings: Settings, *, on_outage: Callable[[], None]) -> None:
    """Count every request but signed ones. `on_outage` is called outside of any request when Valkey is lost."""
    numbers = Numbers(
        settings.rate_limit_window_ms,
        settings.rate_limit_max_requests,
        settings.rate_limit_person_max_requests,
        settings.rate_limit_merchant_max_requests,
    )
    limiter = BucketLimiter(numbers, SharedCounts(settings.redis_url.get_secret_value(), on_outage))
    limiter.init_app(app)
    app.after_request(_tell)


def _tell(response: Response) -> Response:
    """What is left, as draft-ietf-httpapi-ratelimit-headers-03 has it; Reset is in seconds."""
    taken: Taken | None = g.get("taken")
    if taken is not None:
        response.headers.extend(
            (
                ("RateLimit-Limit", str(taken.bucket.limit)),
                ("RateLimit-Remaining", str(taken.remaining)),
                ("RateLimit-Reset", str(_seconds(taken))),
            )
        )
    return response


def _seconds(taken: Taken) -> int:
    return max(1, math.ceil(taken.reset_ms / 1000))
