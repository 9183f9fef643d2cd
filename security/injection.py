"""sqlmap on captured requests: one of each kind of place where a client's text can reach a statement."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from security.report import Outcome, judged
from security.stage import Stage
from security.tools import find, run, tail

MARK = "*"  # where sqlmap puts its payloads
STRANGER = "203.0.113.7"  # has not failed before
TURNED_AWAY = re.compile(r"(?:429|503) \([^)]*\) - \d+ times")  # so that what was meant was not tried
UNKNOWN = "01890f4e-e6c8-7d3a-9c0b-5a7d1f2e3c4b"


class Captured(NamedTuple):
    """`path` and the texts of `body` have a mark where they are tried; `status` is that of the request as it is.
    With `limited` each try comes from an address of its own, ten in a second, since failures are counted."""

    method: str
    path: str
    body: object
    status: int
    limited: bool = False


REQUESTS: Mapping[str, Captured] = {
    # The password is not tried: it goes into no statement, and after twenty of them the account has had enough.
    "sign-in": Captured(
        "POST", "/api/v1/auth/sign-in", {"email": "nobody@example.com*", "password": "x" * 12}, 401, True
    ),
    "cursor": Captured("GET", "/api/v1/orders?limit=5&cursor=abc*", None, 422),
    "choice": Captured("GET", "/api/v1/calls?limit=5*", None, 200),
    "path": Captured("GET", f"/api/v1/callers/{UNKNOWN}*", None, 404),
    "text": Captured("POST", "/api/v1/messages", {"caller_id": UNKNOWN, "phone_number_id": UNKNOWN, "body": "x*"}, 422),
    "link": Captured("GET", "/p/kQf3mD8q0eXw1nZb5uYc7A*", None, 404),
}


def check(stage: Stage, *, seconds: int = 60) -> Outcome:
    """Each request within `seconds`. A request that does not answer as it was captured is a finding too, for then
    sqlmap would try something else than was meant."""
    tool, token = find("sqlmap"), stage.token("owner")
    directory = stage.root / "sqlmap"
    directory.mkdir()
    with ThreadPoolExecutor(2) as pool:
        found = pool.map(lambda name: _try(tool, stage, token, directory, name, seconds), REQUESTS)
    return judged(f"{len(REQUESTS)} requests: {', '.join(REQUESTS)}", [line for lines in found for line in lines])


def _try(tool: str, stage: Stage, token: str, directory: Path, name: str, seconds: int) -> list[str]:
    captured = REQUESTS[name]
    raw, status = _capture(stage, token, captured)
    if status != captured.status:
        return [f"{name}: {captured.method} {captured.path} answers {status}, not {captured.status}"]
    request = directory / f"{name}.http"
    request.write_text(raw)
    argv = [tool, "-r", str(request), "--batch", "--flush-session", "--level", "2", "--risk", "2"]
    argv += ["--technique", "BEUST", "--dbms", "PostgreSQL", "--time-sec", "3", "--output-dir", str(directory / name)]
    argv += ["--ignore-code", "400,401,404,409,422,429,503", "--skip-waf", "--timeout", "10", "--retries", "1"]
    argv += ["--disable-coloring", "--time-limit", str(seconds)]
    if captured.limited:
        argv += ["--tamper", "xforwardedfor", "--delay", "0.2"]
    done = run(argv, seconds=seconds + 30)
    if turned_away := TURNED_AWAY.findall(done.stdout):
        return [f"{name}: sqlmap was turned away: {', '.join(turned_away)}"]
    if "identified the following injection point" in done.stdout:
        return [f"{name}: injectable", *tail(done.stdout)]
    if "do not appear to be injectable" in done.stdout or "time limit" in done.stdout:
        return []
    return [f"{name}: sqlmap did not come to an end (exit {done.returncode})", *tail(done.stdout)]


def _capture(stage: Stage, token: str, captured: Captured) -> tuple[str, int]:
    """The request as it goes over the line, with marks, and what it is answered with without them."""
    address = urlsplit(stage.url).netloc
    body = "" if captured.body is None else json.dumps(captured.body)
    headers = {"Host": address, "Authorization": f"Bearer {token}"}
    if body:
        headers |= {"Content-Type": "application/json", "Idempotency-Key": "of-the-injections"}
    if captured.limited:
        headers["X-Forwarded-For"] = STRANGER
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        plain = (body.replace(MARK, "") or None, captured.path.replace(MARK, ""))
        connection.request(captured.method, plain[1], plain[0], headers)
        status = connection.getresponse().status
    finally:
        connection.close()
    lines = [f"{captured.method} {captured.path} HTTP/1.1", *(f"{key}: {value}" for key, value in headers.items())]
    return "\r\n".join([*lines, "", body]), status
