"""Requests and answers of accounts."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.schemas import Currency, Instant, Line, Schema

Email = Annotated[str, StringConstraints(min_length=3, max_length=254), Field(examples=["maria@example.com"])]
# Bounded so that nobody has us hash a book; what is too long for a password is told by its own rule.
Password = Annotated[
    str,
    StringConstraints(min_length=1, max_length=1024),
    Field(json_schema_extra={"format": "password"}, examples=["four unrelated words here"]),
]
LinkToken = Annotated[
    str,
    StringConstraints(min_length=1, max_length=200),
    Field(examples=["b7Jd0kq1xJmPZ5v3nTt0y2sQe8WcRf6uLh4gKa9iOoE"]),
]
PersonName = Annotated[Line, Field(examples=["Maria Rossi"])]
RoleName = Annotated[
    str,
    Field(
        examples=["owner"],
        description="`owner`, `admin`, `agent` or `viewer`; `person` without a business, `operator` of the platform.",
    ),
]


class SignUp(Schema):
    email: Email
    name: PersonName
    password: Password


class SignIn(Schema):
    email: Email
    password: Password
    remember: bool = False


class EmailOnly(Schema):
    email: Email


class Link(Schema):
    """`token` is what follows the # in the mailed link."""

    token: LinkToken


class OwnPassword(Link):
    password: Password


class NewPassword(Link):
    password: Password


class ChangePassword(Schema):
    password: Password
    new_password: Password


class SwitchMerchant(Schema):
    merchant_id: UUID


class MailOnItsWay(Schema):
    """Says the same whether the address has an account or not."""

    message: str = "If the address is right, there is a mail on its way to it."


class AccessToken(Schema):
    """Send `access_token` as `Authorization: Bearer …`. The refresh token is in a cookie; send `csrf_token` in the
    header X-CSRF-Token when refreshing or signing out. `expires_in` is in seconds."""

    access_token: str = Field(
        examples=["eyJhbGciOiJIUzI1NiIsImtpZCI6IjAxODkwZjRlIn0.eyJzdWIiOiIwMTg5MGY0ZSJ9.c2lnbmF0dXJl"]
    )
    token_type: str = "Bearer"  # noqa: S105 - the name of a scheme
    expires_in: int = Field(examples=[600])
    csrf_token: str = Field(examples=["ecf9a2f6bbcf0645aff7919df5eb0999"])
    merchant_id: UUID | None
    role: RoleName


class SessionFace(Schema):
    """A sign-in that is alive. `expires_at`: when it ends if it is not used."""

    id: UUID
    device: str = Field(examples=["Firefox on Linux"])
    network: str = Field(examples=["203.0.113.7"])
    created_at: Instant
    refreshed_at: Instant
    expires_at: Instant
    current: bool


class Sessions(Schema):
    items: list[SessionFace]


class TeamFace(Schema):
    """A business in whose team the person is."""

    merchant_id: UUID
    name: str = Field(examples=["Luigi's Pizza"])
    role: RoleName
    status: str = Field(examples=["active"], description="`active` or `suspended`.")


class BusinessBody(Schema):
    """`region` is the country whose national numbers are understood. The currency cannot be changed later."""

    name: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60), Field(examples=["Luigi's Pizza"])
    ]
    timezone: Annotated[str, StringConstraints(max_length=64), Field(examples=["America/New_York"])]
    currency: Currency
    region: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$"), Field(examples=["US"])] = "US"


class Me(Schema):
    id: UUID
    email: Email
    name: PersonName
    role: RoleName
    merchant_id: UUID | None
    teams: list[TeamFace]
