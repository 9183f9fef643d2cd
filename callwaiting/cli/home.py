"""The data directory of `callwaiting up`: generated secrets, the servers' data, the environment of each process."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

import click

DEFAULT = Path(".callwaiting")
data_dir_option = click.option(
    "--data-dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT,
    show_default=True,
    envvar="CALLWAITING_HOME",
    show_envvar=True,
    help="Secrets, data and logs of the system on this machine.",
)


class Home:
    """One data directory. Everything in it is readable by its owner alone."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()

    def make(self) -> None:
        if not self.path.exists():
            self.path.mkdir(parents=True)
            self.path.chmod(0o711)  # Postgres may run as another account, which must pass but need not look around
        self.logs.mkdir(exist_ok=True, mode=0o700)
        self.metrics.mkdir(exist_ok=True, mode=0o700)

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def metrics(self) -> Path:
        return self.path / "metrics"

    @property
    def sandbox(self) -> Path:
        return self.path / "sandbox"

    @property
    def operator_environment(self) -> Path:
        """What the other commands use when the environment says nothing."""
        return self.path / "operator.json"

    @property
    def story(self) -> Path:
        """Addresses and numbers that the demo needs."""
        return self.path / "demo.json"

    def secrets(self) -> Mapping[str, str]:
        """The generated secrets, made at the first start and kept ever after."""
        path = self.path / "secrets.json"
        if not path.exists():
            made = {
                "role_secret": secrets.token_urlsafe(48),
                "postgres_password": secrets.token_urlsafe(24),
                "valkey_password": secrets.token_urlsafe(24),
                "secret_key": secrets.token_urlsafe(48),
                "key_encryption_key": base64.b64encode(secrets.token_bytes(32)).decode(),
                "flower_password": secrets.token_urlsafe(24),
                "twilio_account_sid": "AC" + secrets.token_hex(16),
                "twilio_auth_token": secrets.token_hex(16),
                "stripe_api_key": "sk_test_" + secrets.token_hex(16),
                "stripe_webhook_secret": "whsec_" + secrets.token_hex(24),
                "paypal_client_id": secrets.token_hex(16),
                "paypal_client_secret": secrets.token_hex(24),
                "paypal_webhook_id": secrets.token_hex(9).upper(),
            }
            write_private(path, made)
        found: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
        return found


def write_private(path: Path, content: object) -> None:
    """Write JSON so that it is never readable by others and never half written."""
    temporary = path.with_name(path.name + ".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
    temporary.replace(path)
