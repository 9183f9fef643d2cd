"""The kinds of text that are sent without a person writing them, their wording, and what a wording may hold.

A wording has placeholders in braces, each of a fixed list, and nothing else in braces. It is never handed to a
formatting function, so that it can reach no attribute, no index and no format.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from callwaiting.core.errors import FieldError, NotFound
from callwaiting.features.messages.segments import plain, segments_of

MAX_SEGMENTS = 4
MAX_BODY = 600
SAMPLES: Mapping[str, str] = {
    "business": "Luigi's Pizza",
    "order": "1041",
    "total": "$24.90",
    "amount": "$24.90",
    "rest": "$99.60",
    "until": "Tue, May 5 at 3:30 PM",
    "link": "https://pay.example.com/p/AbCdEfGhIjKlMnOpQrStUv",
    "time": "tomorrow at 3 p.m. (Tue, May 5)",
    "choices": "1: Tue, May 5 3 PM, 2: Wed, May 6 9 AM",
}
_PIECE = re.compile(r"\{([a-z]{1,20})\}|([{}])")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_STOP = re.compile(r"\bSTOP\b")
_START = re.compile(r"\bSTART\b")
# Twilio and the carriers take these words as an opt-out, or an opt-in, whatever we meant by them.
_TRAP = re.compile(r"\b(?:reply|text|send|answer)(?:\s+with)?\W+(cancel|end|quit|revoke|yes)\b", re.IGNORECASE)
# Links of public shorteners are what carriers filter first (twilio.com/docs/api/errors/30007).
_SHORTENER = re.compile(r"\b(?:bit\.ly|tinyurl\.com|goo\.gl|t\.co|ow\.ly|is\.gd|rb\.gy|cutt\.ly)\b", re.IGNORECASE)


class TemplateNotFound(NotFound):
    reason = "messages.template_not_found"


@dataclass(frozen=True, slots=True)
class Template:
    """One kind of text. `placeholders` may stand in a wording, `mandatory` ones must; `stop` and `start` tell whether
    it must name the word by which its recipient ends or resumes texts."""

    name: str
    default: str
    placeholders: tuple[str, ...]
    mandatory: tuple[str, ...]
    stop: bool = False
    start: bool = False


def _booking(name: str, default: str, *, link: bool = True) -> Template:
    may = ("business", "time", "link") if link else ("business", "time")
    return Template(name, default, may, ("business", "time"), stop=True)


def _which(wish: str, in_words: str) -> Template:
    default = f"{{business}}: which booking shall we {in_words}? {{choices}}. Reply with its number, STOP to opt out."
    named = ("business", "choices")
    return Template(f"booking_which_to_{wish}", default, named, named, stop=True)


TEMPLATES: Mapping[str, Template] = {
    template.name: template
    for template in (
        Template(
            "missed_call",
            "{business}: sorry we missed your call. Reply to this text with what you need and we will get back to you."
            " Reply STOP to opt out.",
            ("business",),
            ("business",),
            stop=True,
        ),
        Template(
            "call_unfinished",
            "{business}: thank you for your call. If you still need something, reply to this text and we will get back"
            " to you. Reply STOP to opt out.",
            ("business",),
            ("business",),
            stop=True,
        ),
        Template(
            "person_asked",
            "{business}: sorry that nobody could speak to you. The team knows that you called. Reply to this text with"
            " what you need. Reply STOP to opt out.",
            ("business",),
            ("business",),
            stop=True,
        ),
        Template(
            "payment_link",
            "{business}: order {order}, total {total}. Pay here: {link}\nReply STOP to opt out.",
            ("business", "order", "total", "link"),
            ("business", "total", "link"),
            stop=True,
        ),
        Template(
            "deposit_link",
            "{business}: order {order}, total {total}. A deposit of {amount} is due now, {rest} later. Pay here:"
            " {link}\nReply STOP to opt out.",
            ("business", "order", "total", "amount", "rest", "link"),
            ("business", "total", "amount", "link"),
            stop=True,
        ),
        Template(
            "rest_link",
            "{business}: the rest of order {order}, {amount} of {total}, can be paid here: {link}\nReply STOP to opt"
            " out.",
            ("business", "order", "total", "amount", "rest", "link"),
            ("business", "amount", "link"),
            stop=True,
        ),
        Template(
            "booking_deposit",
            "{business}: your time is kept until {until}. To confirm your booking, pay {amount} here: {link}\nReply"
            " STOP to opt out.",
            ("business", "order", "total", "amount", "until", "link"),
            ("business", "amount", "until", "link"),
            stop=True,
        ),
        Template(
            "deposit_receipt",
            "{business}: thank you, we received the deposit of {amount} for order {order}. {rest} is due later."
            " Receipt: {link}",
            ("business", "amount", "rest", "order", "link"),
            ("business", "amount", "rest"),
        ),
        Template(
            "receipt",
            "{business}: thank you, we received {amount} for order {order}. It is paid in full. Receipt: {link}",
            ("business", "amount", "order", "link"),
            ("business", "amount"),
        ),
        Template(
            "payment_parked",
            "{business}: we received {amount} for order {order}, which does not fit it. We look into it and get in"
            " touch. Please do not pay again.",
            ("business", "amount", "order"),
            ("business", "amount"),
        ),
        Template(
            "order_cancelled",
            "{business}: order {order} is cancelled. Please do not pay for it.",
            ("business", "order"),
            ("business", "order"),
        ),
        Template(
            "refund",
            "{business}: we have given back {amount} for order {order}. Your bank may need some days to show it.",
            ("business", "amount", "order"),
            ("business", "amount"),
        ),
        _booking(
            "booking_confirmation", "{business}: you are booked {time}. To change it: {link} Reply STOP to opt out."
        ),
        _booking(
            "booking_moved", "{business}: your booking is now {time}. To change it: {link} Reply STOP to opt out."
        ),
        _booking(
            "booking_moved_unpaid",
            "{business}: your time is now {time}. It is yours when the deposit is paid, by the link we sent you. Reply"
            " STOP to opt out.",
            link=False,
        ),
        _booking(
            "booking_expired",
            "{business}: your booking {time} is not confirmed, as it was not paid for in time. Please call to book"
            " anew. Reply STOP to opt out.",
            link=False,
        ),
        _booking(
            "booking_cancelled", "{business}: we had to cancel your booking {time}. Reply STOP to opt out.", link=False
        ),
        _booking(
            "booking_cancelled_by_caller",
            "{business}: you have cancelled your booking {time}. Reply STOP to opt out.",
            link=False,
        ),
        _booking(
            "booking_reminder",
            "{business}: a reminder of your booking {time}. Reply 1 to confirm, R to rebook, C to call it off, or see"
            " {link} Reply STOP to opt out.",
        ),
        _booking(
            "booking_acknowledged",
            "{business}: thank you, we expect you {time}. Reply STOP to opt out.",
            link=False,
        ),
        _booking(
            "booking_link",
            "{business}: another time for your booking {time}? Choose here: {link} Reply STOP to opt out.",
        ),
        _booking(
            "booking_too_late",
            "{business}: your booking {time} can no longer be changed by text. Please call us. Reply STOP to opt out.",
            link=False,
        ),
        _which("cancel", "call off"),
        _which("rebook", "move"),
        Template(
            "no_booking",
            "{business}: we have no booking to come under your number. Please call us. Reply STOP to opt out.",
            ("business",),
            ("business",),
            stop=True,
        ),
        Template(
            "stop_confirmed",
            "{business}: you will get no more texts from us. Reply START if you change your mind.",
            ("business",),
            ("business",),
            start=True,
        ),
        Template(
            "start_confirmed",
            "{business}: you will get our texts again. Reply HELP for help, STOP to stop.",
            ("business",),
            ("business",),
            stop=True,
        ),
        Template(
            "help",
            "{business}: we text you about your calls and orders. Call this number for help. Reply STOP to stop. Msg &"
            " data rates may apply.",
            ("business",),
            ("business",),
            stop=True,
        ),
    )
}


def template(name: str) -> Template:
    """Raises TemplateNotFound."""
    if name not in TEMPLATES:
        raise TemplateNotFound(name)
    return TEMPLATES[name]


def render(body: str, values: Mapping[str, str]) -> str:
    """The wording with the values in it, in the cheaper alphabet where that loses nothing.

    A value is put in as it is: braces in it mean nothing. Raises KeyError for a placeholder without a value.
    """
    whole = _PIECE.sub(lambda piece: _cleaned(values[piece[1]]) if piece[1] else piece[0], body)
    return plain(whole)


def faults(kind: Template, body: str) -> Iterator[FieldError]:
    """What keeps this wording from being used, one sentence each."""
    used = [piece[1] for piece in _PIECE.finditer(body) if piece[1]]
    if any(piece[2] for piece in _PIECE.finditer(body)):
        yield FieldError("body", "Braces may only stand around a placeholder, as in {business}.")
    for name in dict.fromkeys(used):
        if name not in kind.placeholders:
            allowed = ", ".join(f"{{{known}}}" for known in kind.placeholders)
            yield FieldError("body", f"{{{name}}} is no placeholder of this text; it has {allowed}.")
    for name in kind.mandatory:
        if name not in used:
            yield FieldError("body", f"Must hold {{{name}}}.")
    if kind.stop and not _STOP.search(body):
        yield FieldError("body", 'Must say how to end texts, as in "Reply STOP to opt out."')
    if kind.start and not _START.search(body):
        yield FieldError("body", 'Must say how to get texts again, as in "Reply START to resume."')
    if _CONTROL.search(body):
        yield FieldError("body", "Must hold no control characters.")
    if trap := _TRAP.search(body):
        word = trap[1].upper()
        yield FieldError("body", f"Must not ask for the reply {word}: carriers take it as an opt-out or opt-in.")
    if _SHORTENER.search(body):
        yield FieldError("body", "Must hold no link of a public shortener: carriers filter those.")
    if set(used) <= set(SAMPLES) and segments_of(render(body, SAMPLES)).parts > MAX_SEGMENTS:
        yield FieldError("body", f"Takes more than {MAX_SEGMENTS} segments when it is filled in.")


def _cleaned(value: str) -> str:
    return " ".join(_CONTROL.sub(" ", value).split())
