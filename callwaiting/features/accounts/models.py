from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow
from callwaiting.core.ids import new_id

ROLES = ("owner", "admin", "agent", "viewer")
USER_STATUSES = ("pending", "active", "disabled")
TOKEN_PURPOSES = ("verify_email", "reset_password", "mfa")
KEY_STATES = ("next", "active", "retired", "revoked")


class OwnedByUser:
    """A row of one person, who alone can reach it."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"), index=True)


class User(Base):
    """A person. `pending` until the address is verified. The address, the name and the password's hash are sealed
    with the platform's key: they are needed before anybody is known, and a stolen table gives nothing to guess at."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint(f"status in {USER_STATUSES}", name="status"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    email_sealed: Mapped[bytes]
    email_hash: Mapped[bytes] = mapped_column(unique=True)
    name_sealed: Mapped[bytes]
    password_sealed: Mapped[bytes | None]
    status: Mapped[str] = mapped_column(server_default="pending")
    operator: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    verified_at: Mapped[datetime | None]
    password_changed_at: Mapped[datetime | None]
    last_signed_in_at: Mapped[datetime | None]


class Membership(TenantRow, Base):
    """A person's role in one merchant's team. `version` stands in access tokens: raising it ends those that are out. It
    starts somewhere by chance, so that no token of an earlier membership is good again when the person comes back."""

    __tablename__ = "memberships"
    __table_args__ = (
        UniqueConstraint("merchant_id", "user_id"),
        Index("ix_memberships_user_id", "user_id"),
        CheckConstraint(f"role in {ROLES}", name="role"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))
    role: Mapped[str]
    version: Mapped[int] = mapped_column(default=lambda: 1 + secrets.randbelow(10**8), server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class UserSession(OwnedByUser, Base):
    """One sign-in. Its refresh tokens are not stored: `counter` says which is the present one, `refresh_key` proves
    it, and `client_hash` says who may repeat the last (`refreshed_at` plus a short leeway)."""

    __tablename__ = "sessions"

    current_merchant_id: Mapped[UUID | None] = mapped_column(ForeignKey("app.merchants.id"))
    refresh_key: Mapped[bytes]
    counter: Mapped[int] = mapped_column(server_default="0")
    client_hash: Mapped[bytes]
    device: Mapped[str]
    network_sealed: Mapped[bytes]
    amr: Mapped[list[str]] = mapped_column(JSONB)
    auth_time: Mapped[datetime]
    remembered: Mapped[bool] = mapped_column(server_default=text("false"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    refreshed_at: Mapped[datetime]
    idle_until: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]


class AccountToken(OwnedByUser, Base):
    """What a person proves by a link in a mail, or between password and code. Only the token's hash is kept; it is
    good once. `details` hold what the next step has to know."""

    __tablename__ = "account_tokens"
    __table_args__ = (CheckConstraint(f"purpose in {TOKEN_PURPOSES}", name="purpose"),)

    purpose: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(unique=True)
    tries: Mapped[int] = mapped_column(server_default="0")
    details: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class TotpFactor(OwnedByUser, Base):
    """A secret in a person's authenticator, sealed with the person's key. `last_step`: the last time step whose code
    was accepted, so that none is good twice."""

    __tablename__ = "totp_factors"

    secret_sealed: Mapped[bytes]
    label: Mapped[str]
    last_step: Mapped[int] = mapped_column(BigInteger, server_default="0")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[datetime | None]


class RecoveryCode(OwnedByUser, Base):
    """One of the codes that stand in for a lost authenticator; a keyed hash, good once."""

    __tablename__ = "recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    code_hash: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[datetime | None]


class Invitation(TenantRow, Base):
    """A place in the team, offered by mail. `email_hash` is the platform's, as that of users."""

    __tablename__ = "invitations"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint(f"role in {ROLES}", name="role"),
        Index("ix_invitations_expires_at", "expires_at"),
    )

    email_sealed: Mapped[bytes]
    email_hash: Mapped[bytes]
    role: Mapped[str]
    token_hash: Mapped[bytes]
    invited_by: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class ApiKey(TenantRow, Base):
    """Machine access to one merchant. `scopes` are permissions; `last_used_at` is coarse."""

    __tablename__ = "api_keys"

    name: Mapped[str]
    secret_hash: Mapped[bytes]
    scopes: Mapped[list[str]] = mapped_column(JSONB)
    created_by: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SigningKey(Base):
    """A key of access tokens, sealed with the platform's key. One is `active` and signs; `next` and `retired` verify;
    `revoked` ends every token that it has signed."""

    __tablename__ = "signing_keys"
    __table_args__ = (
        CheckConstraint(f"state in {KEY_STATES}", name="state"),
        Index("uq_signing_keys_active", "state", unique=True, postgresql_where=text("state = 'active'")),
    )

    kid: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    algorithm: Mapped[str] = mapped_column(server_default="HS256")
    secret_sealed: Mapped[bytes]
    state: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    activated_at: Mapped[datetime | None]
    retired_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class Failures(Base):
    """Attempts that were admitted and did not succeed, within a window, by a keyed hash of what they have in common
    (account and network, network, account, device, all). In Postgres, so that no cache's absence opens the door."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (Index("ix_sign_in_failures_window_ends_at", "window_ends_at"),)

    bucket: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str]
    failures: Mapped[int]
    last_at: Mapped[datetime]
    window_ends_at: Mapped[datetime]
