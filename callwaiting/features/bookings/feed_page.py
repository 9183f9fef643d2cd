"""`/b/feeds/<token>.ics`: what a calendar that has subscribed reads."""

from __future__ import annotations

import hashlib
import re

from flask import Blueprint, Response, request

from callwaiting.core.http import context
from callwaiting.core.http.auth import public
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.bookings import feeds

blueprint = Blueprint("booking_feed", __name__)
TOKEN = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


@blueprint.get("/b/feeds/<token>.ics")
@public("whoever holds the token of a feed reads it")
def show(token: str) -> Response:
    """The bookings of a feed; 304 while they are what the calendar has already."""
    if not TOKEN.fullmatch(token):
        raise feeds.FeedNotFound
    with context.database().unit_of_work(SystemScope("whose feed of bookings is read")) as session:
        owner = feeds.owner_of_token(session, token)
    with context.database().unit_of_work(MerchantScope(owner.merchant_id, actor="feed"), reading=True) as session:
        body = feeds.calendar_of(session, owner.feed_id)
    response = Response(body, content_type="text/calendar; charset=utf-8")
    response.headers["Content-Disposition"] = 'inline; filename="bookings.ics"'
    response.headers["Cache-Control"] = "private, no-cache"  # keep it, and ask each time whether it still holds
    response.headers["Referrer-Policy"] = "no-referrer"
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.make_conditional(request)
    return response
