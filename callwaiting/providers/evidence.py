"""What every verifier shares: bounded headers, identifiers fit to be stored, and what the signature doctor shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from callwaiting.providers.ports import PayloadInvalid, SignedRequest, VerificationFailed

# Ten 64-digit candidates need 700 characters; whatever is longer was not written by a provider.
MAX_HEADER = 4096
MAX_IDENTIFIER = 255
# How much of a computed signature the doctor may show: enough to recognise, far too little to forge with.
SHOWN_SIGNATURE = 8


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a verdict came about. `expected` holds only the first characters of the signatures that would hold."""

    signed_text: str
    received: tuple[str, ...]
    expected: tuple[str, ...]


def require_header(request: SignedRequest, name: str) -> str:
    """The header's value, between 1 and `MAX_HEADER` characters long; else VerificationFailed."""
    value = request.headers.get(name)
    if not value:
        raise VerificationFailed(f"header {name} is missing")
    if len(value) > MAX_HEADER:
        raise VerificationFailed(f"header {name} is longer than {MAX_HEADER} characters")
    return value


def live_secrets(secrets: Sequence[str]) -> list[bytes]:
    """The secrets as HMAC keys. An empty one is never a key: anybody could sign with it."""
    keys = [utf8(secret) for secret in secrets if secret]
    if not keys:
        raise VerificationFailed("the source has no secret")
    return keys


def utf8(text: str) -> bytes:
    """The text as bytes, whatever it holds: a lone surrogate simply matches no signature."""
    return text.encode("utf-8", "surrogatepass")


def require_identifier(value: object, name: str) -> str:
    """A string that can be a key in the database: 1 to 255 printable characters (so neither NUL nor surrogates);
    else PayloadInvalid."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_IDENTIFIER or not value.isprintable():
        raise PayloadInvalid(f"{name} is not an identifier")
    return value


def hide_secrets(text: str, secrets: Sequence[str]) -> str:
    """The text with every secret that occurs in it replaced by asterisks. A secret of under 8 characters is a toy, as
    in the vendors' vectors, and would be found in innocent places."""
    for secret in secrets:
        if len(secret) >= 8:
            text = text.replace(secret, "***")
    return text
