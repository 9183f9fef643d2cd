"""Flask extensions, unbound; the factory configures and binds them."""

from __future__ import annotations

from flask_cors import CORS
from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_talisman import Talisman

from callwaiting.core.http.limits import client_network

cors = CORS()
jwt = JWTManager()
limiter = Limiter(key_func=client_network)
talisman = Talisman()
