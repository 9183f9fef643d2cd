"""`/api/v1/api-keys`."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.accounts import api_keys
from callwaiting.features.accounts.api_keys_schemas import ApiKeyBody, ApiKeyFace, NewApiKey

api = Api("api_keys")


@api.get("/api-keys", requires="api_keys.read", query=PageQuery, answers=Page[ApiKeyFace])
def newest(session: Session, query: PageQuery) -> Page[ApiKeyFace]:
    """The business's API keys, newest first. Their secrets are not shown again."""
    rows = api_keys.newest(session, before=query.position(UUID), limit=query.limit + 1)
    return Page[ApiKeyFace].of(rows, query, key=lambda row: row.id)


@api.get("/api-keys/<uuid:key_id>", requires="api_keys.read", answers=ApiKeyFace)
def one(session: Session, key_id: UUID) -> ApiKeyFace:
    """One API key."""
    return ApiKeyFace.model_validate(api_keys.one(session, key_id))


# No Idempotency-Key: its kept answer would be a second place where the secret lies.
@api.post(
    "/api-keys", requires="api_keys.manage", step_up=True, idempotent=False,
    body=ApiKeyBody, answers=NewApiKey, status=201,
)  # fmt: skip
def make(session: Session, body: ApiKeyBody) -> NewApiKey:
    """Make an API key.

    Send it as `Authorization: Bearer cwk_…`. The answer is the only one that shows it. It is good for routes whose
    permission is among its scopes, unless they want a recent sign-in.
    """
    key_id, key = api_keys.make(session, name=body.name, scopes=body.scopes, expires_at=body.expires_at)
    return NewApiKey(key=key, **asdict(api_keys.one(session, key_id)))


@api.delete("/api-keys/<uuid:key_id>", requires="api_keys.manage", step_up=True)
def revoke(session: Session, key_id: UUID) -> None:
    """Revoke an API key. Works on its next request."""
    api_keys.revoke(session, key_id)
