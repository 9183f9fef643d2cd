from __future__ import annotations

from datetime import datetime

from sqlalchemy import func
from sqlalchemy.orm import Mapped, mapped_column

from callwaiting.core.db import Base, TenantRow


class PhoneNumber(TenantRow, Base):
    """A Twilio number of a merchant. Both number columns are under the platform's key, for routing comes first.

    `number_hash` is unique across merchants: a number can lead to one merchant only.
    """

    __tablename__ = "phone_numbers"

    number_sealed: Mapped[bytes]
    number_hash: Mapped[bytes] = mapped_column(unique=True)
    label: Mapped[str] = mapped_column(server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
