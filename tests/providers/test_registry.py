"""Which providers there are, and that nothing heavy is loaded before it is used."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pytest
from pydantic import SecretStr

from callwaiting.providers.paypal import PayPalPayments
from callwaiting.providers.ports import MailMessage, OutgoingMessage
from callwaiting.providers.registry import ProviderNotConfigured, build_providers
from callwaiting.providers.stripe import StripePayments
from callwaiting.providers.twilio import TwilioTelephony

NONE = SecretStr("")


@dataclass(frozen=True)
class Given:
    outgoing_webhooks_local: bool = False
    twilio_api_base: str = "http://127.0.0.1:9"
    twilio_account_sid: str = ""
    twilio_auth_token: SecretStr = NONE
    stripe_api_base: str = "http://127.0.0.1:9"
    stripe_api_key: SecretStr = NONE
    paypal_api_base: str = "http://127.0.0.1:9"
    paypal_client_id: str = ""
    paypal_client_secret: SecretStr = NONE
    paypal_cert_base_url: str = ""
    paypal_extra_roots: Path | None = None
    language_api_base: str = ""
    language_api_key: SecretStr = NONE
    language_model: str = ""
    smtp_host: str = ""
    smtp_port: int = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str = ""
    smtp_password: SecretStr = NONE
    mail_from: str = "Callwaiting <no-reply@localhost>"


def test_what_has_credentials_is_there() -> None:
    given = Given(
        twilio_account_sid="AC1",
        twilio_auth_token=SecretStr("t"),
        stripe_api_key=SecretStr("k"),
        paypal_client_id="c",
        paypal_client_secret=SecretStr("s"),
        smtp_host="mail.example.com",
        language_api_base="https://models.example.com/v1",
        language_model="small",
    )
    providers = build_providers(given)
    assert providers.configured == {"twilio", "stripe", "paypal", "smtp", "language"}
    assert isinstance(providers.telephony, TwilioTelephony)
    assert isinstance(providers.payments["stripe"], StripePayments)
    assert isinstance(providers.payments["paypal"], PayPalPayments)


def test_what_has_none_says_so_when_used() -> None:
    providers = build_providers(Given(twilio_account_sid="AC1", paypal_client_id="c"))
    assert providers.configured == frozenset()
    with pytest.raises(ProviderNotConfigured, match="Twilio"):
        providers.telephony.send_message(OutgoingMessage("+1", "+2", "x", ""))
    for name in ("stripe", "paypal"):
        with pytest.raises(ProviderNotConfigured):
            providers.payments[name].ping()
    with pytest.raises(ProviderNotConfigured, match="SMTP_HOST"):
        providers.mail.send(MailMessage("<1@x>", "a@b.example", "s", "t"))


def test_importing_the_registry_loads_no_sdk() -> None:
    heavy = {"stripe", "twilio", "httpx", "requests", "cryptography.x509"}
    code = f"import sys, callwaiting.providers.registry; print(sorted({heavy!r} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"
