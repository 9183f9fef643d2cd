from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from callwaiting.core.settings import Settings
from callwaiting.factory import Runtime
from tests.apps import left_as_it_was, opened_app
from tests.core.api_probe import add_api
from tests.core.probe import add_routes


@pytest.fixture(scope="package")
def app_with_routes(settings: Settings, worker_runtime: Runtime) -> Iterator[Flask]:
    with opened_app(settings, add_routes) as made:
        yield made


@pytest.fixture(scope="package")
def app_with_api(settings: Settings, worker_runtime: Runtime) -> Iterator[Flask]:
    with opened_app(settings, add_api) as made:
        yield made


@pytest.fixture
def app(app_with_routes: Flask, worker: Runtime) -> Iterator[Flask]:
    """The application with the routes of the probe; shared like that without them."""
    with left_as_it_was(app_with_routes):
        yield app_with_routes
