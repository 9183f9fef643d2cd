"""Chooses the providers' implementations by configuration. One without credentials is absent, and says so when used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from pydantic import SecretStr

from callwaiting.core.errors import ErrorCode, Permanent
from callwaiting.providers.calling import OutgoingCall, PlacedCall
from callwaiting.providers.ics import IcsCalendar
from callwaiting.providers.language import ChatLanguage
from callwaiting.providers.lists import ListedCall, ListedMessage, ListedRecording, MoneyEntry
from callwaiting.providers.outside import Sender
from callwaiting.providers.paypal import PayPalPayments
from callwaiting.providers.paypal_certificates import FetchedCertificates
from callwaiting.providers.paypal_signature import Certificates
from callwaiting.providers.ports import (
    Calendar,
    Checkout,
    CheckoutRequest,
    Dispute,
    Language,
    ListedEvent,
    Mail,
    MailMessage,
    OutgoingMessage,
    Payments,
    Refund,
    RefundRequest,
    SentMessage,
    Settlement,
    Standing,
    Telephony,
)
from callwaiting.providers.smtp import SmtpMail
from callwaiting.providers.stripe import StripePayments
from callwaiting.providers.twilio import TwilioTelephony


class ProviderNotConfigured(Permanent):
    """This installation has no credentials for the provider."""

    code = ErrorCode.SERVICE_UNAVAILABLE
    reason = "providers.not_configured"


class ProviderSettings(Protocol):
    """What the providers need to know; `core.settings.Settings` fits."""

    @property
    def outgoing_webhooks_local(self) -> bool: ...
    @property
    def twilio_api_base(self) -> str: ...
    @property
    def twilio_account_sid(self) -> str: ...
    @property
    def twilio_auth_token(self) -> SecretStr: ...
    @property
    def stripe_api_base(self) -> str: ...
    @property
    def stripe_api_key(self) -> SecretStr: ...
    @property
    def paypal_api_base(self) -> str: ...
    @property
    def paypal_client_id(self) -> str: ...
    @property
    def paypal_client_secret(self) -> SecretStr: ...
    @property
    def paypal_cert_base_url(self) -> str: ...
    @property
    def paypal_extra_roots(self) -> Path | None: ...
    @property
    def language_api_base(self) -> str: ...
    @property
    def language_api_key(self) -> SecretStr: ...
    @property
    def language_model(self) -> str: ...
    @property
    def smtp_host(self) -> str: ...
    @property
    def smtp_port(self) -> int: ...
    @property
    def smtp_security(self) -> Literal["starttls", "tls", "none"]: ...
    @property
    def smtp_username(self) -> str: ...
    @property
    def smtp_password(self) -> SecretStr: ...
    @property
    def mail_from(self) -> str: ...


class AbsentMail:
    """Stands where no mail server is named."""

    def send(self, message: MailMessage) -> None:
        raise ProviderNotConfigured("SMTP_HOST names no mail server")


@dataclass(frozen=True, slots=True)
class Providers:
    """The one place to get a provider from. `payments` has `stripe` and `paypal`, configured or not. `language` is None
    where no model is named: the dialogue needs none."""

    telephony: Telephony
    payments: Mapping[str, Payments]
    certificates: Certificates
    configured: frozenset[str]
    mail: Mail = field(default_factory=AbsentMail)
    language: Language | None = None
    outside: Sender = field(default_factory=Sender)
    calendar: Calendar = field(default_factory=lambda: IcsCalendar(Sender()))


def build_providers(
    settings: ProviderSettings, *, connect_timeout_s: float = 3.05, read_timeout_s: float = 10.0
) -> Providers:
    """Nothing is connected or imported from an SDK until it is used. The limits are for one attempt at a payment."""
    telephony: Telephony = AbsentTelephony()
    payments: dict[str, Payments] = {"stripe": AbsentPayments("Stripe"), "paypal": AbsentPayments("PayPal")}
    configured: set[str] = set()
    token, key = settings.twilio_auth_token.get_secret_value(), settings.stripe_api_key.get_secret_value()
    secret = settings.paypal_client_secret.get_secret_value()
    if settings.twilio_account_sid and token:
        telephony = TwilioTelephony(
            account_sid=settings.twilio_account_sid, auth_token=token, base_url=settings.twilio_api_base
        )
        configured.add("twilio")
    if key:
        payments["stripe"] = StripePayments(
            api_key=key,
            base_url=settings.stripe_api_base,
            connect_timeout_s=connect_timeout_s,
            read_timeout_s=read_timeout_s,
        )
        configured.add("stripe")
    if settings.paypal_client_id and secret:
        payments["paypal"] = PayPalPayments(
            client_id=settings.paypal_client_id,
            client_secret=secret,
            base_url=settings.paypal_api_base,
            connect_timeout_s=connect_timeout_s,
            read_timeout_s=read_timeout_s,
        )
        configured.add("paypal")
    certificates = FetchedCertificates(base_url=settings.paypal_cert_base_url, extra_roots=settings.paypal_extra_roots)
    mail: Mail = AbsentMail()
    if settings.smtp_host:
        mail = SmtpMail(
            host=settings.smtp_host,
            port=settings.smtp_port,
            security=settings.smtp_security,
            username=settings.smtp_username,
            password=settings.smtp_password.get_secret_value(),
            sender=settings.mail_from,
        )
        configured.add("smtp")
    language = None
    if settings.language_api_base and settings.language_model:
        language = ChatLanguage(
            base_url=settings.language_api_base,
            api_key=settings.language_api_key.get_secret_value(),
            model=settings.language_model,
        )
        configured.add("language")
    outside = Sender(local=settings.outgoing_webhooks_local)
    return Providers(
        telephony,
        payments,
        certificates,
        frozenset(configured),
        mail,
        language,
        outside=outside,
        calendar=IcsCalendar(outside),
    )


class AbsentTelephony:
    """Stands where Twilio has no credentials."""

    def send_message(self, message: OutgoingMessage) -> SentMessage:
        raise ProviderNotConfigured("Twilio has no credentials")

    def find_message(self, message: OutgoingMessage, since: datetime) -> SentMessage | None:
        raise ProviderNotConfigured("Twilio has no credentials")

    def place_call(self, call: OutgoingCall) -> PlacedCall:
        raise ProviderNotConfigured("Twilio has no credentials")

    def find_call(self, call: OutgoingCall, since: datetime) -> PlacedCall | None:
        raise ProviderNotConfigured("Twilio has no credentials")

    def call(self, sid: str) -> ListedCall | None:
        raise ProviderNotConfigured("Twilio has no credentials")

    def list_calls(self, since: datetime, until: datetime) -> Sequence[ListedCall]:
        raise ProviderNotConfigured("Twilio has no credentials")

    def recordings(self, call_sid: str) -> Sequence[ListedRecording]:
        raise ProviderNotConfigured("Twilio has no credentials")

    def recording(self, sid: str) -> Iterable[bytes] | None:
        raise ProviderNotConfigured("Twilio has no credentials")

    def remove_recording(self, sid: str) -> None:
        raise ProviderNotConfigured("Twilio has no credentials")

    def list_messages(self, since: datetime, until: datetime) -> Sequence[ListedMessage]:
        raise ProviderNotConfigured("Twilio has no credentials")

    def message(self, sid: str) -> ListedMessage | None:
        raise ProviderNotConfigured("Twilio has no credentials")

    def ping(self) -> None:
        raise ProviderNotConfigured("Twilio has no credentials")


class AbsentPayments:
    """Stands where a payment provider has no credentials."""

    def __init__(self, name: str) -> None:
        self._name = name

    def create_checkout(self, request: CheckoutRequest) -> Checkout:
        raise self._error()

    def capture(self, checkout_id: str, *, account: str, idempotency_key: str) -> Settlement:
        raise self._error()

    def standing(self, checkout_id: str, *, account: str) -> Standing:
        raise self._error()

    def expire_checkout(self, checkout_id: str, *, account: str) -> None:
        raise self._error()

    def refund(self, request: RefundRequest) -> Refund:
        raise self._error()

    def refund_of(self, raw: bytes) -> Refund | None:
        raise self._error()

    def dispute_of(self, raw: bytes) -> Dispute | None:
        raise self._error()

    def refunds_of(self, payment_id: str, *, account: str) -> Sequence[Refund]:
        raise self._error()

    def settlement_of(self, raw: bytes) -> Settlement | None:
        raise self._error()

    def list_events(self, *, account: str, since: datetime, until: datetime) -> Sequence[ListedEvent]:
        raise self._error()

    def list_money(self, *, account: str, since: datetime, until: datetime) -> Sequence[MoneyEntry] | None:
        raise self._error()

    def money_of(self, *, payment_id: str, checkout_id: str, account: str) -> Sequence[MoneyEntry]:
        raise self._error()

    def ping(self) -> None:
        raise self._error()

    def _error(self) -> ProviderNotConfigured:
        return ProviderNotConfigured(f"{self._name} has no credentials")
