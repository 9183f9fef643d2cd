"""Every blueprint with its prefix, one line each. Access policies stand beside the routes."""

from __future__ import annotations

from flask import Flask

from callwaiting.features.accounts import routes as accounts
from callwaiting.features.calls import routes as calls
from callwaiting.features.calls import voice_routes as voice
from callwaiting.features.docs import routes as docs
from callwaiting.features.health import routes as health
from callwaiting.features.messages import routes as messages
from callwaiting.features.orders import payment_page
from callwaiting.features.orders import routes as orders
from callwaiting.features.webhooks import routes as webhooks


def register(app: Flask) -> None:
    app.register_blueprint(health.blueprint)
    app.register_blueprint(docs.blueprint)
    app.register_blueprint(accounts.api.blueprint)
    app.register_blueprint(webhooks.blueprint)
    app.register_blueprint(messages.blueprint)
    app.register_blueprint(payment_page.blueprint)
    app.register_blueprint(voice.blueprint)
    app.register_blueprint(orders.api.blueprint)
    app.register_blueprint(calls.api.blueprint)
