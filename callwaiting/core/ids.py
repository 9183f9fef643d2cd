"""Identifiers: UUIDv7 for rows (they sort by time, and index well), random tokens for what a stranger may hold."""

from __future__ import annotations

import math
import os
import socket
import string
from uuid import UUID

import uuid_utils
from uuid_utils.compat import uuid7

_LETTERS_AND_DIGITS = string.ascii_letters + string.digits
_COUNT = len(_LETTERS_AND_DIGITS)
_FAIR = 256 // _COUNT * _COUNT


def new_id() -> UUID:
    """A UUIDv7, as a standard `uuid.UUID`."""
    return uuid7()


def new_id_text() -> str:
    """A UUIDv7 in its usual spelling, where only text is needed: a quarter of the cost."""
    return str(uuid_utils.uuid7())


def new_token(bits: int = 128) -> str:
    """An unguessable token of at least `bits` bits of entropy: 22 characters for 128, 43 for 256.

    Letters and digits only. A dash in front would be an option to a command that is given the token, and a phone that
    finds links in a text may leave punctuation at the end of one out.
    """
    length = math.ceil(bits / math.log2(_COUNT))
    token = ""
    while len(token) < length:
        # Asked for at once: `secrets.choice` asks the system anew for each character and is ten times as dear. The
        # highest bytes are dropped, so that each character is as likely.
        token += "".join([_LETTERS_AND_DIGITS[byte % _COUNT] for byte in os.urandom(2 * length) if byte < _FAIR])
    return token[:length]


def process_name() -> str:
    """This process as leases and attempts name it: `host:pid`."""
    return f"{socket.gethostname()}:{os.getpid()}"
