"""`/r/<token>`: the receipt of one order, to be kept or printed. For people, without scripts; it changes nothing."""

from __future__ import annotations

from flask import Response, make_response, render_template

from callwaiting.core.http import context
from callwaiting.core.http.auth import public
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.receipts import links, service
from callwaiting.features.receipts.errors import ReceiptUnknown
from callwaiting.link_pages import TOKEN, LinkPage, with_content_policy

blueprint = LinkPage(
    "receipt_page",
    __name__,
    problems={
        503: ("One moment, please", "We cannot look up your receipt right now. Nothing is lost. Please try again.")
    },
    otherwise="Please open the link from the text message again.",
)


@blueprint.get("/r/<token>")
@public("whoever holds the token of a receipt may see it")
@with_content_policy("'none'")
def show(token: str) -> Response:
    """What was ordered, paid and given back."""
    if not TOKEN.fullmatch(token):
        raise ReceiptUnknown
    database = context.database()
    with database.unit_of_work(SystemScope("whose receipt is opened")) as session:
        owner = links.owner_of_token(session, token)
    with database.unit_of_work(MerchantScope(owner.merchant_id, actor="caller")) as session:
        shown = service.shown(session, owner.order_id)
    return make_response(render_template("receipt_page/receipt.html", shown=shown, order=shown.order))
