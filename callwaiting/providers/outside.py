"""Requests to addresses that merchants name. Nobody may reach into our own network through them.

The name is resolved once; each address that it has is judged, and the connection goes to the address that was judged,
so that a name which answers differently a moment later gains nothing. A redirect of a GET is judged like the address
that it replaces, that of a POST is not followed; answers are read up to a limit, and all of it has an end, however
slowly somebody speaks.
"""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urljoin, urlsplit

CONNECT_SECONDS = 3.0
READ_SECONDS = 5.0
TOTAL_SECONDS = 10.0  # an effect's call may take 13 s
NAT64 = IPv6Network("64:ff9b::/96")
MAX_URL = 2048
MAX_REDIRECTS = 3
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class AddressRefused(ValueError):
    """The address is not one that we send to. The message says why and is fit for its owner."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """`cut`: there was more than was asked for. Header names are lower-case."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool


@dataclass(frozen=True, slots=True)
class Sender:
    """`local` also allows plain http and private addresses, for development and tests."""

    local: bool = False

    def require_url(self, url: str) -> None:
        """What can be said of an address without asking anybody. Raises AddressRefused."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise AddressRefused("Must be a web address.") from error
        if not url.isascii() or not url.isprintable() or " " in url or len(url) > MAX_URL:
            raise AddressRefused("Must be a web address.")
        if parts.scheme != "https" and not (self.local and parts.scheme == "http"):
            raise AddressRefused("Must begin with https://.")
        if not parts.hostname or port == 0 or "@" in parts.netloc or parts.fragment or "#" in url:
            raise AddressRefused("Must have a host, and neither a user nor a fragment.")
        if not self.local and _is_address(parts.hostname):
            require_public(parts.hostname)  # what a name leads to is judged where the connection is made

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """Send once; the status of the answer. Raises AddressRefused, and OSError or HTTPException when nobody answers
        in time."""
        with self._sent("POST", url, headers, body, TOTAL_SECONDS) as answer:
            return answer.status

    def get(self, url: str, headers: Mapping[str, str], *, most: int) -> Fetched:
        """What lies at an address, up to `most` bytes. Three redirects are followed, each judged as the first address
        was. Raises as `post` does."""
        end = time.monotonic() + TOTAL_SECONDS
        for _ in range(MAX_REDIRECTS + 1):
            with self._sent("GET", url, headers, None, end - time.monotonic()) as answer:
                if answer.status in REDIRECTS and (target := answer.getheader("Location")):
                    url = urljoin(url, target)
                    continue
                body = answer.read(most + 1)
                named = {name.lower(): value for name, value in answer.getheaders()}
                return Fetched(answer.status, named, body[:most], cut=len(body) > most)
        raise AddressRefused("Leads from one address to the next.")

    @contextmanager
    def _sent(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, seconds: float
    ) -> Iterator[http.client.HTTPResponse]:
        """The answer to one request, while it is read."""
        self.require_url(url)
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        connection = http.client.HTTPConnection(host, port, timeout=READ_SECONDS)
        if parts.scheme == "https":
            connection.default_port = 443  # what the Host header leaves out
        connected = self._connect(host, port)
        # By name and not by value: TLS takes the connection over from the socket that it wraps.
        end = threading.Timer(max(seconds, 0.0), lambda: _shut(connected))
        end.start()
        try:
            connected.settimeout(READ_SECONDS)
            if parts.scheme == "https":
                connected = ssl.create_default_context().wrap_socket(
                    connected, server_hostname=host, do_handshake_on_connect=False
                )
                connected.do_handshake()
            connection.sock = connected
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(method, target, body, dict(headers))
            yield connection.getresponse()
        finally:
            end.cancel()
            connection.close()
            connected.close()

    def _connect(self, host: str, port: int) -> socket.socket:
        addresses = [found[4][0] for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if not self.local:
            for address in addresses:
                require_public(str(address))
        return socket.create_connection((str(addresses[0]), port), timeout=CONNECT_SECONDS)


def require_public(address: str) -> None:
    """Raises AddressRefused for whatever is not an address of the public internet, however it is written."""
    ip = ip_address(address.partition("%")[0])
    inner: IPv4Address | IPv6Address | None = None
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if ip in NAT64:
            inner = IPv4Address(int(ip) & 0xFFFFFFFF)
    for each in (inner,) if inner else (ip,):
        if not each.is_global or each.is_multicast or each.is_reserved:
            raise AddressRefused("Leads to an address that is not public.")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _shut(connected: socket.socket) -> None:
    """Ends whatever waits for this connection."""
    try:
        connected.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has ended by itself
