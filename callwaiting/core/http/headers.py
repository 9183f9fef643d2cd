"""Response headers on every answer, worked out by Talisman once a route and completed here.

Talisman only writes headers: the proxy redirects to HTTPS. (Its own redirect trusts a client's X-Forwarded-Proto and
answers a POST with 302.)
"""

from __future__ import annotations

from flask import Flask, Response, current_app, request
from flask_talisman import Talisman

from callwaiting.core.settings import Settings

NO_CONTENT_POLICY = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
# For the policy of every page. No page of ours writes HTML by script, so the browser shall let none do it.
NO_SCRIPT_SINKS = "require-trusted-types-for 'script'; trusted-types 'none'"
ISOLATION = ("Cross-Origin-Opener-Policy", "Cross-Origin-Resource-Policy")
PREPARED = "callwaiting.headers"


class PreparedTalisman(Talisman):  # type: ignore[misc]  # the library has no types
    """Talisman puts its headers together anew at each answer, which takes 35 µs; they depend on the route and on
    whether the request came by HTTPS only."""

    def _set_response_headers(self, response: Response) -> Response:
        prepared: dict[tuple[str | None, bool], list[tuple[str, str]]] = current_app.extensions[PREPARED]
        secure = request.is_secure or request.headers.get("X-Forwarded-Proto") == "https"
        key = (request.endpoint, secure)
        if key not in prepared:
            made = super()._set_response_headers(Response())
            for name in ISOLATION:
                made.headers.setdefault(name, "same-origin")
            prepared[key] = [item for item in made.headers.items() if item[0] not in {"Content-Type", "Content-Length"}]
        # Werkzeug looks at each value again when it is added; these went through that when they were made.
        response.headers._list.extend(prepared[key])
        return response

    def _force_https(self) -> None:
        """Nothing: see above."""

    def _make_nonce(self) -> None:
        """Nothing: no policy of ours has a nonce."""


def configure(app: Flask, talisman: Talisman, settings: Settings) -> None:
    app.extensions[PREPARED] = {}
    talisman.init_app(
        app,
        force_https=False,
        strict_transport_security=settings.public_base_url.startswith("https://"),
        strict_transport_security_max_age=63_072_000,
        session_cookie_samesite="Strict",
        frame_options="DENY",
        x_xss_protection=True,
        referrer_policy="strict-origin-when-cross-origin",
        permissions_policy={"camera": "()", "microphone": "()", "geolocation": "()"},
        content_security_policy=NO_CONTENT_POLICY,
    )
    if isinstance(talisman, PreparedTalisman):
        return

    @app.after_request
    def complete(response: Response) -> Response:
        for name in ISOLATION:
            response.headers.setdefault(name, "same-origin")
        return response
