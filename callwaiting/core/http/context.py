"""What a route may reach for: the objects that the factory put on the app."""

from __future__ import annotations

from typing import cast

from flask import current_app

from callwaiting.core.db import Database
from callwaiting.core.jobs import Doorbell
from callwaiting.core.settings import Settings


def database() -> Database:
    return cast(Database, current_app.extensions["database"])


def settings() -> Settings:
    return cast(Settings, current_app.extensions["settings"])


def doorbell() -> Doorbell:
    return cast(Doorbell, current_app.extensions["doorbell"])
