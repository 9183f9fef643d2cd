"""Where Twilio hands in a text and waits for TwiML."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from flask import Blueprint, Response

from callwaiting.core.db import Database
from callwaiting.core.http import context
from callwaiting.core.http.auth import signed
from callwaiting.core.phone import PhoneNumberInvalid, normalize
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.alerts import service as alerts
from callwaiting.features.messages import incoming, twiml
from callwaiting.features.messages.incoming import IncomingText
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.webhooks import sources
from callwaiting.features.webhooks.sources import Source

blueprint = Blueprint("sms", __name__)
log = structlog.get_logger()


@blueprint.post("/webhooks/twilio/<public_id>/sms")
@signed("twilio")
def incoming_text(public_id: str) -> Response:
    """Answer a text at once. Once its signature holds, Twilio gets 200 and TwiML whatever happens: it would neither
    repeat the request nor tell the sender."""
    form = sources.verified_form(public_id)
    try:
        answer = _answer(context.database(), form.source, form.params)
    except Exception as error:
        log.error("sms.failed", message=form.params.get("MessageSid"), error=type(error).__name__, exc_info=error)
        _alert(context.database(), "messages.incoming_failed", form.source, "An incoming text could not be handled.")
        answer = twiml.EMPTY
    return Response(answer, content_type="text/xml; charset=utf-8")


def _answer(database: Database, source: Source, params: Mapping[str, str]) -> bytes:
    try:
        called = normalize(params.get("To", ""))
    except PhoneNumberInvalid:
        called = ""
    with database.unit_of_work(SystemScope("whose number was texted")) as session:
        owner = phone_numbers.owner_of(session, called)
    if owner is None or source.merchant_id not in {None, owner.merchant_id} or not params.get("MessageSid"):
        _alert(database, "messages.unknown_number", source, "A text came for a number that no merchant has here.")
        return twiml.EMPTY
    text = IncomingText(
        provider_id=params["MessageSid"],
        sender=params.get("From", ""),
        body=params.get("Body", ""),
        opt_out_type=params.get("OptOutType", ""),
        media=incoming.media_count(params.get("NumMedia", "")),
    )
    with database.unit_of_work(MerchantScope(owner.merchant_id, actor="caller")) as session:
        return incoming.receive(session, owner.phone_number_id, text)


def _alert(database: Database, rule: str, source: Source, summary: str) -> None:
    """Best effort: where the database is the trouble, the log line has to do."""
    try:
        with database.unit_of_work(SystemScope("an incoming text")) as session:
            alerts.raise_alert(session, rule, subject=f"source:{source.id}", severity="high", summary=summary)
    except Exception as error:
        log.error("alert.not_raised", rule=rule, error=type(error).__name__)
