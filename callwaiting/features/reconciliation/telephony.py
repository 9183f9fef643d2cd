"""Twilio's lists of calls and texts, compared with ours, and put right where that is safe.

A status only moves forward by its own table, so that a late list takes nothing back. A call or text that never reached
us is taken in as its notice would have been: the caller of a missed call is texted, through the gate like anybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from callwaiting.core import clock, deadline, phone
from callwaiting.core.db import Database
from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.features.alerts import service as alerts
from callwaiting.features.calls import service as calls
from callwaiting.features.messages import service as messages
from callwaiting.features.messages.service import IncomingText
from callwaiting.features.phone_numbers import service as phone_numbers
from callwaiting.features.reconciliation import findings
from callwaiting.features.reconciliation.findings import Difference, Key
from callwaiting.features.webhooks.service import NotYet
from callwaiting.providers.attempts import three_attempts
from callwaiting.providers.lists import ListedCall, ListedMessage
from callwaiting.providers.ports import Telephony

LIST_SECONDS = 12.0
TEXT_BACK_WITHIN = timedelta(hours=24)  # an older missed call is told to the team alone
ASKED_ONE_BY_ONE = 25


@dataclass(frozen=True, slots=True)
class Heard:
    """How much Twilio listed, how much of it had not reached us, and how many findings that made."""

    listed: int
    repaired: int
    new: int


class _Line(NamedTuple):
    """One of a merchant's numbers."""

    merchant_id: UUID
    phone_number_id: UUID


class _Listed(NamedTuple):
    calls: list[ListedCall]
    texts: list[ListedMessage]


def compare_telephony(database: Database, telephony: Telephony, since: datetime, until: datetime) -> Heard:
    """Compare the calls and texts of the window, merchant by merchant; each thing is put right in its own transaction.

    Raises ProviderUnavailable, ProviderOutcomeUnknown, ProviderRejected, ProviderNotConfigured, DeadlineExceeded.
    """
    listed_calls = [
        call for call in three_attempts(lambda: telephony.list_calls(since, until), deadline_s=_left())
        if call.direction == "inbound"
    ]  # fmt: skip
    listed_texts = [
        text for text in three_attempts(lambda: telephony.list_messages(since, until), deadline_s=_left())
        if text.direction != "outbound-reply"
    ]  # fmt: skip
    lines = _lines(database, {_ours(text) for text in listed_texts} | {call.called for call in listed_calls})
    by_merchant: dict[UUID, _Listed] = defaultdict(lambda: _Listed([], []))
    for call in listed_calls:
        if line := lines.get(call.called):
            by_merchant[line.merchant_id].calls.append(call)
    for text in listed_texts:
        if line := lines.get(_ours(text)):
            by_merchant[line.merchant_id].texts.append(text)
    repaired = new = 0
    for merchant_id, listed in by_merchant.items():
        scope = MerchantScope(merchant_id)
        repaired += _calls(database, scope, listed.calls, lines)
        more, found = _texts(database, telephony, scope, listed.texts, lines, since, until)
        repaired, new = repaired + more, new + found
    return Heard(len(listed_calls) + len(listed_texts), repaired, new)


def _lines(database: Database, numbers: set[str]) -> Mapping[str, _Line]:
    with database.unit_of_work(SystemScope("whose numbers a provider lists")) as session:
        owners = {number: phone_numbers.owner_of(session, number) for number in sorted(numbers)}
    return {number: _Line(*owner) for number, owner in owners.items() if owner is not None}


def _calls(database: Database, scope: MerchantScope, listed: Sequence[ListedCall], lines: Mapping[str, _Line]) -> int:
    with database.unit_of_work(scope) as session:
        known = calls.statuses_of(session, [call.sid for call in listed])
    repaired = 0
    for call in listed:
        if call.status not in calls.TERMINAL or known.get(call.sid) in calls.TERMINAL:
            continue  # one that goes on is for the next comparison
        with database.unit_of_work(scope) as session:
            repaired += _end(session, call, known.get(call.sid), lines[call.called])
    return repaired


def _end(session: Session, call: ListedCall, had: str | None, line: _Line) -> int:
    ended_at = call.ended_at or clock.now()
    if had is not None:
        if calls.apply_status(session, call.sid, call.status, None, ended_at) == "stale":
            return 0
        findings.note_repaired(
            session, "twilio", Difference("call", call.sid, "state_differs", ours=had, theirs=call.status)
        )
        return 1
    caller = phone.caller_number(call.caller)
    if caller is not None and phone_numbers.owner_of(session, caller) is not None:
        return 0  # a test of the forwarding that came back: no call, and it has a row of its own
    late = clock.now() - ended_at > TEXT_BACK_WITHIN
    calls.adopt(
        session,
        call.sid,
        call.status,
        phone_number_id=line.phone_number_id,
        caller=caller,
        occurred_at=ended_at,
        text_back=not late,
    )
    findings.note_repaired(session, "twilio", Difference("call", call.sid, "missing_here", theirs=call.status))
    alerts.raise_alert(
        session,
        "calls.never_reached",
        subject=f"call_sid:{call.sid}",
        severity="high",
        summary="A call never reached us and nobody answered it. Ring the caller back."
        if late
        else "A call never reached us and nobody answered it. Its caller is texted, if texts are allowed.",
        details={"call_sid": call.sid, "status": call.status},
    )
    return 1


def _texts(
    database: Database,
    telephony: Telephony,
    scope: MerchantScope,
    listed: Sequence[ListedMessage],
    lines: Mapping[str, _Line],
    since: datetime,
    until: datetime,
) -> tuple[int, int]:
    with database.unit_of_work(scope) as session:
        known = dict(messages.statuses_of(session, [text.sid for text in listed]))
        silent = messages.under_way(session, since, until, ASKED_ONE_BY_ONE)
    told = {text.sid: text for text in listed}
    found: list[Difference] = []
    for sid in silent:
        if sid not in told:
            known[sid] = "under way"
            asked = three_attempts(lambda sid=sid: telephony.message(sid), deadline_s=_left())  # type: ignore[misc]
            if asked is None:
                found.append(Difference("message", sid, "missing_there", ours="sent"))
            else:
                told[sid] = asked
    repaired = 0
    for text in told.values():
        if text.direction == "inbound" and text.sid not in known:
            with database.unit_of_work(scope) as session:
                _take_in(session, text, lines[text.recipient])
            repaired += 1
        elif text.direction != "inbound" and text.sid in known:
            with database.unit_of_work(scope) as session:
                repaired += _bring_forward(session, text, known[text.sid])
        elif text.sid not in known:
            found.append(Difference("message", text.sid, "missing_here", theirs=text.status))
    checked: set[Key] = {("message", sid) for sid in (*told, *silent)}
    with database.unit_of_work(scope) as session:
        return repaired, findings.note(session, "twilio", found, checked)


def _take_in(session: Session, text: ListedMessage, line: _Line) -> None:
    """An incoming text that never reached us. Its sender gets no answer by return; what it declares is honoured."""
    messages.receive(session, line.phone_number_id, IncomingText(text.sid, text.sender, text.body, media=text.media))
    findings.note_repaired(session, "twilio", Difference("message", text.sid, "missing_here", theirs=text.status))
    alerts.raise_alert(
        session,
        "messages.never_reached",
        subject=f"message_sid:{text.sid}",
        severity="warning",
        summary="A caller's text reached us late, by the provider's list alone. Read and answer it.",
        details={"message_sid": text.sid},
    )


def _bring_forward(session: Session, text: ListedMessage, had: str) -> int:
    if had == text.status:
        return 0
    try:
        outcome = messages.apply_status(session, text.sid, text.status, text.error_code)
    except NotYet:
        return 0  # it moves this very moment
    if outcome != "moved":
        return 0
    findings.note_repaired(
        session, "twilio", Difference("message", text.sid, "state_differs", ours=had, theirs=text.status)
    )
    return 1


def _ours(text: ListedMessage) -> str:
    return text.recipient if text.direction == "inbound" else text.sender


def _left() -> float:
    return deadline.remaining(LIST_SECONDS)
