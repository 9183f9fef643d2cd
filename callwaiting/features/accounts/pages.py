"""The pages that mailed links lead to. The token stands in the fragment: a script of ours reads it and takes it out of
the address bar; only a click sends it, so scanners that open links use none up."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from flask import Blueprint, Response, render_template, request

from callwaiting.core.errors import NotFound
from callwaiting.core.http.auth import View, public
from callwaiting.core.http.headers import NO_SCRIPT_SINKS
from callwaiting.extensions import talisman

blueprint = Blueprint("account_pages", __name__, template_folder="templates", url_prefix="/app")

HERE = Path(__file__).parent / "static"
SCRIPT = "text/javascript; charset=utf-8"
ASSETS = {"account.css": "text/css; charset=utf-8", "account.js": SCRIPT, "invitation.js": SCRIPT}
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; "
    f"base-uri 'none'; frame-ancestors 'none'; {NO_SCRIPT_SINKS}"
)


@dataclass(frozen=True, slots=True)
class Page:
    """`action` is the route of the API that the form is sent to; `by_link`: it wants the token of a mailed link."""

    title: str
    lead: str
    action: str
    button: str
    done: str
    field: Literal["", "own password", "new password", "email"] = ""
    by_link: bool = True
    template: str = "page"
    script: str = "account.js"


PAGES = {
    "verify-email": Page(
        "Confirm your e-mail address",
        "With the password that you chose when you signed up, your account is ready.",
        "verify-email",
        "Confirm",
        "Thank you: the address is confirmed, and you can sign in.",
        "own password",
    ),
    "new-password": Page(
        "Choose a new password",
        "At least 12 characters. Four unrelated words are good, and easy to remember.",
        "password-reset/confirm",
        "Save",
        "Your new password is saved. You have been signed out everywhere; please sign in again.",
        "new password",
    ),
    "forgotten-password": Page(
        "Forgotten your password?",
        "We send you a link to choose a new one.",
        "password-reset",
        "Send the link",
        "If this address has an account, there is a mail on its way to it.",
        "email",
        by_link=False,
    ),
    "invitation": Page(
        "You are invited",
        "You have been invited to join a team on Callwaiting.",
        "invitation/accept",
        "Join",
        "Welcome to the team: you can sign in now.",
        template="invitation",
        script="invitation.js",
    ),
}


def scripted(view: View) -> View:
    """Let a page use our own script and stylesheet, and nothing else."""
    talisman(content_security_policy=CONTENT_POLICY)(view)
    return view


@blueprint.get("/<name>")
@public("whoever follows a mailed link is not signed in; the page holds nothing of anybody")
@scripted
def page(name: str) -> Response:
    if name not in PAGES:
        raise NotFound(name)
    html = render_template(f"accounts/{PAGES[name].template}.html", page=PAGES[name])
    return _kept(html.encode(), "text/html; charset=utf-8")


@blueprint.get("/assets/<name>")
@public("the stylesheet and the script of these pages")
def asset(name: str) -> Response:
    if name not in ASSETS:
        raise NotFound(name)
    return _kept((HERE / name).read_bytes(), ASSETS[name])


def _kept(body: bytes, content_type: str) -> Response:
    """An answer that a browser keeps, and asks whether it is still the same."""
    response = Response(body, content_type=content_type, headers={"Cache-Control": "no-cache"})
    response.add_etag()
    response.make_conditional(request)
    return response
