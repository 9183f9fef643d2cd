"""Letting a machine in by its API key."""

from __future__ import annotations

import hmac
import re
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, text, update

from callwaiting.core import clock
from callwaiting.core.db import Database
from callwaiting.core.errors import ErrorCode
from callwaiting.core.http.auth import Principal, TokenRefused
from callwaiting.core.http.permissions import SCOPES, Role
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.accounts import api_keys
from callwaiting.features.accounts.models import ApiKey

FORM = re.compile(r"cwk_([0-9a-f]{32})_([A-Za-z0-9_-]{43}[0-9a-f]{16})", re.ASCII)
FIND = text("select merchant_id, secret_hash, scopes, state from auth.api_key(:key_id)")
REMEMBERED = 4096


class MachineAccess:
    """From an API key to its principal. The database is asked at each request: a key that was revoked is refused on
    the next one, in every process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._noted: dict[UUID, datetime] = {}

    def __call__(self, sent: str) -> Principal:
        """Raises TokenRefused, the same for whatever is wrong with a key; its code says only that a merchant who is
        suspended is."""
        form = FORM.fullmatch(sent)
        if form is None:
            raise TokenRefused("not the form of a key", reason="auth.api_key_malformed")
        key_id, secret = UUID(form[1]), form[2]
        with self._database.unit_of_work(SystemScope("api key", actor="anonymous")) as session:
            if not api_keys.made_here(session, key_id, secret):
                raise TokenRefused("its tag is not ours", reason="auth.api_key_forged")
            found = session.execute(FIND, {"key_id": key_id}).one_or_none()
        if found is None or not hmac.compare_digest(bytes(found.secret_hash), api_keys.secret_hash(secret)):
            raise TokenRefused("no such key", reason="auth.api_key_unknown")
        if found.state == "suspended":
            raise TokenRefused(code=ErrorCode.MERCHANT_SUSPENDED, reason="auth.api_key_suspended")
        if found.state != "live":
            raise TokenRefused(f"the key is {found.state}", reason="auth.api_key_over")
        self._note_use(found.merchant_id, key_id)
        return Principal(str(key_id), found.merchant_id, Role.MACHINE, SCOPES & frozenset(found.scopes))

    def _note_use(self, merchant_id: UUID, key_id: UUID) -> None:
        """Write down the minute, once in each."""
        minute = clock.now().replace(second=0, microsecond=0)
        if self._noted.get(key_id) == minute:
            return
        earlier = or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < minute)
        with self._database.unit_of_work(MerchantScope(merchant_id, actor=f"api_key:{key_id}")) as session:
            session.execute(update(ApiKey).where(ApiKey.id == key_id, earlier).values(last_used_at=minute))
        if len(self._noted) >= REMEMBERED:
            self._noted.clear()
        self._noted[key_id] = minute
