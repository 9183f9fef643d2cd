"""`/api/v1/discount-codes`."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core.errors import ErrorCode, FieldError, ValidationFailed
from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page, PageQuery
from callwaiting.features.merchants import service as merchants
from callwaiting.features.orders import codes
from callwaiting.features.orders.discount_schemas import CodeFace, CodeTerms, FixedAmount, NewCode

api = Api("discounts")
CODE = "/discount-codes/<uuid:code_id>"


@api.get("/discount-codes", requires="catalogue.read", query=PageQuery, answers=Page[CodeFace])
def all_codes(session: Session, query: PageQuery) -> Page[CodeFace]:
    """Codes for a discount, in the order of the alphabet."""
    currency = merchants.profile(session).currency
    rows = codes.by_code(session, after=query.position(str), limit=query.limit + 1)
    return Page[CodeFace].of([CodeFace.of(row, currency) for row in rows], query, key=lambda face: face.code)


@api.post(
    "/discount-codes",
    requires="catalogue.write",
    body=NewCode,
    answers=CodeFace,
    status=201,
    refuses=[ErrorCode.CONFLICT],
)
def add(session: Session, body: NewCode) -> CodeFace:
    """Make a code. 409 when there is one of that name."""
    currency = merchants.profile(session).currency
    require_currency(body.amount, currency)
    require_currency(body.least, currency, "least.currency")
    row = codes.add(
        session,
        body.code,
        body.discount(),
        active=body.active,
        ends_at=body.ends_at,
        max_uses=body.max_uses,
        least_minor=body.least_minor,
    )
    return CodeFace.of(row, currency)


@api.get(CODE, requires="catalogue.read", answers=CodeFace)
def one(session: Session, code_id: UUID) -> CodeFace:
    """One code, and how often it was used."""
    return CodeFace.of(codes.one(session, code_id), merchants.profile(session).currency)


@api.put(CODE, requires="catalogue.write", body=CodeTerms, answers=CodeFace)
def change(session: Session, code_id: UUID, body: CodeTerms, version: int) -> CodeFace:
    """Change its terms. Orders that have it keep what they got."""
    currency = merchants.profile(session).currency
    require_currency(body.amount, currency)
    require_currency(body.least, currency, "least.currency")
    row = codes.change(
        session,
        code_id,
        version,
        body.discount(),
        active=body.active,
        ends_at=body.ends_at,
        max_uses=body.max_uses,
        least_minor=body.least_minor,
    )
    return CodeFace.of(row, currency)


@api.delete(CODE, requires="catalogue.write", if_match=True)
def remove(session: Session, code_id: UUID, version: int) -> None:
    """Remove a code for good. Orders that have it keep what they got."""
    codes.remove(session, code_id, version)


def require_currency(amount: FixedAmount | None, currency: str, field: str = "amount.currency") -> None:
    """Raises ValidationFailed for an amount in another currency than the business's."""
    if amount is not None and amount.currency != currency:
        raise ValidationFailed(FieldError(field, f"Must be {currency}."))
