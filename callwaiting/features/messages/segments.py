"""How many segments a text takes, and keeping it in the alphabet that takes the fewest.

A carrier bills each segment. A text that fits the GSM 7-bit alphabet has 160 characters in one, or 153 in each of
several; one character outside of it makes the whole text UCS-2 with 70 and 67 (3GPP TS 23.038, 6.2.1 and 23.040,
9.2.3.24.1; twilio.com/docs/glossary/what-is-gsm-7-character-encoding).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")  # behind an escape: two septets
ALPHABET = BASIC | EXTENSION

# Marks that word processors and phones put in by themselves. A letter is never replaced: it is somebody's name.
_PLAIN = {
    **dict.fromkeys("‘’‚‛′ʼ`´", "'"),
    **dict.fromkeys("“”„‟″«»", '"'),
    **dict.fromkeys("‐‑‒–—―−⁃", "-"),
    **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\t", " "),
    **dict.fromkeys("\u200b\u2060\ufeff\u00ad", ""),
    "…": "...", "•": "-", "·": "-", "→": "->", "™": "(TM)", "®": "(R)", "©": "(c)", "½": "1/2", "¼": "1/4",
    "¾": "3/4", "×": "x", "\u2028": "\n", "\u2029": "\n",
}  # fmt: skip
_TABLE = str.maketrans(_PLAIN)


class Segments(NamedTuple):
    """`encoding` is the alphabet of the whole text, `parts` the number of segments billed; none for no text."""

    encoding: Literal["gsm7", "ucs2"]
    parts: int


def plain(text: str) -> str:
    """The text with typographic marks as the GSM alphabet has them. Letters stay as they are."""
    return text.translate(_TABLE)


def segments_of(text: str) -> Segments:
    """Count as a handset splits: neither an escaped character nor a surrogate pair is torn apart."""
    if ALPHABET.issuperset(text):
        return Segments("gsm7", _packed((2 if sign in EXTENSION else 1 for sign in text), 160, 153))
    return Segments("ucs2", _packed((2 if ord(sign) > 0xFFFF else 1 for sign in text), 70, 67))


def _packed(widths: Iterable[int], alone: int, joined: int) -> int:
    total = full = room = 0
    for width in widths:
        total += width
        if width > room:
            full, room = full + 1, joined
        room -= width
    return full if total > alone else min(full, 1)
