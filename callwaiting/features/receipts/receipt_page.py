"""`/r/<token>`: the receipt of one order, to be kept or printed. For people, without scripts; it changes nothing."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import structlog
from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.exceptions import HTTPException

from callwaiting.core.errors import CallwaitingError
from callwaiting.core.http import context
from callwaiting.core.http.auth import View, public
from callwaiting.core.http.headers import NO_SCRIPT_SINKS
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.extensions import talisman
from callwaiting.features.receipts import links, service
from callwaiting.features.receipts.errors import ReceiptUnknown

blueprint = Blueprint("receipt_page", __name__, template_folder="templates")
log = structlog.get_logger()

STYLESHEET = (Path(__file__).parent / "static" / "receipt.css").read_bytes()
STYLESHEET_VERSION = hashlib.sha256(STYLESHEET).hexdigest()[:12]
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; "
    f"{NO_SCRIPT_SINKS}"
)
PROBLEMS = {
    404: ("Page not found", "This link does not work. Please open it again from the text message."),
    429: ("One moment, please", "There were too many requests from your connection. Please try again later."),
    503: ("One moment, please", "We cannot look up your receipt right now. Nothing is lost. Please try again."),
}
OTHER_PROBLEM = ("Something went wrong", "Please open the link from the text message again.")


def with_content_policy(view: View) -> View:
    """Give a view its own Content-Security-Policy: our stylesheet only."""
    talisman(content_security_policy=POLICY)(view)
    return view


@blueprint.get("/r/<token>")
@public("whoever holds the token of a receipt may see it")
@with_content_policy
def show(token: str) -> Response:
    """What was ordered, paid and given back."""
    if not TOKEN.fullmatch(token):
        raise ReceiptUnknown
    database = context.database()
    with database.unit_of_work(SystemScope("whose receipt is opened")) as session:
        owner = links.owner_of_token(session, token)
    with database.unit_of_work(MerchantScope(owner.merchant_id, actor="caller")) as session:
        shown = service.shown(session, owner.order_id)
    response = make_response(render_template("receipt_page/receipt.html", shown=shown, order=shown.order))
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@blueprint.get("/r/assets/receipt.css")
@public("the stylesheet of the receipt")
def stylesheet() -> Response:
    response = Response(STYLESHEET, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@blueprint.after_request
def keep_private(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@blueprint.app_template_global()
def receipt_stylesheet() -> str:
    """The stylesheet's address, which changes with its content."""
    return url_for("receipt_page.stylesheet", v=STYLESHEET_VERSION)


@blueprint.errorhandler(CallwaitingError)
def refused(error: CallwaitingError) -> Response:
    if error.face.status >= 500:
        log.error("receipt_page.failed", reason=error.reason, detail=error.detail, exc_info=error.__cause__)
    return _problem(error.face.status, error.retry_after)


@blueprint.errorhandler(Exception)
def failed(error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.code is not None:
        return _problem(error.code)
    log.error("receipt_page.crashed", error=type(error).__name__, exc_info=error)
    return _problem(500)


def _problem(status: int, retry_after: int | None = None) -> Response:
    title, message = PROBLEMS.get(status, OTHER_PROBLEM)
    again = request.path if status in {429, 502, 503, 504} else None
    page = render_template("receipt_page/problem.html", title=title, message=message, again=again)
    response = make_response(page, status)
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    return response
