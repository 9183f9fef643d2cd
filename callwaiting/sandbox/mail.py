"""A mail server that delivers to nobody: it keeps what it gets, and shows it on the mailbox page."""

from __future__ import annotations

import re
import socketserver
import threading
import time
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

from flask import Blueprint, Response, jsonify, render_template_string, request

from callwaiting.sandbox.context import Sandbox, sandbox
from callwaiting.sandbox.pages import LAYOUT, REFRESH_SECONDS, secured
from callwaiting.sandbox.store import Row, new_id

HOST = "127.0.0.1"
IDLE_SECONDS = 30
MAX_MAIL_BYTES = 1024 * 1024
MAX_LINE_BYTES = 4096
SHOWN = 50
RECIPIENT = re.compile(r"(?i)TO:\s*<([^<>\s]+)>")
bp = Blueprint("mail", __name__)
bp.after_request(secured)

_MAILBOX = (
    LAYOUT
    + """
<header><h1>Mailbox</h1><span class="soft">Mail to everybody, newest first; none of it has left this machine.
<a href="/">Phones</a></span></header>
<section>{% for mail in mails %}<article class="card mail"><h3>{{ mail.subject }}</h3>
<p class="soft">to {{ mail.to | join(", ") }} · from {{ mail.from }} · {{ mail.at | clock }}</p>
<div class="body">{{ mail.text | linked }}</div></article>
{% else %}<span class="soft">no mail yet</span>{% endfor %}</section>"""
)


class MailCatcher(socketserver.ThreadingTCPServer):
    """Takes mail on a port of 127.0.0.1 (0: any free one). `stop` may be called once. Raises OSError when taken."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, here: Sandbox, port: int) -> None:
        super().__init__((HOST, port), _Conversation)
        self.here = here
        self.port: int = self.server_address[1]
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True, name="mail")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()


class _Conversation(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as clients say. An address of `mail.failing_addresses` is refused with its code."""

    timeout = IDLE_SECONDS

    def handle(self) -> None:
        self.here = cast(MailCatcher, self.server).here
        self._say(220, "sandbox")
        try:
            self._converse()
        except (OSError, UnicodeDecodeError):
            return  # a client that went away, or speaks something else

    def _converse(self) -> None:
        recipients: list[str] = []
        while line := self.rfile.readline(MAX_LINE_BYTES):
            verb, _, rest = line.decode().strip().partition(" ")
            match verb.upper():
                case "EHLO":
                    self.wfile.write(f"250-sandbox\r\n250-SIZE {MAX_MAIL_BYTES}\r\n250-8BITMIME\r\n".encode())
                    self._say(250, "SMTPUTF8")
                case "HELO" | "NOOP" | "RSET" | "MAIL":
                    recipients.clear()
                    self._say(250, "ok")
                case "RCPT":
                    address = RECIPIENT.match(rest)
                    code = 501 if address is None else self.here.config.mail.failing_addresses.get(address[1], 250)
                    if address is not None and code == 250:
                        recipients.append(address[1])
                    self._say(code, "ok" if code == 250 else "no such mailbox")
                case "DATA" if recipients:
                    self._say(354, "end with a dot")
                    content = self._content()
                    if content is None:
                        self._say(552, "too long")
                        return
                    _keep(self.here, content, list(recipients))
                    self._say(250, "kept")
                case "QUIT":
                    self._say(221, "bye")
                    return
                case _:
                    self._say(503, "not now")

    def _content(self) -> bytes | None:
        """Up to the dot alone on a line, with doubled dots undone (RFC 5321 4.5.2); None for too much."""
        content = bytearray()
        while (line := self.rfile.readline(MAX_LINE_BYTES)) != b".\r\n":
            content += line[1:] if line.startswith(b"..") else line
            if not line or len(content) > MAX_MAIL_BYTES:
                return None
        return bytes(content)

    def _say(self, code: int, words: str) -> None:
        self.wfile.write(f"{code} {words}\r\n".encode())


def mails(here: Sandbox, to: str = "") -> list[Row]:
    """What was caught, oldest first; `to` one address, or to all."""
    return [row for row in here.store.rows("mails") if not to or to in row["to"]]


@bp.get("/mailbox")
def mailbox() -> str:
    """For people; the links in the mails can be followed."""
    newest = mails(sandbox())[-SHOWN:][::-1]
    return render_template_string(_MAILBOX, title="Mailbox", refresh=REFRESH_SECONDS, mails=newest)


@bp.get("/_sandbox/mails")
def list_mails() -> Response:
    return jsonify({"mails": mails(sandbox(), request.args.get("to", ""))})


def _keep(here: Sandbox, content: bytes, recipients: list[str]) -> None:
    mail = message_from_bytes(content, _class=EmailMessage, policy=policy.default)
    body = mail.get_body(("plain",))
    text = "" if body is None else str(body.get_content()).replace("\r\n", "\n")
    entry = next((part for part in mail.walk() if part.get_content_type() == "text/calendar"), None)
    row = {
        "message_id": str(mail["Message-ID"] or ""),
        "from": str(mail["From"] or ""),
        "to": recipients,
        "subject": str(mail["Subject"] or ""),
        "text": text,
        "calendar": "" if entry is None else str(entry.get_content()),
        "method": "" if entry is None else str(entry.get_param("method", "")),
        "files": [part.get_filename() or "" for part in mail.iter_attachments()],
        "at": time.time(),
    }
    here.store.put("mails", new_id("mail_"), row)
