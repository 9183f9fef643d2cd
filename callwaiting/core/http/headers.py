"""Response headers on every answer, written by Talisman and completed here.

Talisman only writes headers: the proxy redirects to HTTPS. (Its own redirect trusts a client's X-Forwarded-Proto and
answers a POST with 302.)
"""

from __future__ import annotations

from flask import Flask, Response
from flask_talisman import Talisman

from callwaiting.core.settings import Settings

NO_CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'"


def configure(app: Flask, talisman: Talisman, settings: Settings) -> None:
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

    @app.after_request
    def complete(response: Response) -> Response:
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response
