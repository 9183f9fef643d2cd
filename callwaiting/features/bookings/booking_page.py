"""`/b/<token>`: what was booked, and how to move or cancel it. For people, without scripts.

Opening the page changes nothing, so link previews and scanners do no harm; only the POST acts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Response, make_response, redirect, render_template, request, url_for
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.core.errors import BadRequest
from callwaiting.core.http import context
from callwaiting.core.http.auth import public
from callwaiting.core.http.origins import require_own_origin
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.bookings import callers_own, ics, links, mailing
from callwaiting.features.bookings.callers_own import Own
from callwaiting.features.bookings.links import LinkOwner, LinkUnknown
from callwaiting.link_pages import TOKEN, LinkPage, with_content_policy

blueprint = LinkPage(
    "booking_page",
    __name__,
    problems={
        409: ("This did not work", "The time was taken, or the booking was changed meanwhile. Please look again."),
        412: ("This did not work", "The booking was changed meanwhile. Please look again."),
        422: ("This did not work", "Please look at the e-mail address again."),
    },
    otherwise="Nothing was changed. Please open the link from the text message again.",
    told=True,
)
KEPT = timedelta(days=1)  # a link shows its booking so long after that is over


@blueprint.get("/b/<token>")
@public("whoever holds the token of a booking's link may see it")
@with_content_policy("'self'")
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
@with_content_policy("'self'")
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
@with_content_policy("'self'")
def entry(token: str) -> Response:
    """The booking for a calendar."""
    owner = _owner(token)
    with context.database().unit_of_work(_scope(owner)) as session:
        own = _own(session, owner)
    body = ics.calendar([own.entry], name=own.business, titled=own.business)
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="booking.ics"'
    return response


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
