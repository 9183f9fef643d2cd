"""nginx answers in the application's words, where it answers itself."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask

from callwaiting.core.errors import PUBLIC_FACES, ErrorCode

NGINX = Path(__file__).parents[2] / "deploy/nginx"


def map_of(variable: str) -> dict[str, str]:
    """The entries of `map … $variable { }`."""
    text = (NGINX / "refusals.conf").read_text()
    found = re.search(rf"map \S+ \${variable} {{(.*?)}}", text, re.DOTALL)
    assert found
    return {key: value.strip('"') for key, value in re.findall(r"^\s*(\S+)\s+(.*);$", found[1], re.MULTILINE)}


def test_refusals_use_the_codes_and_words_of_the_application() -> None:
    codes, titles, messages = (map_of(f"refusal_{name}") for name in ("code", "title", "message"))

    assert set(codes.values()) == set(titles) == set(messages)
    for name in titles:
        face = PUBLIC_FACES[ErrorCode(name)]
        assert (titles[name], messages[name]) == (face.title, face.message)
    for status, name in codes.items():
        if status not in {"default", "408"}:  # slow clients are nginx's own: 408, where the application says 504
            assert PUBLIC_FACES[ErrorCode(name)].status == int(status)


def test_every_refused_status_is_answered_by_the_envelope() -> None:
    text = (NGINX / "refuse.conf").read_text()
    statuses = {status for line in re.findall(r"error_page ([\d ]+?) [@/]", text) for status in line.split()}

    assert set(map_of("refusal_code")) - {"default"} <= statuses
    assert "include security_headers.conf;" in (NGINX / "envelope.conf").read_text()
    servers = re.split(r"^    server {", (NGINX / "nginx.conf").read_text(), flags=re.MULTILINE)[1:]
    assert len(servers) == 3
    for server in servers:
        assert "include refuse.conf;" in server


def test_headers_are_those_of_the_application(app: Flask) -> None:
    text = (NGINX / "security_headers.conf").read_text()
    fixed = dict(re.findall(r'add_header (\S+) "(.*)" always;', text))

    answer = app.test_client().get("/nothing", base_url="https://callwaiting.test")

    assert fixed == {name: answer.headers[name] for name in fixed}
    assert {"X-Frame-Options", "Content-Security-Policy", "Cache-Control"} <= set(fixed)
    assert map_of("transport_security") == {"default": "", "on": "max-age=63072000; includeSubDomains"}
    assert "add_header Strict-Transport-Security $transport_security always;" in text
    rest = {name for name in set(answer.headers.keys()) - set(fixed) if not name.startswith("RateLimit-")}
    assert rest <= {"Content-Type", "Content-Length", "X-Request-ID", "Vary"}


def test_methods_that_the_application_has_not_stop_at_nginx(app: Flask) -> None:
    found = re.search(r"\$request_method !~ \^\((.+)\)\$", (NGINX / "nginx.conf").read_text())
    assert found

    used = {method for rule in app.url_map.iter_rules() for method in rule.methods or ()}
    assert set(found[1].split("|")) == used
