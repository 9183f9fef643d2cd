"""Asking the providers whether they are there."""

from __future__ import annotations

from callwaiting.core.jobs import Job
from callwaiting.factory import Runtime
from callwaiting.features.health import providers
from tasks.base import job


@job(Job.ASK_PROVIDERS)
def ask_providers(runtime: Runtime) -> None:
    """Twilio, Stripe and PayPal, as far as they are configured."""
    providers.ask_all(runtime.providers, runtime.settings.redis_url.get_secret_value())
