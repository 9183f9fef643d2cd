"""The first Calendar: a file in iCalendar's format, at an address or as it is.

A file is read by a child process with limits of its own. Recurring entries of a hostile or a broken file can take for
ever (every second since 1970, or a February 30 that is sought to the year 9999), and nothing in this process could end
that; the child's processor time and memory have an end.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import orjson

from callwaiting.providers import ics_reading
from callwaiting.providers.outside import AddressRefused, Sender
from callwaiting.providers.ports import CalendarAnswer, CalendarBroken, CalendarUnavailable, Period

MAX_BYTES = 4 * 1024 * 1024
MAX_PERIODS = 5000
CPU_SECONDS = 4
WALL_SECONDS = 5.0
MEMORY_BYTES = 512 * 1024 * 1024
ACCEPT = {"Accept": "text/calendar, text/plain;q=0.5, */*;q=0.1", "User-Agent": "Callwaiting"}
OK, NOT_MODIFIED = 200, 304


class IcsCalendar:
    """Calendars at addresses that merchants name: only on the public internet, within limits of size and time."""

    def __init__(self, outside: Sender) -> None:
        self._outside = outside

    def fetch(self, address: str, *, etag: str) -> CalendarAnswer:
        headers = ACCEPT | ({"If-None-Match": etag} if etag else {})
        try:
            answer = self._outside.get(https(address), headers, most=MAX_BYTES)
        except AddressRefused as error:
            raise CalendarUnavailable(str(error)) from error
        except Exception as error:  # sockets, TLS and HTTP each have errors of their own: nobody answered
            raise CalendarUnavailable(type(error).__name__) from error
        if answer.status == NOT_MODIFIED and etag:
            return CalendarAnswer(None, etag)
        if answer.status != OK:
            raise CalendarUnavailable(f"HTTP {answer.status}")
        if answer.cut:
            raise CalendarBroken(f"has more than {MAX_BYTES} bytes")
        return CalendarAnswer(answer.body, answer.headers.get("etag", "")[:200])

    def read(self, raw: bytes, *, since: datetime, until: datetime, zone: str) -> Sequence[Period]:
        order = {
            "since": since.isoformat(),
            "until": until.isoformat(),
            "zone": zone,
            "most": MAX_PERIODS,
            "cpu_seconds": CPU_SECONDS,
            "memory_bytes": MEMORY_BYTES,
        }
        said = _run([sys.executable, "-I", str(Path(ics_reading.__file__))], orjson.dumps(order) + b"\n" + raw)
        if "wrong" in said:
            raise CalendarBroken(str(said["wrong"]))
        return [Period(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in said["busy"]]


def https(address: str) -> str:
    """`webcal:` is how calendars spell https."""
    scheme, colon, rest = address.partition(":")
    return f"https:{rest}" if colon and scheme.lower() in {"webcal", "webcals"} else address


def _run(command: Sequence[str], given: bytes) -> Mapping[str, list[tuple[str, str]]]:
    """Raises CalendarBroken when the child comes to no end, or to none of its own."""
    try:
        child = subprocess.run(command, input=given, capture_output=True, timeout=WALL_SECONDS, check=False)  # noqa: S603 - our own program
    except subprocess.TimeoutExpired as error:
        raise CalendarBroken("takes too long to read") from error
    if child.returncode < 0 or b"MemoryError" in child.stderr:
        raise CalendarBroken("takes too long or too much memory to read")
    if child.returncode:
        raise CalendarBroken("cannot be read")
    said: Mapping[str, list[tuple[str, str]]] = orjson.loads(child.stdout)
    return said
