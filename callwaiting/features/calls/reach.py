"""Whether a caller can be reached by text."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.features.consents import service as consents
from callwaiting.features.consents.errors import ConsentRevoked


def can_text(session: Session, caller_id: UUID | None) -> bool:
    """Whether the caller is known, and not against texts."""
    try:
        if caller_id is not None:
            consents.require_consent(session, caller_id)
    except ConsentRevoked:
        return False
    return caller_id is not None
