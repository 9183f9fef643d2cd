"""The mail server of the sandbox, by the standard library's client."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from callwaiting.sandbox.config import Config, MailConfig
from callwaiting.sandbox.server import SandboxServer
from tests.sandbox.conftest import Control, until


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    made = SandboxServer(Config(mail=MailConfig({"gone@example.com": 550})), 0)
    made.start()
    yield made
    made.stop()


def mail(text: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Us <us@example.com>", "maria@example.com", "Ciao, è pronto <b>"
    made.set_content(text)
    return made


def test_mail_is_kept_and_shown_with_links_that_lead_on(server: SandboxServer, control: Control) -> None:
    with smtplib.SMTP("127.0.0.1", server.mail.port, timeout=5) as client:
        client.send_message(mail("Hello,\n.\n..\nhttp://shop.test/app/verify#abc-_1\n<script>\n"))
    caught = control.client.get(f"{server.url}/_sandbox/mails?to=maria@example.com").json()["mails"]
    page = control.client.get(f"{server.url}/mailbox")

    assert [(row["to"], row["subject"]) for row in caught] == [(["maria@example.com"], "Ciao, è pronto <b>")]
    assert caught[0]["text"] == "Hello,\n.\n..\nhttp://shop.test/app/verify#abc-_1\n<script>\n"
    assert '<a href="http://shop.test/app/verify#abc-_1">' in page.text
    assert "Ciao, è pronto &lt;b&gt;" in page.text
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert control.client.get(f"{server.url}/_sandbox/mails?to=nobody@example.com").json()["mails"] == []


def test_addresses_that_are_said_to_fail_are_refused(server: SandboxServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.mail.port, timeout=5) as client:
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            client.sendmail("us@example.com", ["gone@example.com"], b"x")
        assert refused.value.recipients["gone@example.com"][0] == 550
        assert client.docmd("DATA")[0] == 503
        assert client.docmd("RCPT", "TO: nonsense")[0] == 501
        assert client.docmd("VRFY", "maria")[0] == 503


def test_what_is_no_mail_client_is_let_go(server: SandboxServer) -> None:
    with socket.create_connection(("127.0.0.1", server.mail.port), timeout=5) as stranger:
        assert stranger.recv(100).startswith(b"220 ")
        stranger.sendall(b"\xff\xfe\r\n")
        assert until(lambda: stranger.recv(100) == b"")
