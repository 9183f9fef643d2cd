"""Opening a business: whoever has an account may, and is its owner.

There is no merchant yet under which an Idempotency-Key could be kept. So the business's id is made of the person and
the key: a POST that comes twice, also at once, means the same business.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from callwaiting.core.db import Database
from callwaiting.core.ids import new_id
from callwaiting.core.tenancy import MerchantScope
from callwaiting.features.accounts import service, throttle
from callwaiting.features.accounts.errors import AnotherBusiness
from callwaiting.features.accounts.process_keys import key_for
from callwaiting.features.merchants import service as merchants


@dataclass(frozen=True, slots=True)
class Business:
    """What has to be known of a business from its first day on. Its currency never changes."""

    name: str
    timezone: str
    currency: str
    region: str


def open_business(database: Database, user_id: UUID, key: str, wanted: Business) -> UUID:
    """The business that the person opens by this key, or has opened by it before.

    Raises ValidationFailed, AnotherBusiness when the key came with other facts, TooManyAttempts for the sixth in a day.
    """
    merchants.require_profile(wanted.name, wanted.timezone, wanted.region, currency=wanted.currency)
    merchant_id = _id_of(database, user_id, key)
    with database.unit_of_work(MerchantScope(merchant_id, actor=f"user:{user_id}", user_id=user_id)) as session:
        if merchants.exists(session):
            _require_same(session, wanted)
            return merchant_id
        try:
            with session.begin_nested():
                throttle.count(session, {"opening": user_id.bytes})
                _create(session, wanted)
        except IntegrityError:  # its twin was faster
            if not merchants.exists(session):
                raise
            _require_same(session, wanted)
        else:
            service.add_member(session, user_id, "owner")
    return merchant_id


def open_for(database: Database, owner_id: UUID | None, wanted: Business) -> UUID:
    """A business that an operator opens, with its owner if there is one already. Raises ValidationFailed."""
    merchants.require_profile(wanted.name, wanted.timezone, wanted.region, currency=wanted.currency)
    merchant_id = new_id()
    with database.unit_of_work(MerchantScope(merchant_id, actor=service.ACTOR)) as session:
        _create(session, wanted)
        if owner_id is not None:
            service.add_member(session, owner_id, "owner")
    return merchant_id


def _create(session: Session, wanted: Business) -> None:
    merchants.create_merchant(
        session, name=wanted.name, timezone=wanted.timezone, currency=wanted.currency, region=wanted.region
    )


def _require_same(session: Session, wanted: Business) -> None:
    found = merchants.profile(session)
    if Business(found.name, found.timezone.key, found.currency, found.region) != wanted:
        raise AnotherBusiness


def _id_of(database: Database, user_id: UUID, key: str) -> UUID:
    """In the form of a UUIDv7, with the time of the person's own id. Nobody can find a key that leads to the business
    of another: the person is in what is hashed, by a secret of ours."""
    digest = hmac.digest(key_for(database, "opening"), user_id.bytes + key.encode(), hashlib.sha256)
    made = bytearray(user_id.bytes[:6] + digest[:10])
    made[6] = 0x70 | made[6] & 0x0F
    made[8] = 0x80 | made[8] & 0x3F
    return UUID(bytes=bytes(made))
