"""The environment of each process that `up` starts: every one gets its own roles' database URLs and no more."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from callwaiting.cli.home import Home
from callwaiting.core.db import DatabaseRole
from callwaiting.core.roles import WEB_ROLES
from migrations import prepare

# A worker stores what reconciliation finds by the webhook role and chains the audit trail by the audit role.
WORKER_PROCESS_ROLES = (DatabaseRole.WORKER, DatabaseRole.SERVICE, DatabaseRole.AUDIT, DatabaseRole.WEBHOOK)
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV")
PROVIDER_VARIABLES = (
    "TWILIO_API_BASE", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "STRIPE_API_BASE", "STRIPE_API_KEY",
    "PAYPAL_API_BASE", "PAYPAL_CLIENT_ID", "PAYPAL_CLIENT_SECRET", "PAYPAL_CERT_BASE_URL", "PAYPAL_EXTRA_ROOTS",
    "SMTP_HOST", "SMTP_PORT", "SMTP_SECURITY", "SMTP_USERNAME", "SMTP_PASSWORD", "MAIL_FROM",
)  # fmt: skip


def common(
    home: Home, *, base_url: str, redis_url: str, sandbox_url: str | None, mail_port: int | None = None
) -> dict[str, str]:
    """What all processes share. With a sandbox the providers' addresses lead there, and mail to its `mail_port` if any;
    else the caller's own environment says who the providers are."""
    secrets = home.secrets()
    environment = {name: os.environ[name] for name in INHERITED if name in os.environ} | {
        "PYTHONUNBUFFERED": "1",
        "CALLWAITING_ENV": "development",
        "CALLWAITING_HOME": str(home.path),
        "PUBLIC_BASE_URL": base_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": secrets["secret_key"],
        "KEY_ENCRYPTION_KEYS": f"1:{secrets['key_encryption_key']}",
        "PROMETHEUS_MULTIPROC_DIR": str(home.metrics),
    }
    if sandbox_url is None:
        return environment | {name: os.environ[name] for name in PROVIDER_VARIABLES if name in os.environ}
    return environment | {
        "TWILIO_API_BASE": f"{sandbox_url}/twilio",
        "TWILIO_ACCOUNT_SID": secrets["twilio_account_sid"],
        "TWILIO_AUTH_TOKEN": secrets["twilio_auth_token"],
        "STRIPE_API_BASE": f"{sandbox_url}/stripe",
        "STRIPE_API_KEY": secrets["stripe_api_key"],
        "PAYPAL_API_BASE": f"{sandbox_url}/paypal",
        "PAYPAL_CLIENT_ID": secrets["paypal_client_id"],
        "PAYPAL_CLIENT_SECRET": secrets["paypal_client_secret"],
        "PAYPAL_CERT_BASE_URL": f"{sandbox_url}/paypal",
        "PAYPAL_EXTRA_ROOTS": str(home.sandbox / "ca.pem"),
        **({"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(mail_port), "SMTP_SECURITY": "none"} if mail_port else {}),
    }


def with_roles(
    environment: Mapping[str, str], admin_url: str, role_secret: str, roles: Iterable[DatabaseRole]
) -> dict[str, str]:
    """The environment with the URLs of these roles added."""
    urls = prepare.role_urls(admin_url, role_secret)
    return dict(environment) | {f"DATABASE_URL_{role.upper()}": urls[role] for role in roles}


def web(environment: Mapping[str, str], admin_url: str, role_secret: str) -> dict[str, str]:
    return with_roles(environment, admin_url, role_secret, WEB_ROLES)


def worker(environment: Mapping[str, str], admin_url: str, role_secret: str) -> dict[str, str]:
    return with_roles(environment, admin_url, role_secret, WORKER_PROCESS_ROLES)


def beat(environment: Mapping[str, str]) -> dict[str, str]:
    """The broker's address and nothing that is secret besides: `tasks/beat.py` asks for no more."""
    kept = (*INHERITED, "PYTHONUNBUFFERED", "CALLWAITING_HOME")
    return {name: environment[name] for name in kept if name in environment} | {
        "CELERY_BROKER_URL": environment["REDIS_URL"]
    }
