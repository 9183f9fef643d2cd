"""Access tokens for tests."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask

from callwaiting.core.tenancy import MerchantScope
from tests.factories.people import member_token


def bearer(app: Flask, scope: MerchantScope, role: str = "viewer", *, age: timedelta = timedelta()) -> dict[str, str]:
    """The header of a member of the merchant's team, who proved itself `age` ago."""
    return {"Authorization": f"Bearer {member_token(app.extensions['database'], scope, role, age=age)}"}
