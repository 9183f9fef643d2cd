"""Tests of the forwarding as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from pydantic import Field

from callwaiting.core.http.schemas import Instant, Schema
from callwaiting.features.forwarding.models import ForwardingTest
from callwaiting.features.forwarding.transitions import State

SAYS: Mapping[str, str] = {
    "planned": "Your line is rung in a moment. Do not pick up.",
    "calling": "Your line is ringing. Do not pick up.",
    "works": "The call came back to us: forwarding works.",
    "wrong_number": "The call came to another number than this one. Dial the codes of this number anew.",
    "not_forwarded": "Nobody picked up, and the call was not forwarded to us. Dial the codes, then test again.",
    "answered": "Somebody, or a mailbox, picked up. Test again and do not; switch a mailbox of your carrier off.",
    "could_not_call": "Your line could not be rung. Check its number at the reception, then test again.",
}


class ForwardingTestFace(Schema):
    """One call to the business's own line. It has ended when it is neither `planned` nor `calling`; `says` tells what
    came of it, and what to do. `error_code` is the telephone company's."""

    id: UUID
    phone_number_id: UUID
    state: State = Field(examples=["works"])
    says: str = Field(examples=[SAYS["works"]])
    error_code: str | None = Field(examples=["13224"])
    created_at: Instant
    ended_at: Instant | None


def face(row: ForwardingTest) -> ForwardingTestFace:
    return ForwardingTestFace.model_validate(
        {
            "id": row.id,
            "phone_number_id": row.phone_number_id,
            "state": row.state,
            "says": SAYS[row.state],
            "error_code": row.error_code,
            "created_at": row.created_at,
            "ended_at": row.ended_at,
        }
    )
