"""What a request tells about the device that sent it, and the cookie by which a device is known again."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass

from sqlalchemy.orm import Session

from callwaiting.core.db import Database
from callwaiting.features.accounts.process_keys import key_for

DEVICE_BYTES = TAG_BYTES = 16
BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
    ("curl/", "curl"), ("python", "a script"),
)  # fmt: skip
SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "Mac"),
    ("Linux", "Linux"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Client:
    """`network` is the address, or the /64 of an IPv6 one; `device_cookie` is what the browser brought, unchecked."""

    network: str
    user_agent: str = ""
    device_cookie: str = ""

    @property
    def device(self) -> str:
        """As a person would name it: `Firefox on Linux`."""
        browser = next((name for mark, name in BROWSERS if mark in self.user_agent), "Another program")
        system = next((name for mark, name in SYSTEMS if re.search(mark, self.user_agent)), "")
        return f"{browser} on {system}" if system else browser


def client_hash(holder: Session | Database, client: Client) -> bytes:
    """Equal for requests of the same program from the same network."""
    message = f"{client.network}\0{client.user_agent}".encode()
    return hmac.digest(key_for(holder, "client"), message, hashlib.sha256)[:TAG_BYTES]


def new_device_cookie(holder: Session | Database, email_hash: bytes) -> str:
    """For a device on which this account has signed in: its attempts have a budget of their own from now on."""
    device = secrets.token_bytes(DEVICE_BYTES)
    return base64.urlsafe_b64encode(device + _tag(holder, device, email_hash)).rstrip(b"=").decode()


def known_device(holder: Session | Database, client: Client, email_hash: bytes) -> bytes | None:
    """The id of the device when its cookie was made by us for this account, else None."""
    try:
        cookie = client.device_cookie.encode("ascii")
        raw = base64.b64decode(cookie + b"=" * (-len(cookie) % 4), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error, ValueError):
        return None
    device, tag = raw[:DEVICE_BYTES], raw[DEVICE_BYTES:]
    return device if hmac.compare_digest(tag, _tag(holder, device, email_hash)) else None


def _tag(holder: Session | Database, device: bytes, email_hash: bytes) -> bytes:
    return hmac.digest(key_for(holder, "device"), device + email_hash, hashlib.sha256)[:TAG_BYTES]
