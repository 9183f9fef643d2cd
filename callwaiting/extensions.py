"""Flask extensions, unbound; the factory configures and binds them."""

from __future__ import annotations

from flask import request
from flask_cors import CORS
from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_talisman import Talisman

from callwaiting.core.http.limits import client_network


def _identify_request() -> str:
    """Without a name Flask-Limiter would not count a request that matches no route."""
    return request.endpoint or "unmatched"


cors = CORS()
jwt = JWTManager()
limiter = Limiter(key_func=client_network, request_identifier=_identify_request)
talisman = Talisman()
