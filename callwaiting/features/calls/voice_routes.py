"""Twilio's interactive voice requests: a new call, and each turn of it. The caller waits on the line, so whatever goes
wrong after the signature is answered with a document that says so kindly.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, cast
from uuid import UUID

import structlog
from flask import Blueprint, Response, current_app, request

from callwaiting.core import metrics, phone
from callwaiting.core.errors import CallwaitingError, ServiceUnavailable
from callwaiting.core.http.auth import signed
from callwaiting.core.http.context import database
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.alerts import service as alerts
from callwaiting.features.calls import service, turns, twiml
from callwaiting.features.calls.errors import CallMalformed, CallNotFound
from callwaiting.features.calls.turns import TurnRequest
from callwaiting.features.forwarding import service as forwarding
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.phone_numbers.service import Owner
from callwaiting.features.webhooks import sources
from callwaiting.features.webhooks.sources import VerifiedForm
from callwaiting.providers.registry import Providers

APOLOGY = twiml.farewell("We are sorry, something does not work at the moment. Please try again later. Goodbye.")
NOT_SERVED = twiml.farewell("This number is not in service at the moment. Goodbye.")
MAX_SID = 64
Kind = Literal["answered", "repeated", "ahead", "test", "unroutable", "fault"]
MAX_HEARD = 1000  # a minute of speech is Twilio's limit

blueprint = Blueprint("voice", __name__)
log = structlog.get_logger()


@blueprint.post("/webhooks/twilio/<public_id>/voice")
@signed("twilio")
def new_call(public_id: str) -> Response:
    """A call came in."""
    return _respond(public_id, 0)


@blueprint.post("/webhooks/twilio/<public_id>/voice/turn")
@signed("twilio")
def turn(public_id: str) -> Response:
    """The caller pressed keys, spoke, or stayed silent."""
    given = request.args.get("n", "")
    return _respond(public_id, int(given) if given.isascii() and given.isdigit() and len(given) <= 6 else None)


@blueprint.post("/webhooks/twilio/<public_id>/voice/whisper")
@signed("twilio")
def whisper(public_id: str) -> Response:
    """Somebody of the merchant's was rung for a caller, and has picked up."""
    return _rung(public_id, taken=False)


@blueprint.post("/webhooks/twilio/<public_id>/voice/whisper/taken")
@signed("twilio")
def taken(public_id: str) -> Response:
    """Whoever was rung has pressed a key."""
    return _rung(public_id, taken=True)


def _rung(public_id: str, *, taken: bool) -> Response:
    """Nothing but the key 1 connects: a mailbox that answers, or anything that goes wrong, hangs up this leg alone, and
    the caller is back with us."""
    try:
        form = sources.verified_form(public_id)
        merchant_id, call_id = UUID(request.args["m"]), UUID(request.args["c"])
        if form.source.merchant_id not in {None, merchant_id}:
            return _document(twiml.hang_up(), "unroutable")
        with database().unit_of_work(MerchantScope(merchant_id, actor="caller")) as session:
            if not taken:
                text = service.whisper(session, call_id)
                below = f"/voice/whisper/taken?m={merchant_id}&c={call_id}"
                return _document(twiml.whisper(text, form.source.public_url + below), "answered")
            if form.params.get("Digits") != "1":
                return _document(twiml.hang_up(), "answered")
            service.accept_transfer(session, call_id)
            return _document(twiml.connect(), "answered")
    except (CallwaitingError, ValueError, KeyError) as error:
        if isinstance(error, CallwaitingError) and error.face.status < 500 and not isinstance(error, CallNotFound):
            raise
        log.error("voice.whisper_failed", error=type(error).__name__)
        return _document(twiml.hang_up(), "fault")


def _respond(public_id: str, nonce: int | None) -> Response:
    try:
        form = sources.verified_form(public_id)
    except CallwaitingError as error:
        if error.face.status < 500:
            raise
        # Nobody can say whether this is Twilio; the apology tells a stranger nothing and does nothing.
        return _fault(error)
    call_sid = form.params.get("CallSid", "")
    if not 0 < len(call_sid) <= MAX_SID:
        raise CallMalformed
    try:
        return _served(form, call_sid, nonce)
    except Exception as error:  # the caller must hear something, whatever broke
        _alert_fault(error)
        return _fault(error)


def _served(form: VerifiedForm, call_sid: str, nonce: int | None) -> Response:
    called = phone.caller_number(form.params.get("To", ""))
    caller = phone.caller_number(form.params.get("From", "")) if nonce == 0 else None
    with database().unit_of_work(SystemScope("a call's merchant")) as session:
        owner = phone_numbers.owner_of(session, called) if called else None
        tester = phone_numbers.owner_of(session, caller) if caller else None
        if tester is not None:
            return _come_back(form, tester, owner)
        if owner is None or form.source.merchant_id not in {None, owner.merchant_id}:
            alerts.raise_alert(
                session,
                "calls.unroutable",
                subject=f"source:{form.source.id}",
                severity="high",
                summary="A call came in for a number that belongs to no merchant here.",
            )
            return _document(NOT_SERVED, "unroutable")
    asked, scope = _turn_request(form, owner, call_sid, nonce), MerchantScope(owner.merchant_id, actor="caller")
    language = cast(Providers, current_app.extensions["providers"]).language
    if language is not None and nonce and asked.speech:
        # No connection to the database is held while a model thinks.
        with database().unit_of_work(scope) as session:
            question = turns.consult(session, asked)
        if question is not None:
            asked = replace(asked, suggested=language.choose(question))
    with database().unit_of_work(scope) as session:
        answered = turns.answer(session, asked)
    return _document(answered.document, answered.kind)


def _come_back(form: VerifiedForm, tester: Owner, owner: Owner | None) -> Response:
    """A call that a number of ours makes can only be a test of the forwarding. It has come back, and is never answered:
    so nobody pays for it, nobody is texted, and it cannot go round."""
    if form.source.merchant_id in {None, tester.merchant_id}:  # another's account proves nothing
        with database().unit_of_work(MerchantScope(tester.merchant_id, actor="caller")) as session:
            forwarding.prove(session, tester.phone_number_id, reached=owner == tester)
    return _document(twiml.busy(), "test")


def _turn_request(form: VerifiedForm, owner: Owner, call_sid: str, nonce: int | None) -> TurnRequest:
    params = form.params
    seconds = params.get("RecordingDuration", "")
    return TurnRequest(
        call_sid=call_sid,
        caller=phone.caller_number(params.get("From", "")),
        called=params.get("To", ""),
        phone_number_id=owner.phone_number_id,
        nonce=nonce,
        url=form.source.public_url,
        digits=params.get("Digits", "")[:MAX_HEARD],
        speech=params.get("SpeechResult", "")[:MAX_HEARD],
        forwarded_from=phone.caller_number(params.get("ForwardedFrom", "")),
        bridged=params.get("DialBridged") == "true" and params.get("DialCallStatus") in {"completed", "answered"},
        recording_sid=params.get("RecordingSid", "")[:MAX_SID],
        recording_seconds=int(seconds) if seconds.isascii() and seconds.isdigit() and len(seconds) < 6 else 0,
    )


def _alert_fault(error: Exception) -> None:
    """Tell an operator, if the database can be reached at all."""
    if isinstance(error, ServiceUnavailable):
        return
    try:
        with database().unit_of_work(SystemScope("a fault in a call")) as session:
            alerts.raise_alert(
                session,
                "calls.fault",
                subject=type(error).__name__,
                severity="critical",
                summary="A caller heard an apology because of a fault of ours.",
            )
    except Exception as failure:  # the answer to the caller comes first
        log.warning("voice.alert_failed", error=type(failure).__name__)


def _fault(error: Exception) -> Response:
    log.error("voice.fault", error=type(error).__name__, exc_info=error)
    return _document(APOLOGY, "fault")


def _document(document: bytes, kind: Kind) -> Response:
    metrics.VOICE_TURNS.labels(kind).inc()
    return Response(document, content_type="text/xml; charset=utf-8", headers={"Cache-Control": "no-store"})
