"""A member of a merchant's team at the JSON API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from flask import Flask
from werkzeug.test import TestResponse

from callwaiting.core.db import DatabaseRole
from callwaiting.core.tenancy import MerchantScope
from tests.factories.stored_events import rows
from tests.factories.tokens import bearer
from tests.sent import noted

ACTIONS = "select convert_from(record, 'UTF8')::jsonb ->> 'action' as action from audit.outbox order by id"


@dataclass(frozen=True)
class ApiClient:
    app: Flask
    scope: MerchantScope
    role: str = "owner"

    def __post_init__(self) -> None:
        assert self.token  # signed in before a test begins to count

    @cached_property
    def token(self) -> dict[str, str]:
        """The header of one person, who stays signed in."""
        return bearer(self.app, self.scope, self.role)

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        version: int | None = None,
        key: str = "",
        request_id: str = "",
    ) -> TestResponse:
        """`version` goes into If-Match; a POST has a new Idempotency-Key unless one is given."""
        headers = dict(self.token)
        if version is not None:
            headers["If-Match"] = f'"v{version}"'
        if method == "POST":
            headers["Idempotency-Key"] = key or str(uuid4())
        if request_id:
            headers["X-Request-ID"] = request_id
        return self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, json=body)

    def get(self, path: str) -> Any:
        """The document, which must be there."""
        answer = self.send("GET", path)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return answer.get_json()

    def post(self, path: str, body: object = None, *, status: int = 201) -> Any:
        answer = self.send("POST", path, body)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return answer.get_json()

    def pages(self, path: str, limit: int) -> list[list[Any]]:
        """The items of every page."""
        found, cursor, sign = [], "", "&" if "?" in path else "?"
        while True:
            page = self.get(f"{path}{sign}limit={limit}{cursor}")
            found.append(page["items"])
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"


@contextmanager
def statements(app: Flask) -> Iterator[list[str]]:
    """What the web process sends to its database meanwhile."""
    app.extensions["signing_ring"].keys()  # which a process reads now and then, not per request
    with noted(app.extensions["database"].engine(DatabaseRole.WEB)) as sent:
        yield sent


def actions(admin_url: str) -> list[str]:
    """What was recorded for the audit trail, in order."""
    return [row["action"] for row in rows(admin_url, ACTIONS)]
