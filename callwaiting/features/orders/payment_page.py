"""`/p/<token>`: what the order is, what it costs, and the way to the provider's own page. For people, without scripts.

Opening the page changes nothing of an order, so link previews and scanners do no harm; only the POST makes a checkout.
"""

from __future__ import annotations

from typing import Literal, cast

from flask import Response, current_app, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import BadRequest
from callwaiting.core.http import context
from callwaiting.core.http.auth import public
from callwaiting.core.http.origins import origin_of, require_own_origin
from callwaiting.core.http.rate_limits import NEW_LINK
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.orders import renewal
from callwaiting.features.orders import service as orders
from callwaiting.features.orders.errors import NotRenewable
from callwaiting.features.orders.service import OrderSummary
from callwaiting.features.payments import service as payments
from callwaiting.features.payments.errors import (
    AmountNotTaken,
    CurrencyNotTaken,
    LinkExpired,
    LinkReplaced,
    LinkUnknown,
    NotPayable,
    PaymentUnderway,
)
from callwaiting.features.payments.service import Link, PaymentProvider
from callwaiting.link_pages import TOKEN, LinkPage, with_content_policy
from callwaiting.providers.registry import Providers

blueprint = LinkPage(
    "payment_page",
    __name__,
    problems={
        502: ("Payment is not possible right now", "The payment service does not answer. Nothing was charged and your"
              " order is kept. Please try again in a moment."),
        503: ("One moment, please", "We cannot look up your order right now. Nothing is lost. Please try again."),
    },
    otherwise="Nothing was charged. Please open the link from the text message again.",
)  # fmt: skip
LABELS: dict[PaymentProvider, str] = {"stripe": "Pay by card", "paypal": "Pay with PayPal"}
# Seconds until the page looks again while a payment is on its way; after the last one the buttons come back.
LOOKS = (2, 2, 3, 3, 5, 5, 8, 10, 15, 20, 30)
CLOSED = {"cancelled": "closed", "expired": "expired", "refunded": "refunded"}
UNPAID = {"awaiting_payment", "awaiting_rest", "expired", "cancelled"}
Held = Literal["parked", "under_way"]
# Where the providers send payers from our form; any other API address brings pages of its own origin.
CHECKOUT_ORIGINS = {
    "https://api.stripe.com": "https://checkout.stripe.com",
    "https://api-m.paypal.com": "https://www.paypal.com",
    "https://api-m.sandbox.paypal.com": "https://www.sandbox.paypal.com",
}
RENEWED = (
    "A new link is on its way",
    "It comes by text message to the phone that ordered. This old link no longer works.",
)
REPLACED = (
    "There is a newer link",
    "This one takes no money any more. Please open the newest text message about your order.",
)


@blueprint.errorhandler(LinkReplaced)
def replaced(_: LinkReplaced) -> Response:
    """Whoever holds the old link has had the order; the new one went to the phone that ordered."""
    return blueprint.say(*REPLACED, 404)


def checkout_origins() -> str:
    """Ours, and those of the providers: browsers hold `form-action` against the redirect that follows too."""
    settings = context.settings()
    bases = (settings.stripe_api_base, settings.paypal_api_base)
    return " ".join(["'self'", *(CHECKOUT_ORIGINS.get(origin_of(base), origin_of(base)) for base in bases)])


@blueprint.get("/p/<token>")
@public("whoever holds the token of a payment link may see its order")
@with_content_policy(checkout_origins)
def show(token: str) -> Response:
    """The order and its state; 410 once the link has expired."""
    link, order, providers, held = _look_up(token)
    looked = request.args.get("back", type=int) or 0
    state = _state(link, order, held)
    if state in {"payable", "under_way"} and 0 < looked <= len(LOOKS):
        state = "waiting"
    response = make_response(
        render_template(
            "payment_page/order.html",
            order=order,
            state=state,
            unconfirmed=looked > len(LOOKS),
            providers=providers,
            labels=LABELS,
            action=url_for(".pay", token=token),
            renew=url_for(".renew", token=token)
            if state == "expired"
            and renewal.payer_may_renew(order.state, order.version, order.expires_at, order.booking_id)
            else None,
        ),
        410 if state == "expired" else 200,
    )
    if state == "waiting":
        again = url_for(".show", token=token, back=looked + 1)
        response.headers["Refresh"] = f"{LOOKS[looked - 1]};url={again}"
    return response


@blueprint.post("/p/<token>")
@public("whoever holds the token of a payment link may pay its order")
@with_content_policy(checkout_origins)
def pay(token: str) -> Response:
    """Send the payer to the provider's page."""
    require_own_origin()
    provider = request.form.get("provider", "")
    if provider not in LABELS:
        raise BadRequest("no such provider", reason="payments.provider_not_offered")
    try:
        url = payments.start_checkout(
            context.database(), _providers(), _well_formed(token), provider, itemised=orders.checkout_lines
        )
    except PaymentUnderway:
        return _see_other(url_for(".show", token=token, back=1))
    except (NotPayable, LinkExpired):
        return _see_other(url_for(".show", token=token))
    return _see_other(url)


@blueprint.post("/p/<token>/renew")
@public("whoever holds the token of an expired payment link may have its caller texted a new one, three times at most")
@with_content_policy(checkout_origins)
def renew(token: str) -> Response:
    """Text the caller a new link for an order whose own has just expired."""
    require_own_origin()
    database = context.database()
    with database.unit_of_work(SystemScope("whose payment link is renewed")) as session:
        owner = payments.owner_of_token(session, _well_formed(token))
    try:
        with database.unit_of_work(MerchantScope(owner.merchant_id, actor="caller")) as session:
            renewal.ask_for_new_link(session, payments.link_of(session, owner.link_id).order_id)
    except (NotRenewable, NotPayable):
        return _see_other(url_for(".show", token=token))
    return blueprint.say(*RENEWED)


renew.budget = NEW_LINK  # type: ignore[attr-defined]  # read by the limiter


def _look_up(token: str) -> tuple[Link, OrderSummary, list[PaymentProvider], Held | None]:
    """Raises LinkUnknown. When a payer seems to come back from PayPal's approval, PayPal is asked."""
    database = context.database()
    with database.unit_of_work(SystemScope("whose payment link is opened")) as session:
        owner = payments.owner_of_token(session, _well_formed(token))
    with database.unit_of_work(MerchantScope(owner.merchant_id, actor="caller")) as session:
        link = payments.link_of(session, owner.link_id)
        # PayPal adds its order's id and, after an approval only, the payer's (developer.paypal.com, return_url).
        approved = request.args.get("token", "") if request.args.get("PayerID") else ""
        if approved and request.method == "GET":
            payments.came_back(session, approved)
        configured = _providers().configured
        try:
            offered = [name for name in payments.providers_for(session, link.amount) if name in configured]
        except (AmountNotTaken, CurrencyNotTaken):
            offered = []  # an account has changed since the order was placed; the page says to call
        order = orders.summary(session, link.order_id)
        return link, order, offered, _held(session, order)


def _providers() -> Providers:
    return cast(Providers, current_app.extensions["providers"])


def _well_formed(token: str) -> str:
    if not TOKEN.fullmatch(token):
        raise LinkUnknown
    return token


def _held(session: Session, order: OrderSummary) -> Held | None:
    """What keeps an order that is not paid from being paid here."""
    if order.state not in UNPAID:
        return None
    if payments.is_looked_into(session, order.id):
        return "parked"
    return "under_way" if payments.under_way(session, order.id) else None


def _state(link: Link, order: OrderSummary, held: Held | None) -> str:
    if held is not None:
        return held
    if order.state in {"awaiting_payment", "awaiting_rest"}:
        return "expired" if link.expires_at <= clock.now() else "payable"
    return CLOSED.get(order.state, "deposit_paid" if order.state == "deposit_paid" else "paid")


def _see_other(url: str) -> Response:
    return make_response(redirect(url, 303))
