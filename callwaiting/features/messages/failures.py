"""What is done about a text that Twilio refused or did not deliver (`provider_errors` says what, by code)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from callwaiting.core import clock, events
from callwaiting.core.crypto import Place
from callwaiting.features.alerts import service as alerts
from callwaiting.features.consents import service as consents
from callwaiting.features.keys import service as keys
from callwaiting.features.messages import planning, thread_state
from callwaiting.features.messages.events import TextFailed
from callwaiting.features.messages.gate import AGAIN
from callwaiting.features.messages.models import Message
from callwaiting.features.messages.provider_errors import Remedy, failure_of

AGAIN_AFTER = timedelta(minutes=15)


def take(session: Session, row: Message, code: str) -> None:
    """Do what the code calls for, and tell the slice whose text it was, unless it is tried once more."""
    failure = failure_of(code)
    match failure.remedy:
        case Remedy.STOP:
            consents.record_revocation_once(
                session, row.caller_id, origin="provider", evidence=code, source=f"message:{row.id}"
            )
        case Remedy.AGAIN if not row.message_key.startswith(AGAIN):
            _plan_again(session, row)
            return
        case Remedy.UNREACHABLE:
            thread_state.mark_unreachable(session, row.caller_id, code)
        case Remedy.ALERT:
            alerts.raise_alert(
                session,
                "messages.provider_refuses",
                subject=f"twilio:{code}",
                severity="high",
                summary=f"Twilio does not deliver our texts (error {code}). {failure.meaning}",
                details={"code": code, "message": str(row.id)},
            )
    events.publish(session, TextFailed(row.id, row.kind, row.subject_id, code, failure.meaning))


def _plan_again(session: Session, row: Message) -> None:
    """One more attempt as a text of its own, because Twilio's verdict on the first one is final."""
    planning.plan_message(
        session,
        caller_id=row.caller_id,
        phone_number_id=row.phone_number_id,
        kind=row.kind,
        message_key=f"{AGAIN}{row.id}",
        body=keys.unseal(session, Place("messages", "body", row.id), row.body_sealed).decode(),
        subject_id=row.subject_id,
        not_before=clock.now() + AGAIN_AFTER,
        template_version=row.template_version,
    )
