"""A merchant's line, a caller, the Twilio endpoint, and a loopback Twilio."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest

from callwaiting.core import clock
from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.webhooks.source_admin import RegisteredSource
from callwaiting.providers.registry import Providers, build_providers
from tests.factories.payments import make_caller, make_line
from tests.factories.webhooks import make_source
from tests.providers.api_server import ApiServer, api_server


@pytest.fixture
def daytime() -> Iterator[None]:
    """Noon where the business and its callers are, whenever the test runs."""
    with clock.frozen(clock.now().replace(hour=17)):
        yield


@pytest.fixture
def line(worker: Runtime, merchant: MerchantScope) -> UUID:
    return make_line(worker, merchant)


@pytest.fixture
def caller(worker: Runtime, merchant: MerchantScope) -> UUID:
    return make_caller(worker, merchant)


@pytest.fixture
def source(worker: Runtime, settings: Settings) -> RegisteredSource:
    return make_source(worker, "twilio", account=settings.twilio_account_sid)


@pytest.fixture
def twilio() -> Iterator[ApiServer]:
    with api_server() as server:
        yield server


@pytest.fixture
def providers(settings: Settings, worker: Runtime, twilio: ApiServer) -> Providers:
    pointed = settings.model_copy(update={"twilio_api_base": twilio.url})
    return replace(worker.providers, telephony=build_providers(pointed).telephony)
