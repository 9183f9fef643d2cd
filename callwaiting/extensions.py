"""Flask extensions, unbound; the factory configures and binds them."""

from __future__ import annotations

from typing import cast

from flask import current_app
from flask_cors import CORS
from flask_jwt_extended import JWTManager
from flask_limiter import Limiter
from flask_talisman import Talisman
from werkzeug.local import LocalProxy

from callwaiting.core.http.rate_limits import EXTENSION

cors = CORS()
jwt = JWTManager()
# The app's own: a Limiter keeps the limits and the storage of the first app that it is bound to.
limiter = cast(Limiter, LocalProxy(lambda: current_app.extensions[EXTENSION]))
talisman = Talisman()
