"""`POST /webhooks/<provider>/<public_id>` as a Flask route. In a running app the thin door answers it first."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, current_app, request

from callwaiting.core.http.auth import signed
from callwaiting.core.http.limits import WEBHOOK_BYTES
from callwaiting.features.webhooks.receiver import Receiver, acknowledge
from callwaiting.features.webhooks.sources import PREFIX

RULE = f"{PREFIX}/<any(stripe, twilio, paypal):provider>/<public_id>"
blueprint = Blueprint("webhooks", __name__)


@blueprint.url_value_preprocessor
def allow_larger_body(_: str | None, __: dict[str, Any] | None) -> None:
    """Runs before the check of the body's length, which takes the request's own limit."""
    request.max_content_length = WEBHOOK_BYTES


@blueprint.post(RULE)
@signed("the provider's own signature scheme")
def receive(provider: str, public_id: str) -> Response:
    """204 once the event is stored for good, whether for the first time or again."""
    acknowledge(cast(Receiver, current_app.extensions["webhooks"]), request.environ, provider, public_id)
    response = Response(status=204)
    del response.headers["Content-Type"]
    return response
