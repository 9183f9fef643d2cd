"""Texts as the API shows and takes them."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from callwaiting.core.http.paging import PageQuery
from callwaiting.core.http.schemas import Instant, Schema, Version
from callwaiting.features.messages.evidence import Evidence
from callwaiting.features.messages.templates import MAX_BODY as MAX_WORDING
from callwaiting.features.messages.thread_state import Handler

MAX_BODY = 1600  # twilio.com/docs/messaging/api/message-resource: more characters are refused

Body = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_BODY),
    Field(examples=["Your table is ready."]),
]


Wording = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_WORDING),
    Field(examples=["{business}: sorry we missed you. Reply with what you need, or STOP to opt out."]),
]


class MessageQuery(PageQuery):
    caller_id: UUID | None = Field(default=None, description="Only texts to and from this caller.")


class MessageBody(Schema):
    """A text to a caller, sent from one of the business's own numbers."""

    caller_id: UUID
    phone_number_id: UUID
    body: Body


class MessageFace(Schema):
    """`direction` is `in` or `out`; `status` is Twilio's, or `planned` before it was sent and `suppressed` when it is
    not sent, for `reason`. A planned text with `send_after` waits until then: quiet hours, or a second attempt.
    `error_code` is Twilio's, `segments` what carriers bill, `media` the number of pictures."""

    id: UUID
    caller_id: UUID
    phone_number_id: UUID
    direction: str = Field(examples=["out"])
    kind: str = Field(examples=["receipt"])
    body: str = Field(examples=["Your table is ready."])
    status: str = Field(examples=["delivered"])
    error_code: str | None = Field(examples=["30003"])
    reason: str = Field(examples=["consent revoked"])
    encoding: str = Field(examples=["gsm7"], description="`gsm7` or `ucs2`, which takes more segments.")
    segments: int = Field(examples=[1])
    media: int = Field(examples=[0])
    send_after: Instant | None
    created_at: Instant
    sent_at: Instant | None


class ThreadFace(Schema):
    """All texts to and from one caller, by the last of them. `number` is null for those who may not see callers.

    `unread` counts the caller's texts since the team last looked, to a hundred. While `handled_by` is `person` the
    assistant is silent. `unreachable_code` is Twilio's code for a number that takes no texts."""

    caller_id: UUID
    number: str | None = Field(examples=["+12125550123"])
    unread: int = Field(examples=[2])
    handled_by: Handler
    unreachable_code: str | None = Field(examples=["30006"])
    last: MessageFace


class ReplyBody(Schema):
    """An answer into a thread, from the number to which the last text belongs."""

    body: Body


class ReadBody(Schema):
    """The last text that was seen."""

    up_to: UUID


class HandOverBody(Schema):
    """Who answers the caller from now on."""

    to: Handler


class SettingsBody(Schema):
    """`keywords_confirmed_by`: who answers STOP, START and HELP. `twilio` where the account's own opt-out handling is
    on, so that nobody gets two confirmations; free wording is confirmed by us in any case. `assistant_answers`: whether
    the assistant answers other texts; else they are kept for the team."""

    keywords_confirmed_by: Literal["callwaiting", "twilio"]
    assistant_answers: bool = True


class SettingsFace(SettingsBody):
    version: Version


class WordingBody(Schema):
    """The merchant's own wording; null takes the built-in one back."""

    body: Wording | None


class PreviewBody(Schema):
    body: Wording


class WordingFace(Schema):
    """How a kind of text is worded. `placeholders` may stand in it in braces, `mandatory` ones must; `own` is false for
    the built-in wording."""

    name: str = Field(examples=["missed_call"])
    body: str = Field(examples=["{business}: sorry we missed your call. Reply STOP to opt out."])
    own: bool
    placeholders: list[str] = Field(examples=[["business"]])
    mandatory: list[str] = Field(examples=[["business"]])
    version: Version


class WordingsFace(Schema):
    items: list[WordingFace]


class FormerFace(Schema):
    """A version as it was written; without a body the built-in wording was taken back."""

    version: Version
    body: str | None = Field(examples=["{business}: your table is booked for {when}."])
    created_at: Instant


class FormersFace(Schema):
    items: list[FormerFace]


class PreviewFace(Schema):
    """The wording filled in with samples; `faults` keep it from being used."""

    text: str = Field(examples=["Luigi's Pizza: sorry we missed your call. Reply STOP to opt out."])
    encoding: str = Field(examples=["gsm7"])
    segments: int = Field(examples=[1])
    faults: list[str] = Field(examples=[["Must hold {business}."]])


class DeclaredFace(Schema):
    """One entry of the ledger. `evidence` is what was written or said, `wording` what asked for it, `source` where."""

    id: UUID
    state: str = Field(examples=["revoked"])
    origin: str = Field(examples=["sms"])
    evidence: str = Field(examples=["STOP"])
    wording: str = Field(examples=["Reply STOP to get no more texts."])
    source: str = Field(examples=["message:0198c0de-0000-7000-8000-000000000001"])
    recorded_at: Instant


class ProvenFace(Schema):
    """One link of the audit chain. `record` is the text that was hashed: `hash` is the SHA-256 of `prev_hash` (32
    bytes), `seq` (8 bytes, big end first), the merchant's id (16 bytes) and `record`, one behind the other. `holds`
    says that this was so when the file was made."""

    seq: int = Field(examples=[1234])
    record: str = Field(examples=['{"action":"consent.recorded"}'])
    prev_hash: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    merchant_prev_hash: str | None = Field(
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"]
    )
    hash: str = Field(examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"])
    holds: bool


class EvidenceFace(Schema):
    """What shows whether a person agreed to texts: each list oldest first. `may_be_texted` is what the ledger says now;
    without any declaration whoever called or wrote first may be answered."""

    business: str = Field(examples=["Luigi's Pizza"])
    merchant_id: UUID
    caller_id: UUID
    number: str = Field(examples=["+12125550123"])
    made_at: Instant
    may_be_texted: bool
    declarations: list[DeclaredFace]
    texts: list[MessageFace]
    audit: list[ProvenFace]

    @classmethod
    def of(cls, found: Evidence) -> EvidenceFace:
        links = [
            ProvenFace(
                seq=link.seq,
                record=link.record,
                prev_hash=link.prev_hash.hex(),
                merchant_prev_hash=link.merchant_prev_hash.hex() if link.merchant_prev_hash else None,
                hash=link.hash.hex(),
                holds=link.holds,
            )
            for link in found.audit
        ]
        return cls(
            business=found.business,
            merchant_id=found.merchant_id,
            caller_id=found.caller_id,
            number=found.number,
            made_at=found.made_at,
            may_be_texted=found.may_be_texted,
            declarations=[DeclaredFace.model_validate(entry) for entry in found.declarations],
            texts=[MessageFace.model_validate(text) for text in found.texts],
            audit=links,
        )
