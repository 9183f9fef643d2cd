"""What this slice tells those above it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class TextDue:
    """A planned text is about to be sent. Whoever knows that it is no longer true raises NoLongerTrue. `message_key` is
    the one under which it was planned."""

    kind: str
    subject_id: UUID | None
    message_key: str = ""


@dataclass(frozen=True, slots=True)
class TextFailed:
    """A text will not arrive. `code` is Twilio's, `meaning` one sentence for people."""

    message_id: UUID
    kind: str
    subject_id: UUID | None
    code: str
    meaning: str


@dataclass(frozen=True, slots=True)
class TextReceived:
    """A caller's text that declared nothing about consent, in the transaction that keeps it.

    While a person of the team writes with the caller, `assistant_may_answer` is false: what the text asks for may be
    done, but not talked about.
    """

    message_id: UUID
    caller_id: UUID
    phone_number_id: UUID
    body: str
    assistant_may_answer: bool
