from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base


class PlatformKey(Base):
    """A version of the platform's data key, wrapped by the KEK. No merchant's data is under it."""

    __tablename__ = "platform_keys"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kek_version: Mapped[int]
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class MerchantKey(Base):
    """A version of one merchant's data key. Destroying it (`wrapped` emptied) makes its data unreadable for good."""

    __tablename__ = "merchant_keys"

    merchant_id: Mapped[UUID] = mapped_column(ForeignKey("app.merchants.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kek_version: Mapped[int]
    wrapped: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    destroyed_at: Mapped[datetime | None]


class UserKey(Base):
    """A version of one person's data key, for what only that person's sign-in needs (authenticator secrets)."""

    __tablename__ = "user_keys"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("app.users.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kek_version: Mapped[int]
    wrapped: Mapped[bytes | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    destroyed_at: Mapped[datetime | None]
