from __future__ import annotations

import pytest
from flask import Flask

from tests.core.probe import add_routes


@pytest.fixture
def app(app: Flask) -> Flask:
    """The application with the routes of the probe."""
    add_routes(app)
    return app
