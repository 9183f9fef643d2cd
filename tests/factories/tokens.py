"""Access tokens for tests."""

from __future__ import annotations

from flask import Flask
from flask_jwt_extended import create_access_token

from callwaiting.core.tenancy import MerchantScope


def bearer(app: Flask, scope: MerchantScope, role: str = "viewer") -> dict[str, str]:
    """The header of a member of the merchant's team."""
    with app.app_context():
        claims = {"mid": str(scope.merchant_id), "role": role}
        return {"Authorization": f"Bearer {create_access_token('tester', additional_claims=claims)}"}
