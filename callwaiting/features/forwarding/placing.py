"""The two calls to the provider: the one to the line (`twilio.call`), and, when nobody told its end, the question what
became of it (`twilio.call_end`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core import clock
from callwaiting.features.forwarding import service
from callwaiting.features.forwarding.models import ForwardingTest
from callwaiting.features.forwarding.transitions import ENDS
from callwaiting.features.keys import service as keys
from callwaiting.features.messages import service as texts
from callwaiting.features.outbox import service as outbox
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.providers.calling import OutgoingCall, PlacedCall
from callwaiting.providers.ports import ProviderRejected
from callwaiting.providers.registry import Providers

END = "twilio.call_end"
CLOCK_MARGIN = timedelta(seconds=30)  # Twilio dates a call by its own clock
WANTED_FOR = timedelta(minutes=5)  # a call that is made later surprises whoever asked for it
ENDS_WITHIN = timedelta(minutes=2)  # it rings for a minute at most
SAID = (
    "This is a test call by your telephone assistant. Please do not pick up the next one, so that it is forwarded. "
    "Goodbye."
)


@dataclass(frozen=True, slots=True)
class Dialling:
    call: OutgoingCall
    planned_at: datetime


def load(session: Session, test_id: UUID) -> Dialling | None:
    """What to dial; None when the test is over, or too old. Raises NoTwilioSource."""
    row = _locked(session, test_id)
    if row.state != "planned":
        return None
    if row.created_at <= clock.now() - WANTED_FOR:
        service.move(session, row, "could_not_call")
        return None
    line = keys.unseal(session, service.line_place(row.id), row.line_sealed).decode()
    call = OutgoingCall(
        caller=phone_numbers.number_of(session, row.phone_number_id),
        called=line,
        says=SAID,
        status_callback=texts.status_callback(session),
    )
    return Dialling(call, row.created_at)


def call(providers: Providers, dialling: Dialling, unclear: bool) -> PlacedCall:
    """Dial once. After an unclear end the call is looked up first: a line that rings twice proves nothing more."""
    if unclear:
        found = providers.telephony.find_call(dialling.call, dialling.planned_at - CLOCK_MARGIN)
        if found is not None:
            return found
    return providers.telephony.place_call(dialling.call)


def record(session: Session, test_id: UUID, placed: PlacedCall) -> None:
    """Keep Twilio's id of the call, which may have come back already."""
    row = _locked(session, test_id)
    row.call_sid = placed.provider_id
    session.flush()
    if service.move(session, row, "calling"):
        outbox.plan(
            session, END, effect_key=f"forwarding_test_end:{row.id}", subject_id=row.id,
            not_before=clock.now() + ENDS_WITHIN,
        )  # fmt: skip


def reject(session: Session, test_id: UUID, error: ProviderRejected) -> None:
    """Twilio will never make this call."""
    row = _locked(session, test_id)
    row.error_code = error.provider_code or None
    service.move(session, row, "could_not_call")


def load_end(session: Session, test_id: UUID) -> str | None:
    """The call whose end nobody told; None when the test has ended."""
    row = _locked(session, test_id)
    return row.call_sid if row.state == "calling" else None


def call_end(providers: Providers, call_sid: str, unclear: bool) -> str | None:
    """Its status at Twilio; None when Twilio has no such call."""
    found = providers.telephony.call(call_sid)
    return None if found is None else found.status


def record_end(session: Session, test_id: UUID, status: str | None) -> None:
    """One that still goes on after this time has been answered by somebody."""
    end = "could_not_call" if status is None else ENDS.get(status, "answered")
    service.move(session, _locked(session, test_id), end)


def reject_end(session: Session, test_id: UUID, error: ProviderRejected) -> None:
    """Nobody will ever know."""
    row = _locked(session, test_id)
    row.error_code = error.provider_code or None
    service.move(session, row, "could_not_call")


def _locked(session: Session, test_id: UUID) -> ForwardingTest:
    return session.scalars(select(ForwardingTest).where(ForwardingTest.id == test_id).with_for_update()).one()
