"""Fetches PayPal's certificates: no redirect, 3 s, 64 KiB, one fetch an address at a time, kept until they expire."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from callwaiting.core.errors import CallwaitingError, ServiceUnavailable
from callwaiting.providers.ports import VerificationFailed

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_T = TypeVar("_T")

MAX_BYTES = 64 * 1024
TIMEOUT_S = 3.0
# How long a failure is believed: long enough to spare PayPal a flood, short enough not to lose a delivery.
FAILURE_KEPT_S = 10.0
# A certificate that has expired is refused by the verifier, and need not be fetched for each request.
MIN_KEPT = timedelta(minutes=1)
MAX_KEPT = 64
MAX_FLIGHTS = 8
REASON = "webhooks.certificate_unavailable"


@dataclass(frozen=True, slots=True)
class _Kept:
    chain: Sequence[Certificate]
    until: datetime


@dataclass(frozen=True, slots=True)
class _Failed:
    error: CallwaitingError
    until: float


class FetchedCertificates:
    """`Certificates` over HTTPS. Give it only addresses that `certificate_path` let through.

    `base_url` replaces scheme and host of the address for the fetch alone, and `extra_roots` is a PEM file of further
    trusted roots: both are for a stand-in of PayPal.
    """

    def __init__(self, *, base_url: str = "", extra_roots: Path | None = None, timeout_s: float = TIMEOUT_S) -> None:
        self._base_url = base_url.rstrip("/")
        self._extra_roots = extra_roots
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        self._failed: dict[str, _Failed] = {}
        self._flights: dict[str, Future[Sequence[Certificate]]] = {}

    @cached_property
    def roots(self) -> Sequence[Certificate]:
        from callwaiting.providers import paypal_trust

        extra = paypal_trust.extra_roots(self._extra_roots) if self._extra_roots else []
        return [*paypal_trust.pinned_roots(), *extra]

    def get(self, url: str, now: datetime) -> Sequence[Certificate]:
        """The chain at the address. Raises VerificationFailed when PayPal has no such certificate, ServiceUnavailable
        when PayPal is away or answers with something that is no certificate."""
        with self._lock:
            kept = self._kept.get(url)
            if kept is not None and now < kept.until:
                return kept.chain
            failed = self._failed.get(url)
            if failed is not None and time.monotonic() < failed.until:
                raise _anew(failed.error)
            flight = self._flights.get(url)
            if flight is None:
                if len(self._flights) >= MAX_FLIGHTS:
                    raise ServiceUnavailable("too many certificates are being fetched", reason=REASON)
                mine = self._flights[url] = Future()
        if flight is not None:
            return self._wait(flight)
        return self._fly(url, now, mine)

    def _wait(self, flight: Future[Sequence[Certificate]]) -> Sequence[Certificate]:
        try:
            return flight.result(timeout=2 * self._timeout_s)
        except TimeoutError as error:
            raise ServiceUnavailable("another request still waits for the certificate", reason=REASON) from error
        except CallwaitingError as error:
            raise _anew(error) from error

    def _fly(self, url: str, now: datetime, flight: Future[Sequence[Certificate]]) -> Sequence[Certificate]:
        """Fetch, and tell everyone who waits for the same address."""
        try:
            chain = self._fetch(url)
        except CallwaitingError as error:
            with self._lock:
                _put(self._failed, url, _Failed(error, time.monotonic() + FAILURE_KEPT_S))
                del self._flights[url]
            flight.set_exception(error)
            raise
        except BaseException as error:
            with self._lock:
                del self._flights[url]
            flight.set_exception(error)
            raise
        with self._lock:
            _put(self._kept, url, _Kept(chain, max(chain[0].not_valid_after_utc, now + MIN_KEPT)))
            del self._flights[url]
        flight.set_result(chain)
        return chain

    def _fetch(self, url: str) -> Sequence[Certificate]:
        import httpx
        from cryptography.x509 import load_pem_x509_certificates

        address = self._base_url + urlsplit(url).path if self._base_url else url
        deadline = time.monotonic() + self._timeout_s
        content = bytearray()
        try:
            with httpx.stream("GET", address, timeout=self._timeout_s, follow_redirects=False) as response:
                status = response.status_code
                for chunk in response.iter_raw():
                    content += chunk
                    if len(content) > MAX_BYTES or time.monotonic() > deadline:
                        raise ServiceUnavailable("the certificate is too large or too slow", reason=REASON)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise ServiceUnavailable(f"no certificate: {type(error).__name__}", reason=REASON) from error
        if status in {400, 404, 410}:
            raise VerificationFailed("PayPal has no certificate at this address")
        if status != 200:
            raise ServiceUnavailable(f"PayPal answers {status} for the certificate", reason=REASON)
        try:
            # PayPal serves the leaf first, and with it the authorities that it may need.
            return load_pem_x509_certificates(bytes(content))
        except ValueError as error:
            raise ServiceUnavailable("what PayPal serves is no certificate", reason=REASON) from error


def _put(store: dict[str, _T], url: str, entry: _T) -> None:
    """Keep the entry as the newest, and let the oldest go when there are too many."""
    store.pop(url, None)
    store[url] = entry
    if len(store) > MAX_KEPT:
        del store[next(iter(store))]


def _anew(error: CallwaitingError) -> CallwaitingError:
    """The same verdict as a fresh error: one exception object must not be raised in two threads."""
    if isinstance(error, ServiceUnavailable):
        return ServiceUnavailable(error.detail, reason=error.reason)
    return VerificationFailed(error.detail)
