"""Whether a caller can be reached by text."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.features.calls.models import Call
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.errors import ConsentRevoked


def can_text(session: Session, call: Call) -> bool:
    """Whether the caller is known, and not against texts."""
    try:
        if call.caller_id is not None:
            consents.require_consent(session, call.caller_id)
    except ConsentRevoked:
        return False
    return call.caller_id is not None
