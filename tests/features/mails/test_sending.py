"""Mail from the plan to a real SMTP conversation, and what happens when the server is away."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from typing import cast

import pytest

from callwaiting.core.tenancy import SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.mails import sending
from callwaiting.features.mails.service import plan_mail
from callwaiting.providers.ports import Mail, MailMessage, ProviderRejected
from callwaiting.providers.smtp import SmtpMail
from tests.factories.stored_events import rows

REFUSED = "nobody@example.com"
SCOPE = SystemScope("a mail of the tests")


class Conversation(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs, over a real socket."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                body = b""
                while not body.endswith(b"\r\n.\r\n"):
                    body += self.rfile.readline()
                cast(Server, self.server).mails.append(body[:-3])
            self.wfile.write(b"550 no\r\n" if verb == b"RCPT" and REFUSED.encode() in line else b"250 ok\r\n")
            if verb == b"QUIT":
                return


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.mails: list[bytes] = []


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as made:
        thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield made
        made.shutdown()
        thread.join()


def smtp(port: int) -> Mail:
    return SmtpMail(
        host="127.0.0.1", port=port, security="none", username="", password="", sender="Us <us@example.com>"
    )


def plan(web: Runtime, recipient: str = "maria@example.com") -> None:
    with web.database.unit_of_work(SCOPE) as session:
        plan_mail(session, "tests.hello", recipient=recipient, subject="Ciao è pronto", text="Hello,\n.\n\nbye\n")


def state(admin_url: str) -> dict[str, object]:
    (row,) = rows(admin_url, "select state, attempts, content_sealed, error from app.mails")
    return row


def test_planned_mail_is_handed_over_and_its_content_forgotten(
    web: Runtime, worker: Runtime, server: Server, admin_url: str
) -> None:
    plan(web)
    assert sending.send_due(worker.database, smtp(server.server_address[1])) is False

    (raw,) = server.mails
    mail = message_from_bytes(raw, policy=policy.default)
    assert (mail["To"], mail["From"], mail["Subject"]) == ("maria@example.com", "Us <us@example.com>", "Ciao è pronto")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "Hello," in mail.get_content()
    assert (state(admin_url)["state"], state(admin_url)["content_sealed"]) == ("sent", None)
    sending.send_due(worker.database, smtp(server.server_address[1]))
    assert len(server.mails) == 1


def test_nothing_readable_lies_in_the_database(web: Runtime, admin_url: str) -> None:
    plan(web)

    (row,) = rows(admin_url, "select to_jsonb(m)::text as whole from app.mails m")
    assert "maria" not in row["whole"]


def test_server_that_is_away_gets_it_later(web: Runtime, worker: Runtime, server: Server, admin_url: str) -> None:
    plan(web)
    sending.send_due(worker.database, smtp(9))
    found = state(admin_url)
    assert (found["state"], found["attempts"]) == ("planned", 1)
    assert str(found["error"]).startswith("providers.unavailable")

    rows(admin_url, "update app.mails set next_at = now() returning 1 as one")
    sending.send_due(worker.database, smtp(server.server_address[1]))
    assert (len(server.mails), state(admin_url)["state"]) == (1, "sent")


def test_refused_recipient_is_not_tried_again(web: Runtime, worker: Runtime, server: Server, admin_url: str) -> None:
    plan(web, REFUSED)
    sending.send_due(worker.database, smtp(server.server_address[1]))

    assert (state(admin_url)["state"], state(admin_url)["content_sealed"]) == ("refused", None)


def test_missing_mail_server_gives_up_with_an_alert(web: Runtime, worker: Runtime, admin_url: str) -> None:
    plan(web)
    sending.send_due(worker.database, worker.providers.mail)

    assert state(admin_url)["state"] == "dead"
    assert [row["rule"] for row in rows(admin_url, "select rule from app.alerts")] == ["mails.dead"]


def test_rolled_back_work_sends_nothing(web: Runtime, admin_url: str) -> None:
    def work() -> None:
        with web.database.unit_of_work(SCOPE) as session:
            plan_mail(session, "tests.hello", recipient="m@example.com", subject="s", text="t")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        work()

    assert rows(admin_url, "select 1 from app.mails") == []


def test_line_breaks_cannot_add_headers(server: Server) -> None:
    with pytest.raises((ValueError, ProviderRejected)):
        smtp(server.server_address[1]).send(MailMessage("<1@x>", "a@b.example\r\nBcc: c@d.example", "s", "t"))
    assert server.mails == []
