from __future__ import annotations

from pathlib import Path

import pytest

from callwaiting.core.db import DatabaseRole
from callwaiting.core.settings import SettingsInvalid, load

KEK = "1:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="
STRONG = "q7Zw3nB9xK2mV5tR8yL1pD4sG6hJ0cFa"
PRODUCTION = {
    "PUBLIC_BASE_URL": "https://calls.example.com",
    "TRUSTED_HOSTS": "calls.example.com",
    "REDIS_URL": "redis://:of-the-broker@127.0.0.1/0",
    "SECRET_KEY": STRONG,
    "METRICS_TOKEN": STRONG[::-1],
    "KEY_ENCRYPTION_KEYS": KEK,
}


def lines(environment: dict[str, str], *roles: DatabaseRole) -> list[str]:
    with pytest.raises(SettingsInvalid) as caught:
        load(environment, roles=roles)
    assert caught.value.code == 78
    return caught.value.lines


def test_production_with_everything_starts() -> None:
    assert load(PRODUCTION).callwaiting_env == "production"


@pytest.mark.parametrize("name", sorted(PRODUCTION))
def test_missing_variable_is_named(name: str) -> None:
    without = {key: value for key, value in PRODUCTION.items() if key != name}

    for environment in (without, {**PRODUCTION, name: ""}):
        (line,) = lines(environment)
        assert line.startswith(name)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("SECRET_KEY", "x" * 64),
        ("SECRET_KEY", "changeme-" + STRONG),
        ("SECRET_KEY", "your-secret-key-" + STRONG),
        ("METRICS_TOKEN", "short"),
        ("METRICS_TOKEN", "password" + STRONG),
        ("METRICS_TOKEN", STRONG),
        ("REDIS_URL", "redis://127.0.0.1/0"),
        ("REDIS_URL", "redis://:changeme@127.0.0.1/0"),
        ("REDIS_URL", "redis://[::1/0"),
        ("REDIS_URL", "amqp://:of-the-broker@127.0.0.1/0"),
        ("REDIS_URL", "redis://:of-the-broker@127.0.0.1:port/0"),
        ("REDIS_URL", "redis:///0"),
        ("DATABASE_URL_WEB", "mysql://cw_web:of-the-web@127.0.0.1/x"),
        ("DATABASE_URL_WEB", "host=127.0.0.1 dbname=x"),
        ("DATABASE_URL_WEB", "postgresql://cw_web:postgres@127.0.0.1/x"),
        ("DATABASE_URL_WORKER", "postgresql://cw_worker:p%61ssword1@127.0.0.1/x"),
        ("TWILIO_AUTH_TOKEN", "your_auth_token"),
        ("STRIPE_API_KEY", "sk_live_xxxxxxxxxxxx"),
        ("STRIPE_API_KEY", "sk_test_..."),
        ("PAYPAL_CLIENT_SECRET", "<client secret>"),
        ("SMTP_PASSWORD", "changeme"),
        ("LANGUAGE_API_KEY", "YOUR-KEY"),
        ("JWT_EXPIRES_IN", "86400"),
        ("MAIL_FROM", "Callwaiting <a@b.example>\r\nBcc: x@y.example"),
        ("SMTP_SECURITY", "maybe"),
        ("KEY_ENCRYPTION_KEYS", "1:AAAA"),
        ("KEY_ENCRYPTION_KEYS", "1:" + "A" * 43 + "="),
        ("KEY_ENCRYPTION_KEYS", "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="),
        ("KEY_ENCRYPTION_KEYS", f"{KEK},{KEK}"),
        ("KEY_ENCRYPTION_KEYS", "0:" + KEK[2:]),
        ("KEY_ENCRYPTION_KEYS", "70000:" + KEK[2:]),
        ("PUBLIC_BASE_URL", "http://calls.example.com"),
        ("PUBLIC_BASE_URL", "https://calls.example.com/path"),
        ("PUBLIC_BASE_URL", "https://user@calls.example.com"),
        ("PUBLIC_BASE_URL", "calls.example.com"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://*.example.com"),
        ("CORS_ORIGINS", "https://app.example.com/"),
        ("CORS_ORIGINS", "https://app.example.com,null"),
        ("CORS_ORIGINS", "https://app.example.com$"),
        ("CORS_ORIGINS", "https://app.(example|evil).com"),
        ("CORS_ORIGINS", "https://app.+example.com"),
        ("TRUSTED_PROXIES", "-1"),
        ("TRUSTED_PROXIES", "many"),
        ("RATE_LIMIT_WINDOW_MS", "0"),
        ("RATE_LIMIT_MAX_REQUESTS", "0"),
        ("LOG_LEVEL", "LOUD"),
        ("CALLWAITING_ENV", "staging"),
        ("PAYPAL_WEBHOOK_ID", "WEBHOOK_ID"),
        ("PAYPAL_WEBHOOK_ID", "webhook-id"),
        ("PAYPAL_EXTRA_ROOTS", "/tmp/ca.pem"),
    ],
)
def test_unsafe_value_is_refused_by_name_and_never_shown(name: str, value: str) -> None:
    (line,) = lines({**PRODUCTION, name: value})

    assert line.startswith(name)
    assert STRONG not in line


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"TWILIO_ACCOUNT_SID": "AC" + "7" * 32}, "TWILIO_AUTH_TOKEN"),
        ({"TWILIO_AUTH_TOKEN": STRONG}, "TWILIO_ACCOUNT_SID"),
        ({"PAYPAL_CLIENT_ID": "client-7"}, "PAYPAL_CLIENT_SECRET"),
        ({"LANGUAGE_API_BASE": "https://model.example/v1"}, "LANGUAGE_MODEL"),
        ({"SMTP_USERNAME": "callwaiting"}, "SMTP_PASSWORD"),
    ],
)
def test_half_of_the_credentials_are_refused(given: dict[str, str], missing: str) -> None:
    assert lines({**PRODUCTION, **given}) == [f"{missing} is missing, though {next(iter(given))} is set"]


def test_every_wrong_variable_has_a_line() -> None:
    wrong = {**PRODUCTION, "SECRET_KEY": "short", "METRICS_TOKEN": "short", "LOG_LEVEL": "LOUD"}

    assert sorted(line.split(":")[0] for line in lines(wrong)) == ["LOG_LEVEL", "METRICS_TOKEN", "SECRET_KEY"]


def test_value_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(STRONG + "\n")
    environment = {key: value for key, value in PRODUCTION.items() if key != "SECRET_KEY"}

    assert load({**environment, "SECRET_KEY_FILE": str(file)}).secret_key.get_secret_value() == STRONG
    assert lines({**PRODUCTION, "SECRET_KEY_FILE": str(file)})[0].startswith("SECRET_KEY")
    assert lines({**environment, "SECRET_KEY_FILE": str(tmp_path / "none")})[0].startswith("SECRET_KEY_FILE")
    file.write_bytes(b"\xff\xfe")
    assert lines({**environment, "SECRET_KEY_FILE": str(file)})[0].startswith("SECRET_KEY_FILE")
    file.write_text("short")
    assert lines({**environment, "SECRET_KEY_FILE": str(file)})[0].startswith("SECRET_KEY")


def test_process_names_the_database_urls_that_it_lacks() -> None:
    environment = {**PRODUCTION, "DATABASE_URL_WEB": "postgresql://cw_web@127.0.0.1/x"}

    assert load(environment, roles=(DatabaseRole.WEB,)).database_urls().keys() == {DatabaseRole.WEB}
    assert lines(environment, DatabaseRole.WEB, DatabaseRole.WORKER, DatabaseRole.AUDIT) == [
        "DATABASE_URL_WORKER: is required by this process",
        "DATABASE_URL_AUDIT: is required by this process",
    ]


def test_settings_do_not_show_their_secrets() -> None:
    shown = repr(load({**PRODUCTION, "REDIS_URL": "redis://:hidden@127.0.0.1/0"}))

    for secret in (STRONG, STRONG[::-1], "hidden", KEK):
        assert secret not in shown
