"""Limits at the edge: body size, declared length, content type, and the shared bucket of an address."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

from flask import request

from callwaiting.core.errors import CallwaitingError, ErrorCode

JSON_BYTES = 256 * 1024
WEBHOOK_BYTES = 512 * 1024


class LengthRequired(CallwaitingError):
    """Werkzeug cuts a chunked body at MAX_CONTENT_LENGTH without a word, so a body must declare its length."""

    code = ErrorCode.LENGTH_REQUIRED
    reason = "http.length_required"


class PayloadTooLarge(CallwaitingError):
    code = ErrorCode.PAYLOAD_TOO_LARGE
    reason = "http.payload_too_large"


class UnsupportedMediaType(CallwaitingError):
    code = ErrorCode.UNSUPPORTED_MEDIA_TYPE
    reason = "http.unsupported_media_type"


def declared_length(content_length: str | None, transfer_encoding: str | None, limit: int) -> int:
    """The body's length in bytes. Raises LengthRequired or PayloadTooLarge."""
    if content_length is None or content_length == "":
        if transfer_encoding:
            raise LengthRequired
        return 0
    if not content_length.isascii() or not content_length.isdigit():
        raise LengthRequired
    length = int(content_length)
    if length > limit:
        raise PayloadTooLarge
    return length


def check_body() -> None:
    """Run before every request."""
    limit = request.max_content_length or JSON_BYTES
    declared_length(request.headers.get("Content-Length"), request.headers.get("Transfer-Encoding"), limit)


def client_network() -> str:
    """The key of the anonymous bucket: the IPv4 address, or the /64 of an IPv6 one."""
    return _network(request.remote_addr or "")


@lru_cache(maxsize=4096)
def _network(text: str) -> str:
    try:
        address = ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(IPv6Address(int(address) >> 64 << 64)) + "/64"
    return str(address)
