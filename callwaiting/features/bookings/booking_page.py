"""`/b/<token>`: what was booked, and how to move or cancel it. For people, without scripts.

Opening the page changes nothing, so link previews and scanners do no harm; only the POST acts.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import structlog
from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.exceptions import HTTPException

from callwaiting.core import clock
from callwaiting.core.errors import BadRequest, CallwaitingError
from callwaiting.core.http import context
from callwaiting.core.http.auth import View, public
from callwaiting.core.http.headers import NO_SCRIPT_SINKS
from callwaiting.core.http.origins import require_own_origin
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.extensions import talisman
from callwaiting.features.bookings import callers_own, ics, links, mailing
from callwaiting.features.bookings.callers_own import Own
from callwaiting.features.bookings.links import LinkOwner, LinkUnknown

blueprint = Blueprint("booking_page", __name__, template_folder="templates")
log = structlog.get_logger()

TOKEN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    f"{NO_SCRIPT_SINKS}"
)
KEPT = timedelta(days=1)  # a link shows its booking so long after that is over
PROBLEMS = {
    404: ("Page not found", "This link does not work. Please open it again from the text message."),
    409: ("This did not work", "The time was taken, or the booking was changed meanwhile. Please look again."),
    422: ("This did not work", "Please look at the e-mail address again."),
    412: ("This did not work", "The booking was changed meanwhile. Please look again."),
    429: ("One moment, please", "There were too many requests from your connection. Please try again later."),
}
OTHER_PROBLEM = ("Something went wrong", "Nothing was changed. Please open the link from the text message again.")


def with_content_policy(view: View) -> View:
    """Give a view its own Content-Security-Policy: our stylesheet and form only."""
    talisman(content_security_policy=POLICY)(view)
    return view


@blueprint.get("/b/<token>")
@public("whoever holds the token of a booking's link may see it")
@with_content_policy
def show(token: str) -> Response:
    """The booking, and the times to which it can be moved; 410 a day after it is over."""
    owner = _owner(token)
    with context.database().unit_of_work(_scope(owner)) as session:
        own = _own(session, owner)
        over = own.entry.end + KEPT <= clock.now()
        page = render_template("booking_page/booking.html", own=own, token=token, over=over)
    return make_response(page, 410 if over else 200)


@blueprint.post("/b/<token>")
@public("whoever holds the token of a booking's link may change it")
@with_content_policy
def act(token: str) -> Response:
    """Cancel it, move it, say that one will come, or have it mailed."""
    require_own_origin()
    owner, version = _owner(token), request.form.get("version", type=int) or 0
    with context.database().unit_of_work(_scope(owner)) as session:
        match request.form.get("act", ""):
            case "cancel":
                callers_own.cancel(session, owner.booking_id, version)
            case "move":
                callers_own.move(session, owner.booking_id, version, _moment(request.form.get("start", "")))
            case "come":
                callers_own.acknowledge(session, owner.booking_id)
            case "mail":
                mailing.give_address(session, owner.booking_id, request.form.get("email", "").strip())
            case _:
                raise BadRequest("no such act", reason="bookings.no_such_act")
    return make_response(redirect(url_for(".show", token=token), 303))


@blueprint.get("/b/<token>/booking.ics")
@public("whoever holds the token of a booking's link may put it into a calendar")
@with_content_policy
def entry(token: str) -> Response:
    """The booking for a calendar."""
    owner = _owner(token)
    with context.database().unit_of_work(_scope(owner)) as session:
        own = _own(session, owner)
    body = ics.calendar([own.entry], name=own.business, titled=own.business)
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="booking.ics"'
    return response


@blueprint.after_request
def keep_private(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    return response


@blueprint.errorhandler(CallwaitingError)
def refused(error: CallwaitingError) -> Response:
    status = error.face.status
    if status >= 500:
        log.error("booking_page.failed", reason=error.reason, detail=error.detail, exc_info=error.__cause__)
    return _problem(status, error.public_message)


@blueprint.errorhandler(Exception)
def failed(error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.code is not None:
        return _problem(error.code)
    log.error("booking_page.crashed", error=type(error).__name__, exc_info=error)
    return _problem(500)


def _owner(token: str) -> LinkOwner:
    """Raises LinkUnknown."""
    if not TOKEN.fullmatch(token):
        raise LinkUnknown
    with context.database().unit_of_work(SystemScope("whose booking's link is opened")) as session:
        return links.owner_of_token(session, token)


def _scope(owner: LinkOwner) -> MerchantScope:
    return MerchantScope(owner.merchant_id, actor="caller")


def _own(session: Session, owner: LinkOwner) -> Own:
    return callers_own.own(session, owner.booking_id)


def _moment(sent: str) -> datetime:
    try:
        moment = datetime.fromisoformat(sent)
    except ValueError as error:
        raise BadRequest("no moment", reason="bookings.no_moment") from error
    if moment.tzinfo is None:
        raise BadRequest("no zone", reason="bookings.no_moment")
    return moment


def _problem(status: int, said: str | None = None) -> Response:
    title, message = PROBLEMS.get(status, OTHER_PROBLEM)
    again = request.path if request.method == "POST" or status == 429 else None
    page = render_template("booking_page/problem.html", title=title, message=said or message, again=again)
    return make_response(page, status)
