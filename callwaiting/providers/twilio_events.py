"""Which event is this signed Twilio request? Parameters as in twilio.com/docs/voice/twiml and
twilio.com/docs/messaging/guides/webhook-request.

The signature joins names and values without a separator, so that a captured request can be cut anew at other places;
therefore identifiers and statuses must have their shape before they become part of a key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import orjson

from callwaiting.providers.ports import PayloadInvalid, SourceSecrets, VerifiedEvent

_SID = re.compile(r"[A-Z]{2}[0-9A-Fa-f]{1,32}", re.ASCII)
_WORD = re.compile(r"[a-z][a-z-]{0,31}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_E164 = re.compile(r"\+[1-9][0-9]{1,14}", re.ASCII)
_FINAL_CALL_STATUSES = {"completed", "busy", "failed", "no-answer", "canceled"}


def read_form(
    parameters: Sequence[tuple[str, str]], query: bytes, signed: bytes, source: SourceSecrets
) -> VerifiedEvent:
    """The event in the checked parameters. `query` tells apart the turns of a conversation; `signed` is the signed
    text without its URL. Raises PayloadInvalid for another AccountSid or a misshapen identifier."""
    form = single_values(parameters)
    require_account(form.get("AccountSid", ""), source)
    if "RecordingSid" in form and "RecordingStatus" in form:
        sid, status = _sid(form, "RecordingSid"), _word(form, "RecordingStatus")
        subject = _sid(form, "CallSid") if "CallSid" in form else sid
        return _event(source, "recording.status", f"{sid}|{status}", subject, form)
    if "MessageSid" in form and "MessageStatus" in form:
        sid, status = _sid(form, "MessageSid"), _word(form, "MessageStatus")
        error = _number(form, "ErrorCode")
        return _event(source, "message.status", f"{sid}|{status}|{error}", sid, form, ours="From")
    if "MessageSid" in form:
        sid = _sid(form, "MessageSid")
        return _event(source, "message.received", sid, sid, form, ours="To")
    if "CallSid" in form:
        return _read_call(form, query, source)
    return _other(source, "form", query + b"\0" + signed)


def read_json(raw: bytes, source: SourceSecrets) -> VerifiedEvent:
    """A JSON notice, known by the hash of its body: no product that we use sends one. Raises PayloadInvalid."""
    require_account(json_account(raw), source)
    return _other(source, "json", raw)


def single_values(parameters: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """Parameters by name. A name with two different values is ambiguous and reads as NUL, which has no valid shape."""
    single: dict[str, str] = {}
    for key, value in parameters:
        single[key] = value if single.get(key, value) == value else "\0"
    return single


def require_account(account: str, source: SourceSecrets) -> None:
    """Raise PayloadInvalid unless the request is of the source's own account or sub-account."""
    if account != source.account:
        raise PayloadInvalid("the AccountSid is not the source's")


def json_account(raw: bytes) -> str:
    """The AccountSid of a JSON body, empty when it has none. Raises PayloadInvalid."""
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise PayloadInvalid("the body is not UTF-8 JSON") from error
    account = body.get("AccountSid", "") if isinstance(body, dict) else ""
    if not isinstance(account, str):
        raise PayloadInvalid("AccountSid is not a text")
    return account


def _read_call(form: Mapping[str, str], query: bytes, source: SourceSecrets) -> VerifiedEvent:
    sid = _sid(form, "CallSid")
    ours = "From" if form.get("Direction", "").startswith("outbound") else "To"
    status = _word(form, "CallStatus") if "CallStatus" in form else ""
    if "SequenceNumber" in form or "CallbackSource" in form or status in _FINAL_CALL_STATUSES:
        return _event(source, "call.status", f"{sid}|{status}|{_number(form, 'SequenceNumber')}", sid, form, ours=ours)
    step = hashlib.sha256(query).hexdigest()[:32]
    return _event(source, "call.voice", f"{sid}|voice|{step}", sid, form, ours=ours)


def _other(source: SourceSecrets, kind: str, content: bytes) -> VerifiedEvent:
    """A request of a product that we do not use. Its key is the hash of what was signed, however it is cut."""
    key = f"{kind}|{hashlib.sha256(content).hexdigest()}"
    return _event(source, "other", key, key, {})


def _event(
    source: SourceSecrets, event_type: str, key: str, subject: str, form: Mapping[str, str], *, ours: str = ""
) -> VerifiedEvent:
    number = form.get(ours, "")
    sequence = _number(form, "SequenceNumber")
    return VerifiedEvent(
        provider="twilio",
        dedupe_key=key,
        provider_event_id=key,
        event_type=event_type,
        object_key=subject,
        occurred_at=_occurred_at(form.get("Timestamp", "")),
        seq=int(sequence) if sequence else None,
        account=source.account,
        our_number=number if _E164.fullmatch(number) else "",
    )


def _sid(form: Mapping[str, str], name: str) -> str:
    return _shaped(form[name], name, _SID)


def _word(form: Mapping[str, str], name: str) -> str:
    return _shaped(form[name], name, _WORD)


def _number(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "")
    return _shaped(value, name, _NUMBER) if value else ""


def _shaped(value: str, name: str, shape: re.Pattern[str]) -> str:
    if not shape.fullmatch(value):
        raise PayloadInvalid(f"{name} does not have its shape")
    return value


def _occurred_at(text: str) -> datetime | None:
    """Twilio writes RFC 2822; None for anything else, since the time is only informative."""
    try:
        moment = parsedate_to_datetime(text[:64])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
