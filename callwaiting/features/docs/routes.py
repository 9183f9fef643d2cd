"""`/openapi.json` and `/docs`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import orjson
from flask import Blueprint, Flask, Response, current_app, render_template, request

from callwaiting.core.errors import PUBLIC_FACES
from callwaiting.core.http.auth import View, public
from callwaiting.core.http.context import settings
from callwaiting.core.http.headers import NO_SCRIPT_SINKS
from callwaiting.core.http.openapi import Json, describe
from callwaiting.extensions import talisman
from callwaiting.features.docs.page import page_of

blueprint = Blueprint("docs", __name__, template_folder="templates")
STYLESHEET = (Path(__file__).parent / "static" / "docs.css").read_bytes()
CONTENT_POLICY = (
    "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; "
    f"{NO_SCRIPT_SINKS}"
)


def styled(view: View) -> View:
    """Let a page use our own stylesheet, and nothing else."""
    talisman(content_security_policy=CONTENT_POLICY)(view)
    return view


@blueprint.get("/openapi.json")
@public("the description of the API holds nothing of any merchant")
def description() -> Response:
    """OpenAPI 3.1."""
    return _kept(orjson.dumps(_document(_app())), "application/json")


@blueprint.get("/docs")
@public("the description of the API holds nothing of any merchant")
@styled
def page() -> Response:
    """The same for people."""
    html = render_template("docs/page.html", page=page_of(_document(_app())), faces=PUBLIC_FACES)
    return _kept(html.encode(), "text/html; charset=utf-8")


@blueprint.get("/docs/style.css")
@public("the stylesheet of the description")
def style() -> Response:
    return _kept(STYLESHEET, "text/css; charset=utf-8")


@lru_cache(maxsize=4)
def _document(app: Flask) -> Json:
    """Routes do not change once an app serves."""
    return describe(app, settings().public_base_url)


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # what the proxy stands for
    return app


def _kept(body: bytes, content_type: str) -> Response:
    """An answer that a browser keeps, and asks whether it is still the same."""
    response = Response(body, content_type=content_type, headers={"Cache-Control": "no-cache"})
    response.add_etag()
    response.make_conditional(request)
    return response
