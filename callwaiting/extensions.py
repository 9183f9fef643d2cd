"""Flask extensions, unbound; the factory configures and binds them. The limiter is an app's own (`rate_limits`)."""

from __future__ import annotations

from flask_cors import CORS

from callwaiting.core.http.headers import PreparedTalisman
from callwaiting.core.http.jwt import TokenManager

cors = CORS()
jwt = TokenManager()
talisman = PreparedTalisman()
