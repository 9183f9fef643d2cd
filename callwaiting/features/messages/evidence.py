"""The file about one person: what was declared, what was sent, and the links of the audit chain that prove it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.audit import service as audit
from callwaiting.features.audit.service import ProvenRecord
from callwaiting.features.callers import service as callers
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.service import Declared
from callwaiting.features.merchants import service as merchants
from callwaiting.features.messages import threads
from callwaiting.features.messages.models import Message
from callwaiting.features.messages.threads import Text

MOST = 2000  # of each kind; a person has far fewer


@dataclass(frozen=True, slots=True)
class Evidence:
    """`declarations`, `texts` and `audit` are oldest first; `may_be_texted` is what the ledger says now."""

    business: str
    merchant_id: UUID
    caller_id: UUID
    number: str
    made_at: datetime
    may_be_texted: bool
    declarations: list[Declared]
    texts: list[Text]
    audit: list[ProvenRecord]


def evidence_about(session: Session, caller_id: UUID) -> Evidence:
    """All that shows whether this person agreed to texts, and what was sent. Raises CallerNotFound.

    That somebody has read it goes into the audit trail. What was declared within the last seconds may not yet have its
    link in the chain.
    """
    known = callers.one(session, caller_id)
    declarations = consents.history(session, caller_id, before=None, limit=MOST)[::-1]
    texts = threads.newest(session, caller_id=caller_id, before=None, limit=MOST)[::-1]
    subjects = {f"caller:{caller_id}", *(entry.source for entry in declarations if entry.source)}
    subjects |= {
        f"message:{message_id}"
        for message_id in session.scalars(
            select(Message.id).where(Message.caller_id == caller_id).order_by(Message.id.desc()).limit(MOST)
        )
    }
    proven = audit.proven_records(session, subjects)
    audit.record(session, "consents.evidence_read", subject=f"caller:{caller_id}")
    profile = merchants.profile(session)
    return Evidence(
        business=profile.name,
        merchant_id=profile.id,
        caller_id=caller_id,
        number=known.number,
        made_at=clock.now(),
        may_be_texted=not declarations or declarations[-1].state == "granted",
        declarations=declarations,
        texts=texts,
        audit=proven,
    )
