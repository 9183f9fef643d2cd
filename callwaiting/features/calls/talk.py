"""With whom a dialogue is held, on the phone or by text, as its effects need to know it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from callwaiting.features.calls import result
from callwaiting.features.calls.models import Call
from callwaiting.features.calls.result import OutcomeName


@dataclass(slots=True)
class Talk:
    """`subject` is where it is held, `call:<id>` or `message:<id>`: for the audit trail, and as the source of what is
    declared. Without a `call` it is held by text."""

    caller_id: UUID | None
    phone_number_id: UUID
    subject: str
    origin: Literal["voice", "sms"] = "sms"
    call: Call | None = None

    @property
    def call_id(self) -> UUID | None:
        return self.call.id if self.call else None

    def keep(self, outcome: OutcomeName) -> None:
        """Note what it has led to."""
        if self.call is not None:
            result.keep(self.call, outcome)

    def is_with(self, caller_id: UUID) -> None:
        """The caller has said by which number to be reached."""
        self.caller_id = caller_id
        if self.call is not None:
            self.call.caller_id = caller_id


def on_the_phone(call: Call) -> Talk:
    return Talk(call.caller_id, call.phone_number_id, f"call:{call.id}", "voice", call)
