"""Structured logs: JSON lines in production, readable lines at a terminal, personal data redacted in both.

Redaction works on key names and on values. A phone number becomes a keyed pseudonym, so that one caller can still be
followed through the log by somebody who does not know the number.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO, cast

import orjson
import structlog

from callwaiting.core.request_context import current_request_id, current_trace_id

SECRET_KEYS = re.compile(
    r"(?i)pass(word|wd)|secret|token(?!_id)|authorization|cookie|otp|signature|api[_-]?key|card|cvc|iban|ssn|dsn|body|raw"
)
SECRET_VALUES = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # JWT
    r"|\b(?:sk|rk|pk)_(?:live|test)_\w+|\bwhsec_\w+"  # Stripe
    r"|\bcwk_\w+"  # our own API keys
    r"|\bBearer\s+\S+"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password in a URL
    r"|[\w.+-]+@[\w-]+\.[\w.-]+"  # e-mail
)
PHONE = re.compile(r"(?:\+|%2[Bb])(\d{8,15})\b")  # as it is written, or as it stands in a form
DIGIT_RUN = re.compile(r"\b(?:\d[ -]?){13,19}\b")
EVENT_NAME = re.compile(r"[a-z_.]+\Z")
MAX_CHARS = 2000
# Written by our code alone, never from a request but for the request id, which has a form of its own and must stay
# as it is to be followed. Every line has them, so that scanning them costs more than the rest of the line.
OUR_OWN_WORDS = frozenset(
    {"event", "level", "timestamp", "route", "method", "status", "ms", "request_id", "trace_id", "job"}
)

_pseudonym_key = b"unconfigured"


def _luhn(digits: str) -> bool:
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _card(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match.group())
    return "[card]" if _luhn(digits) else match.group()


def _phone(match: re.Match[str]) -> str:
    return "phone:" + hmac.digest(_pseudonym_key, match[1].encode(), hashlib.sha256).hex()[:10]


def redact_text(text: str) -> str:
    """The text without secrets, e-mail addresses and card numbers, phone numbers as pseudonyms."""
    text = SECRET_VALUES.sub("[redacted]", text)
    text = PHONE.sub(_phone, text)
    text = DIGIT_RUN.sub(_card, text)
    return text if len(text) <= MAX_CHARS else text[:MAX_CHARS] + "…"


def _redact(value: Any, key: str = "") -> Any:
    if key and SECRET_KEYS.search(key):
        return "[redacted]"
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return {redact_text(str(k)): _redact(v, str(k)) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_redact(v) for v in value]
    if isinstance(value, int | float | bool) or value is None:
        return value
    return redact_text(str(value))


def redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor for our own lines: what our code alone can have written is left as it is."""
    if not EVENT_NAME.match(event["event"]):
        event["event"] = redact_text(event["event"])
    for key in event.keys() - OUR_OWN_WORDS:
        event[key] = _redact(event[key], key)
    return event


def redact_foreign(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor for the lines of libraries: nothing in them is ours."""
    for key in list(event):
        event[key] = _redact(event[key], key)
    return event


def _add_request_id(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    request_id = current_request_id()
    if request_id:
        event.setdefault("request_id", request_id)
        trace_id = current_trace_id()
        if trace_id:
            event["trace_id"] = trace_id
    return event


def _json_line(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def configure(*, json_lines: bool, level: str = "INFO", pseudonym_key: bytes) -> None:
    """Set up logging for this process; library logs go through the same redaction."""
    global _pseudonym_key
    _pseudonym_key = pseudonym_key
    shared: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_request_id,
        structlog.processors.format_exc_info,
    ]
    renderer: Any = _json_line if json_lines else structlog.dev.ConsoleRenderer(colors=False)
    structlog.configure(
        processors=[*shared, redact_event, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, _Unbreakable())),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(_Unbreakable())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=[*shared, redact_foreign], processor=renderer)
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.raiseExceptions = False  # a full disk under the log must not become an error of the request
    # redis-py gives "push_response" a handler of its own, past our redaction, unless the name is known by then.
    for noisy in ("werkzeug", "kombu", "amqp", "stripe", "twilio", "httpx", "httpcore", "push_response"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class _Unbreakable:
    """Standard error, except that a write that fails (disk full, pipe closed) is dropped: the log is not the work."""

    def write(self, text: str) -> int:
        try:
            return sys.stderr.write(text)
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        try:
            sys.stderr.flush()
        except (OSError, ValueError):
            return
