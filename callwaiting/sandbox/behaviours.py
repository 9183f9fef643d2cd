"""Bad days on request: slow, failing and vanishing APIs; late, repeated and shuffled webhooks."""

from __future__ import annotations

import threading
from dataclasses import asdict, dataclass, field

from callwaiting.sandbox.typed_json import Misfit, read


@dataclass
class ApiBehaviour:
    """How one provider's API behaves. `fail_times` requests are answered `fail_status` without any effect;
    `drop_after_effect` POSTs take effect and then lose their connection before the answer. Both count down."""

    delay_ms: int = 0
    fail_times: int = 0
    fail_status: int = 503
    drop_after_effect: int = 0


@dataclass
class ApiBehaviours:
    twilio: ApiBehaviour = field(default_factory=ApiBehaviour)
    stripe: ApiBehaviour = field(default_factory=ApiBehaviour)
    paypal: ApiBehaviour = field(default_factory=ApiBehaviour)


@dataclass
class WebhookBehaviour:
    """How deliveries go out. `duplicate` is how many copies are sent in all (0 and 1 both mean one); `shuffle`
    lets later ones overtake earlier ones; `hold` keeps everything until released. A failed delivery is tried again
    `retry_base_ms` × 1, 2, 4, 8 … later, `max_attempts` times in all. What begins under `withhold` is never sent: only
    the provider's own lists tell of it."""

    delay_ms: int = 0
    duplicate: int = 1
    shuffle: bool = False
    hold: bool = False
    withhold: bool = False
    max_attempts: int = 8
    retry_base_ms: int = 1000


@dataclass
class BehaviourSet:
    """With `refunds_wait` a new refund is pending until `/_sandbox/…/refunds/<id>/succeed` or `/fail`. `fee_minor` is
    what a payment provider keeps of each payment, `dispute_fee_minor` what Stripe takes for each dispute, and returns
    with one that is won while `dispute_fee_returned`."""

    api: ApiBehaviours = field(default_factory=ApiBehaviours)
    webhooks: WebhookBehaviour = field(default_factory=WebhookBehaviour)
    refunds_wait: bool = False
    fee_minor: int = 0
    dispute_fee_minor: int = 0
    dispute_fee_returned: bool = False


class Behaviours:
    """The behaviours in force, with counters that several threads count down."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._set = BehaviourSet()

    @property
    def webhooks(self) -> WebhookBehaviour:
        return self._set.webhooks

    @property
    def refunds_wait(self) -> bool:
        return self._set.refunds_wait

    @property
    def fee_minor(self) -> int:
        return self._set.fee_minor

    @property
    def dispute_fee_minor(self) -> int:
        return self._set.dispute_fee_minor

    @property
    def dispute_fee_returned(self) -> bool:
        return self._set.dispute_fee_returned

    def replace(self, document: object) -> None:
        """Put all behaviours at once; what is not named goes back to normal. Raises Misfit."""
        fresh = read(BehaviourSet, document, "behaviours")
        for api in (fresh.api.twilio, fresh.api.stripe, fresh.api.paypal):
            if not 400 <= api.fail_status <= 599:
                raise Misfit("fail_status must be from 400 to 599")
        for part in (fresh, fresh.webhooks, fresh.api.twilio, fresh.api.stripe, fresh.api.paypal):
            for name, value in vars(part).items():
                if isinstance(value, int) and value < 0:
                    raise Misfit(f"{name} must not be negative")
        with self._lock:
            self._set = fresh

    def shown(self) -> dict[str, object]:
        with self._lock:
            return asdict(self._set)

    def delay(self, provider: str) -> float:
        """Seconds to wait before an API request is handled."""
        return self._api(provider).delay_ms / 1000

    def take_failure(self, provider: str) -> int | None:
        """The status to fail this request with, if it is one of those that shall fail."""
        with self._lock:
            api = self._api(provider)
            if api.fail_times <= 0:
                return None
            api.fail_times -= 1
            return api.fail_status

    def take_drop(self, provider: str) -> int:
        """1 if the answer to this request shall be lost, else 0."""
        with self._lock:
            api = self._api(provider)
            if api.drop_after_effect <= 0:
                return 0
            api.drop_after_effect -= 1
            return 1

    def _api(self, provider: str) -> ApiBehaviour:
        api = self._set.api
        return {"twilio": api.twilio, "stripe": api.stripe, "paypal": api.paypal}[provider]
