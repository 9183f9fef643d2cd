"""The pages on which a payer pays: Stripe's checkout and PayPal's approval, each with two buttons."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template_string, request
from werkzeug.wrappers import Response as BaseResponse

from callwaiting.sandbox import checkout, paypal_orders
from callwaiting.sandbox.context import sandbox
from callwaiting.sandbox.pages import LAYOUT, secured
from callwaiting.sandbox.store import Row

bp = Blueprint("pay_pages", __name__)
bp.after_request(secured)

_PAGE = (
    LAYOUT
    + """
<main class="pay"><p class="brand">{{ brand }} <small>sandbox, no real money</small></p>
<h1>{{ amount }}</h1>
<ul>{% for line in lines %}<li>{{ line }}</li>{% endfor %}</ul>
{% if notice %}<p class="notice" role="alert">{{ notice }}</p>{% endif %}
{% if open %}<form method="post">
<button name="choice" value="pay">{{ pay_label }}</button>
<button name="choice" value="decline" class="quiet">{{ decline_label }}</button></form>
{% else %}<p class="notice">{{ state }}</p>{% endif %}</main>"""
)


@bp.get("/stripe/pay/<session_id>")
def show_checkout(session_id: str) -> tuple[str, int]:
    row = checkout.find(sandbox(), session_id)
    return _missing() if row is None else (_checkout_page(row, ""), 200)


@bp.post("/stripe/pay/<session_id>")
def use_checkout(session_id: str) -> tuple[str, int] | BaseResponse:
    here = sandbox()
    with here.store.transaction():
        row = checkout.find(here, session_id)
        if row is None:
            return _missing()
        try:
            if request.form.get("choice") != "pay":
                checkout.decline(here, row)
                return _checkout_page(row, "Your card was declined. Try again."), 200
            row = checkout.pay(here, row, {})
        except checkout.NotOpen:
            return _checkout_page(row, ""), 409
    return redirect(row["object"]["success_url"].replace("{CHECKOUT_SESSION_ID}", session_id), 303)


@bp.get("/paypal/approve/<order_id>")
def show_approval(order_id: str) -> tuple[str, int]:
    row = sandbox().store.get("paypal.orders", order_id)
    return _missing() if row is None else (_approval_page(row), 200)


@bp.post("/paypal/approve/<order_id>")
def use_approval(order_id: str) -> tuple[str, int] | BaseResponse:
    """Back to the shop with the order's id as `token`, as PayPal does."""
    here = sandbox()
    row = here.store.get("paypal.orders", order_id)
    if row is None:
        return _missing()
    back = row["cancel_url"]
    if request.form.get("choice") == "pay":
        try:
            paypal_orders.approve(here, order_id, {})
        except paypal_orders.NotPossible:
            return _approval_page(row), 409
        back = row["return_url"]
    if not back:
        return _approval_page(here.store.get("paypal.orders", order_id) or row), 200
    return redirect(f"{back}{'&' if '?' in back else '?'}token={order_id}&PayerID=SANDBOXPAYER1", 303)


def _checkout_page(row: Row, notice: str) -> str:
    session = row["object"]
    return render_template_string(
        _PAGE,
        title="Checkout",
        refresh=0,
        brand="Stripe",
        amount=checkout.shown_amount(session["amount_total"], session["currency"]),
        lines=[f"{line['quantity']} × {line['description']}" for line in session["lines"]],
        notice=notice,
        open=session["status"] == "open",
        state=f"This checkout is {session['status']}.",
        pay_label="Pay",
        decline_label="Decline",
    )


def _approval_page(row: Row) -> str:
    order = row["order"]
    units = order["purchase_units"]
    return render_template_string(
        _PAGE,
        title="Approve",
        refresh=0,
        brand="PayPal",
        amount=", ".join(f"{unit['amount']['value']} {unit['amount']['currency_code']}" for unit in units),
        lines=[unit.get("description") or unit["reference_id"] for unit in units],
        notice="",
        open=order["status"] in {"CREATED", "PAYER_ACTION_REQUIRED"},
        state=f"This order is {order['status'].lower()}.",
        pay_label="Approve",
        decline_label="Cancel",
    )


def _missing() -> tuple[str, int]:
    page = LAYOUT + '<main class="pay"><p class="notice">There is no such payment.</p></main>'
    return render_template_string(page, title="Not found", refresh=0), 404
