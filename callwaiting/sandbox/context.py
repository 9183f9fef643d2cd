"""What every part of the sandbox shares, found through the running Flask app."""

from __future__ import annotations

import hashlib
import time
from dataclasses import asdict, dataclass, field

import httpx
from flask import current_app

from callwaiting.sandbox.behaviours import Behaviours
from callwaiting.sandbox.config import Config, merge
from callwaiting.sandbox.deliveries import Deliverer
from callwaiting.sandbox.paypal_signing import CertificateAuthority
from callwaiting.sandbox.store import Store

EXTENSION = "sandbox"


@dataclass
class Sandbox:
    config: Config
    store: Store
    behaviours: Behaviours
    client: httpx.Client
    authority: CertificateAuthority
    deliverer: Deliverer = field(init=False)

    def configure(self, change: object) -> None:
        """Lay a change over the configuration. Raises Misfit and then changes nothing."""
        _, self.config = merge(asdict(self.config), change)

    def add_number(self, number: str) -> None:
        """One more number of the account, set up like those that it has. Raises LookupError when it has none."""
        numbers = self.config.twilio.numbers
        if number not in numbers:
            alike = next(iter(numbers.values()), None)
            if alike is None:
                raise LookupError("no number is configured that this one could be like")
            self.configure({"twilio": {"numbers": asdict(self.config)["twilio"]["numbers"] | {number: asdict(alike)}}})

    def record_effect(self, provider: str, kind: str, key: str, *, took_effect: bool) -> None:
        """Count that the app asked for an effect, and whether it happened (again)."""
        name = f"{provider}:{kind}:{key}"
        with self.store.transaction():
            old = self.store.get("effects", name) or {"asked": 0, "count": 0, "first_at": time.time()}
            row = {
                "provider": provider,
                "kind": kind,
                "key": key,
                "asked": old["asked"] + 1,
                "count": old["count"] + int(took_effect),
                "first_at": old["first_at"],
            }
            self.store.put("effects", name, row)


def sandbox() -> Sandbox:
    found = current_app.extensions[EXTENSION]
    if not isinstance(found, Sandbox):
        raise TypeError("this Flask app is no sandbox")
    return found


def fingerprint(*parts: str) -> str:
    """A short name for an effect that carries no idempotency key."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
