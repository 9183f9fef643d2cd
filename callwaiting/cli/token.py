"""`callwaiting token`: a stop-gap for operators until people can sign in."""

from __future__ import annotations

from uuid import UUID

import click
from flask import Flask
from flask_jwt_extended import JWTManager, create_access_token
from sqlalchemy.exc import NoResultFound

from callwaiting.cli.runtime import worker_runtime
from callwaiting.core.http import jwt
from callwaiting.core.http.permissions import TEAM
from callwaiting.core.tenancy import MerchantScope
from callwaiting.features.audit import service as audit
from callwaiting.features.merchants import service as merchants


@click.command()
@click.option("--merchant", type=click.UUID, required=True, help="The merchant whose data the token opens.")
@click.option("--role", type=click.Choice(sorted(role.value for role in TEAM)), default="viewer", show_default=True)
def command(merchant: UUID, role: str) -> None:
    """Issue an access token that lives ten minutes. The audit trail keeps that it was issued."""
    runtime = worker_runtime()
    app = Flask("callwaiting-token")
    jwt.configure(app, JWTManager(), runtime.settings)
    with runtime.database.unit_of_work(MerchantScope(merchant, actor="operator")) as session:
        try:
            merchants.profile(session)
        except NoResultFound:
            raise click.ClickException(f"there is no merchant {merchant}") from None
        audit.record(session, "token.issued", subject=f"merchant:{merchant}", details={"role": role})
    with app.app_context():
        click.echo(create_access_token("operator", additional_claims={"mid": str(merchant), "role": role}))
