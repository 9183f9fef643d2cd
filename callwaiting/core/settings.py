"""Every setting, its meaning and its check. A missing or unsafe value stops the start with one clear line.

Each variable may instead be given as `NAME_FILE`, the path of a file that holds it.
"""

from __future__ import annotations

import base64
import binascii
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)

from callwaiting.core.roles import DatabaseRole

MIN_SECRET_BYTES = 32
MAX_KEY_VERSION = 65_535
PLACEHOLDERS = (
    "changeme", "change-me", "change_me", "secret", "password", "example", "default", "placeholder", "xxxx", "todo",
    "your", "replace", "insert",
)  # fmt: skip
# What the images, guides and packages of databases and brokers begin with.
DEFAULT_PASSWORDS = frozenset({"postgres", "redis", "valkey", "guest", "admin", "root", "callwaiting", "pass", "test"})
FILLED_LATER = re.compile(r"x{4,}|\.{3}|\*{3}|<.*>", re.IGNORECASE)
ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:\d{1,5})?\Z")


class SettingsInvalid(SystemExit):
    """Stops the start: one line per wrong variable, exit status 78 (EX_CONFIG)."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(78)
        self.lines = lines

    def __str__(self) -> str:
        return "\n".join(self.lines)


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _require_strong(text: str) -> None:
    if len(text.encode()) < MIN_SECRET_BYTES:
        raise ValueError(f"must have at least {MIN_SECRET_BYTES} bytes")
    if len(set(text)) < 10 or text.lower().startswith(PLACEHOLDERS):
        raise ValueError("looks like a placeholder; make one with `callwaiting secret`")


def _strong(value: SecretStr) -> SecretStr:
    _require_strong(value.get_secret_value())
    return value


def _filled_in(value: SecretStr) -> SecretStr:
    """For what others have made, whose form is not ours to judge: it is absent, or no example of a guide."""
    text = value.get_secret_value()
    if text.lower().startswith(PLACEHOLDERS) or FILLED_LATER.search(text):
        raise ValueError("looks like a placeholder; leave it away to do without")
    return value


def _own_password(value: SecretStr) -> SecretStr:
    try:
        password = unquote(urlsplit(value.get_secret_value()).password or "")
    except ValueError as error:
        raise ValueError("is not a URL") from error
    if password.lower() in DEFAULT_PASSWORDS or password.lower().startswith(PLACEHOLDERS):
        raise ValueError("has a password that everybody knows; make one with `callwaiting secret`")
    return value


def _postgres(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("postgresql://", "postgres://")):
        raise ValueError("must be the address of Postgres, as in postgresql://USER:PASSWORD@HOST:5432/DATABASE")
    return value


def _valkey(value: SecretStr) -> SecretStr:
    try:
        parts = urlsplit(value.get_secret_value())
        fits = parts.scheme in {"redis", "rediss"} and parts.hostname and parts.port != 0
    except ValueError:  # the port is no number
        fits = False
    if not fits:
        raise ValueError("must be the address of Valkey, as in redis://:PASSWORD@HOST:6379/0")
    return value


def _not_placeholder(value: str) -> str:
    if value.upper().replace("-", "_") in {"WEBHOOK_ID", "YOUR_WEBHOOK_ID"}:
        raise ValueError("is PayPal's placeholder, which anybody can get signatures for")
    return value


def _origin(values: list[str]) -> list[str]:
    for value in values:
        if not ORIGIN.match(value):
            raise ValueError(f"{value!r} is not a literal origin such as https://app.example.com")
    return values


CommaList = Annotated[list[str], BeforeValidator(_split)]
TOGETHER = (
    ("twilio_account_sid", "twilio_auth_token"),
    ("paypal_client_id", "paypal_client_secret"),
    ("language_api_base", "language_model"),
    ("smtp_username", "smtp_password"),
)
"""Settings that mean something only both at once."""
Secret = Annotated[SecretStr, AfterValidator(_strong)]
Credential = Annotated[SecretStr, AfterValidator(_filled_in)]
Address = Annotated[SecretStr, AfterValidator(_own_password)]
DatabaseAddress = Annotated[Address, AfterValidator(_postgres)]
BrokerAddress = Annotated[Address, AfterValidator(_valkey)]


class Settings(BaseModel):
    """Read from the environment; see docs/configuration.md for the same list in prose."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    callwaiting_env: Literal["production", "development", "test"] = "production"
    public_base_url: str = Field(pattern=r"^https?://[^/\s?#@]+$")
    trusted_hosts: CommaList = []
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    cors_origins: Annotated[CommaList, AfterValidator(_origin)] = []
    request_timeout_ms: int = Field(default=28_000, ge=100, le=28_000)  # nginx gives up at 30 s
    rate_limit_window_ms: int = Field(default=900_000, ge=1_000)
    rate_limit_max_requests: int = Field(default=100, ge=1)
    rate_limit_person_max_requests: int = Field(default=1_200, ge=1)
    rate_limit_merchant_max_requests: int = Field(default=6_000, ge=1)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    metrics_token: Secret | None = None
    prometheus_multiproc_dir: str | None = None

    database_url_web: DatabaseAddress | None = None
    database_url_webhook: DatabaseAddress | None = None
    database_url_worker: DatabaseAddress | None = None
    database_url_service: DatabaseAddress | None = None
    database_url_audit: DatabaseAddress | None = None
    database_pool_size: int = Field(default=10, ge=1, le=100)
    database_prepare: bool = True
    redis_url: BrokerAddress

    secret_key: Secret
    jwt_expires_in: int = Field(default=600, ge=60, le=900)
    key_encryption_keys: Annotated[list[SecretStr], BeforeValidator(_split)] = Field(min_length=1)

    twilio_api_base: str = "https://api.twilio.com"
    twilio_account_sid: str = ""
    twilio_auth_token: Credential = SecretStr("")
    stripe_api_base: str = "https://api.stripe.com"
    stripe_api_key: Credential = SecretStr("")
    paypal_api_base: str = "https://api-m.paypal.com"
    paypal_client_id: str = ""
    paypal_client_secret: Credential = SecretStr("")
    paypal_cert_base_url: str = ""
    paypal_extra_roots: Path | None = None
    paypal_webhook_id: Annotated[str, AfterValidator(_not_placeholder)] = ""

    language_api_base: str = Field(default="", pattern=r"^(https?://[^\s?#@]+)?$")
    language_api_key: Credential = SecretStr("")
    language_model: str = ""

    smtp_host: str = ""
    smtp_port: int = Field(default=587, ge=1, le=65_535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_username: str = ""
    smtp_password: Credential = SecretStr("")
    mail_from: str = Field(default="Callwaiting <no-reply@localhost>", pattern=r"^[^\r\n]{0,200}<[^<>@\s]+@[^<>@\s]+>$")

    outgoing_webhooks_local: bool = False
    webhook_body_days: int = Field(default=30, ge=1, le=3650)
    reconcile_hours: int = Field(default=48, ge=1, le=720)
    payment_link_hours: int = Field(default=72, ge=1, le=720)

    @model_validator(mode="after")
    def _credentials_are_whole(self) -> Settings:
        """Half of them would be found out by the first payment or text that fails."""
        for one, other in TOGETHER:
            for missing, given in ((one, other), (other, one)):
                if getattr(self, given) and not getattr(self, missing):
                    raise ValueError(f"{missing.upper()} is missing, though {given.upper()} is set")
        return self

    @model_validator(mode="after")
    def _production_is_strict(self) -> Settings:
        if self.callwaiting_env == "production":
            if not self.public_base_url.startswith("https://"):
                raise ValueError("PUBLIC_BASE_URL must be https in production")
            if not self.trusted_hosts:
                raise ValueError("TRUSTED_HOSTS must name the hosts that are served in production")
            if self.metrics_token is None:
                raise ValueError("METRICS_TOKEN is required in production")
            if self.metrics_token == self.secret_key:
                raise ValueError("METRICS_TOKEN must not be the same as SECRET_KEY: monitoring holds it")
            if not urlsplit(self.redis_url.get_secret_value()).password:
                raise ValueError("REDIS_URL must have a password in production")
            if self.smtp_host and (self.smtp_security == "none" or self.mail_from.endswith("@localhost>")):
                raise ValueError("SMTP_SECURITY must be starttls or tls, and MAIL_FROM ours, in production")
            if self.language_api_base.startswith("http://"):
                raise ValueError("LANGUAGE_API_BASE must be https in production")
            if self.outgoing_webhooks_local:
                raise ValueError("OUTGOING_WEBHOOKS_LOCAL is for development, not for production")
            if self.paypal_extra_roots or self.paypal_cert_base_url:
                raise ValueError("PAYPAL_EXTRA_ROOTS and PAYPAL_CERT_BASE_URL are for tests, not for production")
        self.key_encryption_secrets()
        return self

    def key_encryption_secrets(self) -> Mapping[int, bytes]:
        """`KEY_ENCRYPTION_KEYS` is `version:base64` separated by commas; each key has 32 bytes."""
        keys: dict[int, bytes] = {}
        for entry in self.key_encryption_keys:
            version, _, text = entry.get_secret_value().partition(":")
            try:
                number, secret = int(version), base64.b64decode(text, validate=True)
            except (ValueError, binascii.Error) as error:
                raise ValueError("KEY_ENCRYPTION_KEYS must look like 1:<base64 of 32 bytes>") from error
            if len(secret) != MIN_SECRET_BYTES or len(set(secret)) < 10:
                raise ValueError("KEY_ENCRYPTION_KEYS: each key must have 32 random bytes")
            if not 1 <= number <= MAX_KEY_VERSION or number in keys:
                raise ValueError(f"KEY_ENCRYPTION_KEYS: versions run from 1 to {MAX_KEY_VERSION}, each once")
            keys[number] = secret
        return keys

    def database_urls(self) -> Mapping[DatabaseRole, str]:
        """The URLs that this process was given, by role."""
        return {
            role: url.get_secret_value()
            for role in DatabaseRole
            if (url := getattr(self, f"database_url_{role.value}")) is not None
        }


def _with_files(environ: Mapping[str, str]) -> dict[str, str]:
    values = dict(environ)
    for name, path in environ.items():
        field = name.removesuffix("_FILE")
        if name != field and field.lower() in Settings.model_fields:
            if field in environ:
                raise SettingsInvalid([f"{field} and {name} are both set: keep one"])
            try:
                values[field] = Path(path).read_text(encoding="utf-8").strip()
            except OSError as error:
                raise SettingsInvalid([f"{name}: {path} cannot be read ({error.strerror})"]) from error
            except UnicodeDecodeError as error:
                raise SettingsInvalid([f"{name}: {path} is not text"]) from error
    return values


def load(environ: Mapping[str, str] | None = None, *, roles: tuple[DatabaseRole, ...] = ()) -> Settings:
    """The settings of this process, which needs the database URLs of `roles`.

    Raises SettingsInvalid, which names each wrong or missing variable on a line of its own.
    """
    values = _with_files(os.environ if environ is None else environ)
    given: dict[str, Any] = {
        field: values[field.upper()] for field in Settings.model_fields if values.get(field.upper(), "") != ""
    }
    try:
        settings = Settings(**given)
    except ValidationError as error:
        raise SettingsInvalid([_line(issue["loc"], issue["msg"]) for issue in error.errors()]) from None
    missing = [role for role in roles if role not in settings.database_urls()]
    if missing:
        raise SettingsInvalid([f"DATABASE_URL_{role.upper()}: is required by this process" for role in missing])
    return settings


def load_broker(environ: Mapping[str, str] | None = None) -> None:
    """The whole configuration of beat, which knows no secret but its broker's.

    Raises SettingsInvalid; Celery by itself would take a broker on this machine, with the password that all know.
    """
    url = (os.environ if environ is None else environ).get("CELERY_BROKER_URL", "")
    try:
        _own_password(_valkey(SecretStr(url)))
    except ValueError as error:
        raise SettingsInvalid([f"CELERY_BROKER_URL: {error}"]) from None


def require_role_secret(text: str) -> None:
    """Raises SettingsInvalid for a secret that the passwords of the database's roles cannot be derived from."""
    try:
        _require_strong(text)
    except ValueError as error:
        raise SettingsInvalid([f"DATABASE_ROLE_SECRET: {error}"]) from None


def _line(location: tuple[int | str, ...], message: str) -> str:
    text = message.removeprefix("Value error, ")
    return f"{str(location[0]).upper()}: {text}" if location else text
