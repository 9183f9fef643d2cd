"""What the sandbox is told: accounts, secrets, where webhooks go. Every part may be left out."""

from __future__ import annotations

from dataclasses import dataclass, field

from callwaiting.sandbox.typed_json import Misfit, read


@dataclass(frozen=True)
class Number:
    """One telephone number of the Twilio account and the URLs it is set up with."""

    voice_url: str = ""
    sms_url: str = ""
    status_url: str = ""


@dataclass(frozen=True)
class Line:
    """A line that the app may ring: it forwards to another number what nobody takes, is picked up, or rings in vain."""

    forwards_to: str = ""
    picks_up: bool = False


@dataclass(frozen=True)
class TwilioConfig:
    """`failing_numbers` are recipients that refuse: a code of 21000–21999 is the API's own refusal (400), a higher
    one makes the message undelivered with that ErrorCode. `lines` are those of others, by number; one that is not
    named rings in vain."""

    account_sid: str = ""
    auth_token: str = ""
    numbers: dict[str, Number] = field(default_factory=dict)
    failing_numbers: dict[str, int] = field(default_factory=dict)
    lines: dict[str, Line] = field(default_factory=dict)


@dataclass(frozen=True)
class StripeEndpoint:
    """A registered webhook. `account` empty: events of the platform's own account; `acct_…`: of that connected
    account; `*`: of every connected account."""

    url: str
    secret: str
    account: str = ""


@dataclass(frozen=True)
class StripeConfig:
    api_keys: list[str] = field(default_factory=list)
    webhooks: list[StripeEndpoint] = field(default_factory=list)
    api_version: str = "2026-10-28.endive"


@dataclass(frozen=True)
class PayPalEndpoint:
    url: str
    webhook_id: str


@dataclass(frozen=True)
class PayPalConfig:
    client_id: str = ""
    client_secret: str = ""
    webhooks: list[PayPalEndpoint] = field(default_factory=list)


@dataclass(frozen=True)
class MailConfig:
    """`failing_addresses` are recipients that are refused, with the reply code of RFC 5321."""

    failing_addresses: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """`public_base_url` begins the links to the sandbox's own pages; empty: its own address."""

    twilio: TwilioConfig = field(default_factory=TwilioConfig)
    stripe: StripeConfig = field(default_factory=StripeConfig)
    paypal: PayPalConfig = field(default_factory=PayPalConfig)
    mail: MailConfig = field(default_factory=MailConfig)
    public_base_url: str = ""


def merge(old: dict[str, object], change: object) -> tuple[dict[str, object], Config]:
    """Lay the given fields over the old configuration, one level deep: `{"twilio": {"numbers": …}}` replaces the
    numbers and leaves the account alone. Raises Misfit and then changes nothing."""
    if not isinstance(change, dict):
        raise Misfit("the configuration must be an object")
    merged = dict(old)
    for name, value in change.items():
        section = merged.get(name)
        merged[name] = {**section, **value} if isinstance(section, dict) and isinstance(value, dict) else value
    return merged, read(Config, merged, "config")
