"""Mail through a server that speaks SMTP (RFC 5321)."""

from __future__ import annotations

from typing import Literal

from callwaiting.providers.ports import MailMessage, ProviderRejected, ProviderUnavailable

TIMEOUT_S = 10.0
PERMANENT = range(500, 600)  # RFC 5321 4.2.1: the server will say the same again


class SmtpMail:
    """One connection a mail: there are few. `security` is `starttls`, `tls` from the first byte, or `none`."""

    def __init__(
        self,
        *,
        host: str,
        port: int,
        security: Literal["starttls", "tls", "none"],
        username: str,
        password: str,
        sender: str,
    ) -> None:
        self._host = host
        self._port = port
        self._security = security
        self._username = username
        self._password = password
        self._sender = sender

    def send(self, message: MailMessage) -> None:
        """Hand the mail over. Raises ProviderUnavailable, or ProviderRejected when it is refused for good.

        Wrong credentials and a certificate that does not hold count as unavailable: they are ours to repair, and the
        mail is sent when they are.
        """
        import smtplib
        import ssl
        from email.message import EmailMessage
        from email.utils import formatdate

        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self._sender, message.recipient, message.subject
        mail["Message-ID"], mail["Date"] = message.message_id, formatdate()
        mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: out-of-office replies stay away
        mail.set_content(message.text)
        if message.calendar is not None:
            entry = message.calendar
            # As another form of the same mail calendars enter it; as a file other programs can be given it.
            mail.add_alternative(entry.content, subtype="calendar", params={"method": entry.method})
            mail.add_attachment(entry.content.encode(), maintype="application", subtype="ics", filename="booking.ics")
        context = ssl.create_default_context()
        try:
            if self._security == "tls":
                server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_S, context=context)
            else:
                server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
            try:
                if self._security == "starttls":
                    server.starttls(context=context)
                if self._username:
                    server.login(self._username, self._password)
                server.send_message(mail)
            finally:
                server.close()  # no QUIT: an odd answer to it must not undo that the mail was taken
        except smtplib.SMTPRecipientsRefused as error:
            code = next((code for code, _ in error.recipients.values()), 0)
            raise _judged(code, error) from error
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
            raise _judged(error.smtp_code, error) from error
        except (OSError, smtplib.SMTPException) as error:
            raise ProviderUnavailable(type(error).__name__) from error


def _judged(code: int, error: Exception) -> ProviderRejected | ProviderUnavailable:
    if code in PERMANENT:
        return ProviderRejected(type(error).__name__, provider_code=str(code))
    return ProviderUnavailable(f"{type(error).__name__} {code}")
