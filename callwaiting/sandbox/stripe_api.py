"""Stripe's API: Checkout Sessions, PaymentIntents, refunds and the list of events."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from callwaiting.sandbox import checkout, stripe_books, stripe_refunds
from callwaiting.sandbox import stripe_objects as objects
from callwaiting.sandbox.context import sandbox
from callwaiting.sandbox.faults import inject
from callwaiting.sandbox.store import Row
from callwaiting.sandbox.stripe_answers import (
    StripeRefusal,
    account,
    authenticate,
    effect,
    finish,
    form,
    listing,
    own,
    problem,
    refusal,
    whole,
)

bp = Blueprint("stripe", __name__, url_prefix="/stripe/v1")
inject(bp, "stripe", lambda status: problem(status, "api_error", "Injected failure"))
bp.before_request(authenticate)
bp.after_request(finish)
bp.register_error_handler(StripeRefusal, refusal)

_REFUND_PARAMS = frozenset({"amount", "charge", "expand", "metadata", "payment_intent", "reason"})


@bp.errorhandler(HTTPException)
def _http(error: HTTPException) -> Response:
    return problem(error.code or 500, "invalid_request_error", error.name)


@bp.post("/checkout/sessions")
@effect("checkout.session")
def create_session() -> Row:
    here = sandbox()
    given = form()
    session = objects.new_session(given, here.config.public_base_url)
    checkout.put(here, "stripe.sessions", account(), session)
    return objects.session_face(session)


@bp.get("/checkout/sessions/<session_id>")
def retrieve_session(session_id: str) -> Response:
    return jsonify(_expanded(_session(session_id)["object"], _expand_paths()))


@bp.get("/checkout/sessions/<session_id>/line_items")
def session_lines(session_id: str) -> Response:
    lines = _session(session_id)["object"]["lines"]
    return jsonify({"object": "list", "url": request.path, "has_more": False, "data": lines})


@bp.post("/checkout/sessions/<session_id>/expire")
@effect("checkout.session.expire")
def expire_session(session_id: str) -> Row:
    row = _session(session_id)
    try:
        return objects.session_face(checkout.expire(sandbox(), row)["object"])
    except checkout.NotOpen as error:
        raise StripeRefusal(f"Only open sessions can be expired: {error}.", param="session") from None


@bp.get("/checkout/sessions")
def list_sessions() -> Response:
    found = _own_objects("stripe.sessions")
    for session in found:
        checkout.find(sandbox(), session["id"])
    found = _own_objects("stripe.sessions")
    for name in ("payment_intent", "status"):
        if value := request.args.get(name):
            found = [session for session in found if session[name] == value]
    return jsonify(listing([objects.session_face(session) for session in found], "/v1/checkout/sessions"))


@bp.get("/payment_intents/<intent_id>")
def retrieve_intent(intent_id: str) -> Response:
    intent = own("stripe.payment_intents", "payment_intent", intent_id, account())
    return jsonify(_expanded(intent, _expand_paths()))


@bp.get("/charges/<charge_id>")
def retrieve_charge(charge_id: str) -> Response:
    return jsonify(own("stripe.charges", "charge", charge_id, account()))


@bp.post("/refunds")
@effect("refund")
def create_refund() -> Row:
    """Give back part or all of a charge, named by itself or by its PaymentIntent."""
    here = sandbox()
    given = form()
    if unknown := sorted(set(given) - _REFUND_PARAMS):
        raise StripeRefusal(f"Received unknown parameter: {unknown[0]}", code="parameter_unknown", param=unknown[0])
    charge_id = given.get("charge")
    if charge_id is None and "payment_intent" in given:
        charge_id = own("stripe.payment_intents", "payment_intent", given["payment_intent"], account())["latest_charge"]
    if charge_id is None:
        raise StripeRefusal("One of charge or payment_intent is required.", code="parameter_missing")
    charge = own("stripe.charges", "charge", charge_id, account())
    amount = whole(given["amount"], "amount") if "amount" in given else None
    return stripe_refunds.create(here, account(), charge, amount, given)


@bp.get("/refunds/<refund_id>")
def retrieve_refund(refund_id: str) -> Response:
    return jsonify(own("stripe.refunds", "refund", refund_id, account()))


@bp.get("/refunds")
def list_refunds() -> Response:
    found = _own_objects("stripe.refunds")
    for name in ("charge", "payment_intent"):
        if value := request.args.get(name):
            found = [refund for refund in found if refund[name] == value]
    return jsonify(listing(found, "/v1/refunds"))


@bp.get("/balance")
def balance() -> Response:
    return jsonify({"object": "balance", "available": [], "pending": [], "livemode": False})


@bp.get("/balance_transactions")
def list_balance() -> Response:
    """The lines of the account's balance, newest first; `expand[]=data.source` shows what each is about."""
    page = listing(stripe_books.lines(sandbox(), account()), "/v1/balance_transactions")
    if "data.source" not in _expand_paths():
        data = page["data"]
        page["data"] = [{**item, "source": item["source"]["id"]} for item in (data if isinstance(data, list) else [])]
    return jsonify(page)


@bp.get("/events")
def list_events() -> Response:
    """The account's events, newest first."""
    wanted = {value for name, value in request.args.items(multi=True) if name == "type" or name.startswith("types[")}
    found = [event for event in _own_objects("stripe.events") if not wanted or event["type"] in wanted]
    return jsonify(listing(found, "/v1/events"))


@bp.get("/events/<event_id>")
def retrieve_event(event_id: str) -> Response:
    return jsonify(own("stripe.events", "event", event_id, account()))


def _session(session_id: str) -> Row:
    own("stripe.sessions", "checkout.session", session_id, account())
    row = checkout.find(sandbox(), session_id)
    if row is None:
        raise StripeRefusal(f"No such checkout.session: '{session_id}'", status=404, code="resource_missing")
    return row


def _own_objects(table: str) -> list[Row]:
    """The account's objects, newest first."""
    return [row["object"] for row in sandbox().store.rows(table)[::-1] if row["account"] == account()]


def _expand_paths() -> list[str]:
    return [value for name, value in request.args.items(multi=True) if name.startswith("expand[")]


def _expanded(item: Row, paths: Iterable[str]) -> dict[str, Any]:
    """Replace ids by their objects where `expand` asks for it: `payment_intent.latest_charge`, `line_items`."""
    face: dict[str, Any] = objects.session_face(item) if item["object"] == "checkout.session" else dict(item)
    for path in paths:
        name, _, rest = path.partition(".")
        if name == "line_items" and "lines" in item:
            face[name] = {"object": "list", "url": request.path, "has_more": False, "data": item["lines"]}
        if name == "balance_transaction" and item["object"] == "charge" and item["status"] == "succeeded":
            face[name] = {**stripe_books.line(sandbox(), item), "source": item["id"]}
        table = {"payment_intent": "stripe.payment_intents", "latest_charge": "stripe.charges"}.get(name)
        found = sandbox().store.get(table, face[name]) if table and isinstance(face.get(name), str) else None
        if found is not None:
            face[name] = _expanded(found["object"], [rest] if rest else [])
    return face
