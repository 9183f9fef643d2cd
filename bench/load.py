"""A small HTTP/1.1 load generator for loopback: prepared requests over keep-alive connections, closed or open loop.

It runs as a process of its own (`python -m bench.load`) so that its work is counted apart from the server's. Requests
come from a file of length-prefixed bytes; each is sent once. The result is one line of JSON.
"""

from __future__ import annotations

import argparse
import json
import selectors
import socket
import struct
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

LENGTH = struct.Struct(">I")


@dataclass
class Result:
    """Counts by status, latencies in seconds, and the wall time."""

    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)
    errors: int = 0
    seconds: float = 0.0

    def summary(self) -> dict[str, object]:
        ordered = sorted(self.latencies)

        def quantile(q: float) -> float:
            return round(ordered[min(len(ordered) - 1, int(q * len(ordered)))] * 1000, 3) if ordered else 0.0

        return {
            "requests": len(ordered),
            "per_second": round(len(ordered) / self.seconds, 1) if self.seconds else 0.0,
            "p50_ms": quantile(0.5),
            "p99_ms": quantile(0.99),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "errors": self.errors,
        }


def prepared(path: Path) -> Iterator[bytes]:
    """The requests of a file that `write_prepared` wrote."""
    data = path.read_bytes()
    position = 0
    while position < len(data):
        (length,) = LENGTH.unpack_from(data, position)
        yield data[position + LENGTH.size : position + LENGTH.size + length]
        position += LENGTH.size + length


def write_prepared(path: Path, requests: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        for request in requests:
            file.write(LENGTH.pack(len(request)) + request)


class Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.socket = self._connect()
        self.started = 0.0
        self.buffer = b""

    def _connect(self) -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made

    def send(self, request: bytes, scheduled: float) -> None:
        self.started = scheduled
        self.buffer = b""
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """The status once the answer is whole. Raises ConnectionError when the server hung up."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("closed")
        self.buffer += chunk
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return None
        lower = head.lower()
        at = lower.find(b"content-length:")
        length = int(lower[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        return int(head[9:12]) if len(body) >= length else None

    def reconnect(self) -> None:
        self.socket.close()
        self.socket = self._connect()


def run(port: int, requests: Iterator[bytes], *, connections: int, seconds: float, rate: float | None) -> Result:
    """Closed loop at full speed, or open loop at `rate` requests a second: there the latency counts from the moment
    the request was due, so that a stalled server cannot hide behind a waiting client."""
    result, selector = Result(), selectors.DefaultSelector()
    idle = [Connection(port) for _ in range(connections)]
    for connection in idle:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
    begun = time.perf_counter()
    end, due, pending, exhausted = begun + seconds, begun, 0, False
    while True:
        now = time.perf_counter()
        while idle and not exhausted and now < end and (rate is None or due <= now):
            request = next(requests, None)
            if request is None:
                exhausted = True
                break
            connection = idle.pop()
            connection.send(request, due if rate else time.perf_counter())
            pending += 1
            due += 1 / rate if rate else 0
        if pending == 0 and (exhausted or now >= end):
            break
        wait = max(0.0, min(due - now, 0.05)) if rate and idle else 0.05
        for key, _ in selector.select(wait):
            connection = key.data
            try:
                status = connection.receive()
            except ConnectionError:
                result.errors += 1
                selector.unregister(connection.socket)
                connection.reconnect()
                selector.register(connection.socket, selectors.EVENT_READ, connection)
                status = -1
            if status is None:
                continue
            if status > 0:
                result.latencies.append(time.perf_counter() - connection.started)
                result.statuses[status] = result.statuses.get(status, 0) + 1
            pending -= 1
            idle.append(connection)
        if now > end + 20:
            break
    result.seconds = time.perf_counter() - begun
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--requests", type=Path, required=True)
    parser.add_argument("--connections", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--repeat", action="store_true", help="send the first request of the file again and again")
    given = parser.parse_args()
    requests = prepared(given.requests)
    if given.repeat:
        first = next(requests)
        requests = iter(lambda: first, b"")
    result = run(given.port, requests, connections=given.connections, seconds=given.seconds, rate=given.rate)
    sys.stdout.write(json.dumps(result.summary()) + "\n")


if __name__ == "__main__":
    main()
