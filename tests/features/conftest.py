"""Members of two teams at the JSON API."""

from __future__ import annotations

import pytest
from flask import Flask

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from tests.api_client import ApiClient
from tests.factories.merchants import create_merchant


@pytest.fixture
def owner(app: Flask, merchant: MerchantScope) -> ApiClient:
    return ApiClient(app, merchant)


@pytest.fixture
def stranger(app: Flask, worker: Runtime) -> ApiClient:
    """The owner of another merchant."""
    return ApiClient(app, create_merchant(worker, "Mario's"))
