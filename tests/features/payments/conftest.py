"""An order that awaits its payment, and a loopback payment provider that keeps what it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs

import orjson
import pytest

from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import WEB_PATIENCE, Runtime
from callwaiting.providers.registry import Providers, build_providers
from tests.factories.payments import Payable, make_accounts, make_payable
from tests.providers.api_server import Answer, ApiServer, Received, api_server, json_answer


@dataclass
class PaymentApi:
    """Stripe's and PayPal's checkout calls, idempotent by their keys. `fault` may answer in their place."""

    server: ApiServer
    made: dict[str, dict[str, object]] = field(default_factory=dict)
    faults: list[Answer] = field(default_factory=list)

    def reply(self, request: Received) -> Answer:
        if request.path == "/v1/oauth2/token":
            return json_answer({"access_token": "t", "expires_in": 32400, "token_type": "Bearer"})
        key = request.headers.get("idempotency-key") or request.headers["paypal-request-id"]
        number = len(self.made) + 1
        if request.path == "/v1/checkout/sessions":
            expires = int(parse_qs(request.body.decode())["expires_at"][0])
            made: dict[str, object] = {
                "id": f"cs_test_{number}",
                "object": "checkout.session",
                "url": f"https://checkout.stripe.com/c/pay/cs_test_{number}",
                "expires_at": expires,
            }
        else:
            link = {"rel": "payer-action", "href": f"https://www.paypal.com/checkoutnow?token=PP{number}"}
            made = {"id": f"PP{number}", "status": "PAYER_ACTION_REQUIRED", "links": [link]}
        if self.faults and not self.faults[0].drop:
            return self.faults.pop(0)
        kept = self.made.setdefault(key, made)
        return self.faults.pop(0) if self.faults else Answer(orjson.dumps(kept), 200)

    def requests(self) -> list[Received]:
        return [request for request in self.server.received if request.path != "/v1/oauth2/token"]

    def sent_keys(self) -> list[str]:
        """The idempotency key of each call, in order."""
        sent = [request.headers for request in self.requests()]
        return [headers.get("idempotency-key") or headers["paypal-request-id"] for headers in sent]


@pytest.fixture
def api() -> Iterator[PaymentApi]:
    with api_server() as server:
        api = PaymentApi(server)
        server.answer = api.reply
        yield api


@pytest.fixture
def pointed(settings: Settings, api: PaymentApi) -> Settings:
    """The settings, with both payment providers on the loopback server."""
    return settings.model_copy(update={"stripe_api_base": api.server.url, "paypal_api_base": api.server.url})


@pytest.fixture
def providers(pointed: Settings) -> Providers:
    return build_providers(pointed, **WEB_PATIENCE)


@pytest.fixture
def payable(worker: Runtime, merchant: MerchantScope) -> Payable:
    make_accounts(worker, merchant)
    return make_payable(worker, merchant)
