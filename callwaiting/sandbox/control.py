"""The sandbox's own controls below `/_sandbox`: play callers and payers, set behaviours, look at what happened."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request

from callwaiting.sandbox import calls, checkout, paypal_orders, paypal_refunds, phones, stripe_refunds
from callwaiting.sandbox.context import sandbox
from callwaiting.sandbox.store import Row
from callwaiting.sandbox.stripe_answers import StripeRefusal
from callwaiting.sandbox.stripe_objects import session_face

bp = Blueprint("control", __name__, url_prefix="/_sandbox")


class Wrong(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@bp.errorhandler(Wrong)
def _wrong(error: Wrong) -> tuple[Response, int]:
    return jsonify({"error": str(error)}), error.status


@bp.errorhandler(ValueError)
def _misfit(error: ValueError) -> tuple[Response, int]:
    return jsonify({"error": str(error)}), 400


@bp.errorhandler(calls.NoSuchCall)
def _no_such_call(error: calls.NoSuchCall) -> tuple[Response, int]:
    return jsonify({"error": f"no such call: {error}"}), 404


@bp.errorhandler(calls.NotPossible)
@bp.errorhandler(checkout.NotOpen)
@bp.errorhandler(paypal_orders.NotPossible)
@bp.errorhandler(paypal_orders.PayPalRefusal)
@bp.errorhandler(StripeRefusal)
def _not_possible(error: Exception) -> tuple[Response, int]:
    return jsonify({"error": str(error)}), 409


@bp.get("/health")
def health() -> Response:
    config = sandbox().config
    configured = {
        "twilio": bool(config.twilio.auth_token),
        "stripe": bool(config.stripe.api_keys),
        "paypal": bool(config.paypal.client_secret),
    }
    return jsonify({"status": "ok", "configured": configured})


@bp.put("/config")
def configure() -> Response:
    sandbox().configure(body_of())
    return jsonify({"status": "ok"})


@bp.put("/numbers/<number>")
def add_number(number: str) -> Response:
    """The account rents one more number, which is set up like its first one."""
    try:
        sandbox().add_number(number)
    except LookupError as error:
        raise Wrong(409, str(error)) from None
    return jsonify({"status": "ok"})


@bp.get("/behaviours")
def show_behaviours() -> Response:
    return jsonify(sandbox().behaviours.shown())


@bp.put("/behaviours")
def set_behaviours() -> Response:
    here = sandbox()
    here.behaviours.replace(body_of())
    here.deliverer.wake()
    return jsonify(here.behaviours.shown())


@bp.post("/reset")
def reset() -> Response:
    """Forget all state and behaviours; configuration and certificates stay."""
    here = sandbox()
    here.deliverer.drop_all()
    here.store.clear()
    here.behaviours.replace({})
    here.deliverer.wake()
    return jsonify({"status": "ok"})


@bp.get("/deliveries")
def deliveries() -> Response:
    return jsonify({"deliveries": sandbox().deliverer.shown()})


@bp.post("/webhooks/release")
def release() -> Response:
    return jsonify({"released": sandbox().deliverer.release()})


@bp.get("/effects")
def effects() -> Response:
    return jsonify({"effects": sandbox().store.rows("effects")})


@bp.get("/phones")
def list_phones() -> Response:
    return jsonify({"phones": phones.phones(sandbox())})


@bp.get("/phones/<number>")
def show_phone(number: str) -> Response:
    return jsonify({"number": number, "messages": phones.phone(sandbox(), number)})


@bp.post("/phones/<number>/text")
def text(number: str) -> Response:
    body = body_of()
    if body.get("unreached"):
        return jsonify(phones.unreached_text(sandbox(), number, _text(body, "to"), _text(body, "body")))
    try:
        return jsonify(phones.send_text(sandbox(), number, _text(body, "to"), _text(body, "body")))
    except LookupError as error:
        raise Wrong(409, str(error)) from None


@bp.get("/calls")
def list_calls() -> Response:
    return jsonify({"calls": calls.shown(sandbox())})


@bp.post("/calls")
def start_call() -> Response:
    body = body_of()
    forwarded = str(body.get("forwarded_from") or "")
    if body.get("unreached"):  # Twilio could not reach the app, which hears of the call from the list alone
        return jsonify(calls.unreached_call(sandbox(), _text(body, "from"), _text(body, "to"), forwarded))
    return jsonify(calls.start_call(sandbox(), _text(body, "from"), _text(body, "to"), forwarded))


@bp.post("/calls/<sid>/turn")
def take_turn(sid: str) -> Response:
    return jsonify(calls.take_turn(sandbox(), sid, body_of()))


@bp.post("/calls/<sid>/hangup")
def hang_up(sid: str) -> Response:
    return jsonify(calls.hang_up(sandbox(), sid))


@bp.get("/stripe/sessions")
def list_sessions() -> Response:
    rows = sandbox().store.rows("stripe.sessions")
    return jsonify({"sessions": [{**session_face(row["object"]), "account": row["account"]} for row in rows]})


@bp.post("/stripe/sessions/<session_id>/pay")
def pay_session(session_id: str) -> Response:
    """Pay; overrides for bad days: amount_total, currency, payment_status."""
    body = body_of()
    if not isinstance(body.get("amount_total", 0), int) or body.get("payment_status", "paid") not in {"paid", "unpaid"}:
        raise Wrong(400, "amount_total is an integer of minor units and payment_status is paid or unpaid")
    with sandbox().store.transaction():
        row = checkout.pay(sandbox(), _session(session_id), body)
    return jsonify(session_face(row["object"]))


@bp.post("/stripe/sessions/<session_id>/<any(decline, expire, succeed, fail):what>")
def change_session(session_id: str, what: str) -> Response:
    """Refuse the card, let the time run out, or bring the late outcome of an unpaid session."""
    here = sandbox()
    with here.store.transaction():
        row = _session(session_id)
        if what == "decline":
            checkout.decline(here, row)
        elif what == "expire":
            row = checkout.expire(here, row)
        else:
            row = checkout.settle(here, row, succeeded=what == "succeed")
    return jsonify(session_face(row["object"]))


@bp.post("/stripe/payments/<intent_id>/refund")
def refund_payment(intent_id: str) -> Response:
    """Give money back at Stripe's own desk: `amount`, or all that is left."""
    amount = body_of().get("amount")
    if amount is not None and not isinstance(amount, int):
        raise Wrong(400, "amount is an integer of minor units")
    with sandbox().store.transaction():
        return _refund(stripe_refunds.at_the_desk(sandbox(), intent_id, amount), intent_id)


@bp.post("/stripe/refunds/<refund_id>/<any(succeed, fail):what>")
def settle_refund(refund_id: str, what: str) -> Response:
    """The outcome of a refund that waits; one that has succeeded may still fail."""
    return _refund(stripe_refunds.settle(sandbox(), refund_id, succeeded=what == "succeed"), refund_id)


@bp.get("/paypal/orders")
def list_orders() -> Response:
    return jsonify({"orders": [row["order"] for row in sandbox().store.rows("paypal.orders")]})


@bp.post("/paypal/orders/<order_id>/approve")
def approve_order(order_id: str) -> Response:
    """Approve as the payer; for bad days: capture_status (PENDING, DECLINED), capture_value, capture_currency."""
    row = paypal_orders.approve(sandbox(), order_id, body_of())
    if row is None:
        raise Wrong(404, f"no such order: {order_id}")
    return jsonify(row["order"])


@bp.post("/paypal/captures/<capture_id>/refund")
def refund_capture(capture_id: str) -> Response:
    """Give money back at PayPal's own desk: `amount` as PayPal writes it, or all that is left."""
    with sandbox().store.transaction():
        taken = sandbox().store.get("paypal.captures", capture_id)
        return _refund(taken and paypal_refunds.create(sandbox(), taken, body_of()), capture_id)


@bp.post("/paypal/refunds/<refund_id>/<any(succeed, fail):what>")
def settle_paypal_refund(refund_id: str, what: str) -> Response:
    """The outcome of a refund that waits."""
    return _refund(paypal_refunds.settle(sandbox(), refund_id, succeeded=what == "succeed"), refund_id)


@bp.get("/paypal/ca.pem")
def ca_certificate() -> Response:
    return Response(sandbox().authority.root_pem, mimetype="application/x-pem-file")


def _session(session_id: str) -> Any:
    row = checkout.find(sandbox(), session_id)
    if row is None:
        raise Wrong(404, f"no such session: {session_id}")
    return row


def _refund(made: Row | None, sought: str) -> Response:
    if made is None:
        raise Wrong(404, f"no such payment or refund: {sought}")
    return jsonify(made)


def body_of() -> dict[str, Any]:
    """The JSON object of the request; an empty body counts as {}."""
    if not request.get_data():
        return {}
    body = request.get_json(force=True, silent=True)
    if not isinstance(body, dict):
        raise Wrong(400, "the body must be a JSON object")
    return body


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Wrong(400, f"{name} must be a text")
    return value
