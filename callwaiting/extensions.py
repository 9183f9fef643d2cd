"""Flask extensions, unbound; the factory configures and binds them. The limiter is an app's own (`rate_limits`)."""

from __future__ import annotations

from flask_cors import CORS
from flask_jwt_extended import JWTManager

from callwaiting.core.http.headers import PreparedTalisman

cors = CORS()
jwt = JWTManager()
talisman = PreparedTalisman()
