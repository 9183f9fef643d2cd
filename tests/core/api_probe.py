"""Routes of an `Api` that exist in tests only, and what they were given."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from flask import Flask
from pydantic import Field, field_validator
from sqlalchemy.orm import Session

from callwaiting.core.errors import Conflict, ErrorCode, NotFound
from callwaiting.core.http.api import Api
from callwaiting.core.http.schemas import Amount, Count, Instant, Line, Schema, Version
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import SystemScope, scope_of
from callwaiting.core.versions import require_version
from callwaiting.features.catalogue import service as catalogue


class Portion(Schema):
    size: Literal["small", "large"]
    quantity: int = Field(ge=1, le=9)


class Dish(Schema):
    name: Line
    price: Amount
    portions: list[Portion] = Field(default=[], max_length=3)
    ready_at: Instant | None = None
    weight: float = Field(default=1.0, ge=0, le=100)

    @field_validator("name")
    @classmethod
    def no_shouting(cls, name: str) -> str:
        if name.isupper():
            raise ValueError("Must not be in capitals.")
        return name


class Served(Schema):
    id: UUID
    name: str
    version: Version


class Search(Schema):
    text: str = Field(default="", max_length=20)
    at_least: Count = 0
    open_only: bool = False


class Seen(Schema):
    actor: str


def add_api(app: Flask) -> None:
    """Before the first request."""
    api = Api("probe_api")

    @api.post("/probe/dishes", requires="catalogue.write", body=Dish, answers=Served, status=201)
    def add(session: Session, body: Dish) -> Served:
        """Add a dish."""
        if body.name == "Nothing":
            raise Conflict("no such thing")
        item_id = catalogue.add_item(session, name=body.name, price_minor=body.price.amount, keypad=None)
        return Served(id=item_id, name=body.name, version=1)

    @api.patch("/probe/dishes/<uuid:dish_id>", requires="catalogue.write", body=Portion, answers=Served)
    def change(session: Session, dish_id: UUID, body: Portion, version: int) -> Served:
        """Change a dish."""
        require_version(7, version)
        return Served(id=dish_id, name=body.size, version=8)

    @api.delete("/probe/dishes/<uuid:dish_id>", requires="catalogue.write", refuses=[ErrorCode.CONFLICT])
    def remove(session: Session, dish_id: UUID) -> None:
        """Remove a dish."""
        raise NotFound(f"dish {dish_id}")

    @api.delete("/probe/plates/<uuid:plate_id>", requires="catalogue.write", if_match=True)
    def clear(session: Session, plate_id: UUID, version: int) -> None:
        """Clear a plate."""
        require_version(1, version)

    @api.get("/probe/search", requires="catalogue.read", query=Search, answers=Dish)
    def search(query: Search) -> Dish:
        """Search, without a database."""
        return Dish(name=f"{query.text or '-'} {query.open_only}", price=Amount(amount=query.at_least, currency="USD"))

    @api.get("/probe/seen", public="a probe", answers=Seen)
    def seen(session: Session) -> Seen:
        """Who acts."""
        scope = scope_of(session)
        assert isinstance(scope, SystemScope)
        return Seen(actor=scope.reason)

    @api.post("/probe/refunds", requires="payments.refund", answers=Served, idempotent=False, step_up=True)
    def refund() -> Served:
        """Needs a recent sign-in."""
        return Served(id=new_id(), name="refund", version=1)

    @api.get("/probe/named/<name>", requires="catalogue.read", answers=Seen)
    def named(name: str) -> Seen:
        """By name."""
        return Seen(actor=name)

    app.register_blueprint(api.blueprint)
