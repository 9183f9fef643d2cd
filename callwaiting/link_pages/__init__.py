"""The pages that a link in a text message opens: payment, booking, receipt. For people, without scripts.

    blueprint = LinkPage("receipt_page", __name__, problems={503: (…)}, otherwise="Please open the link again.")

    @blueprint.get("/r/<token>")
    @public("whoever holds the token of a receipt may see it")
    @with_content_policy("form-action 'none'")
    def show(token: str) -> Response: ...

Templates extend `link_page/base.html`. No answer is kept by a cache or found by a search engine, and whatever goes
wrong becomes a page that says what a person can do.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import structlog
from flask import Blueprint, Response, make_response, render_template, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy

from callwaiting.core.errors import CallwaitingError
from callwaiting.core.http.auth import View, public
from callwaiting.core.http.headers import NO_SCRIPT_SINKS
from callwaiting.extensions import talisman

log = structlog.get_logger()

STYLESHEET = (Path(__file__).parent / "static" / "page.css").read_bytes()
STYLESHEET_VERSION = hashlib.sha256(STYLESHEET).hexdigest()[:12]
TOKEN = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
PROBLEMS = {
    404: ("Page not found", "This link does not work. Please open it again from the text message."),
    429: ("One moment, please", "There were too many requests from your connection. Please try again later."),
}
TEMPORARY = {429, 502, 503, 504}


class LinkPage(Blueprint):
    """`problems` are title and message by status, beside those that all pages share; `otherwise` is the message for
    every other status. With `told` an error's own message stands in for both."""

    def __init__(
        self,
        name: str,
        import_name: str,
        *,
        problems: Mapping[int, tuple[str, str]],
        otherwise: str,
        told: bool = False,
    ) -> None:
        super().__init__(name, import_name, template_folder="templates")
        self._problems = {**PROBLEMS, **problems}
        self._otherwise = ("Something went wrong", otherwise)
        self._told = told
        self.after_request(_keep_private)
        self.register_error_handler(CallwaitingError, self._refused)
        self.register_error_handler(Exception, self._failed)

    def say(self, title: str, message: str, status: int = 200) -> Response:
        """A page of one sentence."""
        wrong = status >= 400 and status != 404
        back = request.view_args if wrong and (status in TEMPORARY or request.method == "POST") else None
        again = url_for(f"{self.name}.show", **back) if back else None
        return make_response(render_template("link_page/say.html", title=title, message=message, again=again), status)

    def _problem(self, status: int, told: str | None = None) -> Response:
        title, message = self._problems.get(status, self._otherwise)
        return self.say(title, told or message, status)

    def _refused(self, error: CallwaitingError) -> Response:
        if error.face.status >= 500:
            log.error(f"{self.name}.failed", reason=error.reason, detail=error.detail, exc_info=error.__cause__)
        else:
            log.info(f"{self.name}.refused", reason=error.reason, detail=error.detail)
        response = self._problem(error.face.status, error.public_message if self._told else None)
        if error.retry_after is not None:
            response.headers["Retry-After"] = str(error.retry_after)
        return response

    def _failed(self, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.code is not None:
            return self._problem(error.code)
        log.error(f"{self.name}.crashed", error=type(error).__name__, exc_info=error)
        return self._problem(500)


def with_content_policy(forms: str | Callable[[], str]) -> Callable[[View], View]:
    """Give a view its own Content-Security-Policy: our stylesheet, and forms to `forms` only, which may be worked out
    when the headers are made."""

    def policy() -> str:
        targets = forms if isinstance(forms, str) else forms()
        return (
            f"default-src 'none'; style-src 'self'; form-action {targets}; frame-ancestors 'none'; base-uri 'none'; "
            f"{NO_SCRIPT_SINKS}"
        )

    def decorate(view: View) -> View:
        talisman(content_security_policy=LocalProxy(policy))(view)
        return view

    return decorate


assets = Blueprint("link_pages", __name__, template_folder="templates")


@assets.get("/assets/page.css")
@public("the stylesheet of the pages that links open")
def stylesheet() -> Response:
    response = Response(STYLESHEET, content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    return response


@assets.app_template_global()
def page_stylesheet() -> str:
    """The stylesheet's address, which changes with its content."""
    return url_for("link_pages.stylesheet", v=STYLESHEET_VERSION)


def _keep_private(response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store")
    response.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
    return response
