"""Puts the sandbox together: one Flask app with the three APIs, the mailbox, the pages and the controls."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import httpx
from flask import Flask

from callwaiting.sandbox import (
    control_money,
    mail,
    pages,
    pay_pages,
    paypal_api,
    paypal_events,
    stripe_api,
    stripe_events,
    twilio_api,
    twilio_signing,
)
from callwaiting.sandbox.behaviours import Behaviours
from callwaiting.sandbox.config import Config
from callwaiting.sandbox.context import EXTENSION, Sandbox
from callwaiting.sandbox.deliveries import Deliverer
from callwaiting.sandbox.paypal_signing import load_authority
from callwaiting.sandbox.store import Store

_MAX_BODY = 1024 * 1024
_DELIVERY_SECONDS = 20.0


def create_app(config: Config, state_dir: Path | None = None) -> Flask:
    """Build the app; deliveries start with `sandbox_of(app).deliverer.start()`.

    With `state_dir` the state and the certificates outlive the process; without, all is in memory.
    """
    if state_dir is not None:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Every delivery on its own connection: a kept one that the app has closed would look like a failure of the app.
    client = httpx.Client(timeout=_DELIVERY_SECONDS, trust_env=False, limits=httpx.Limits(max_keepalive_connections=0))
    here = Sandbox(
        config=config,
        store=Store(None if state_dir is None else state_dir / "journal.jsonl"),
        behaviours=Behaviours(),
        client=client,
        authority=load_authority(state_dir),
    )
    here.deliverer = Deliverer(
        here.store,
        here.behaviours,
        client,
        {
            "twilio": partial(twilio_signing.delivery_headers, here),
            "stripe": stripe_events.signature_headers,
            "paypal": partial(paypal_events.signature_headers, here),
        },
    )
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    app.extensions[EXTENSION] = here
    for blueprint in (twilio_api.bp, stripe_api.bp, paypal_api.bp, control_money.bp, pages.bp, pay_pages.bp, mail.bp):
        app.register_blueprint(blueprint)
    return app


def sandbox_of(app: Flask) -> Sandbox:
    """The sandbox inside an app made here."""
    found = app.extensions[EXTENSION]
    if not isinstance(found, Sandbox):
        raise TypeError("this Flask app is no sandbox")
    return found


def close(app: Flask) -> None:
    """Stop the deliveries and close the journal; what is not delivered waits for the next start."""
    here = sandbox_of(app)
    here.deliverer.close()
    here.client.close()
    here.store.close()
