"""Which service handles which event. A type that is not listed here is acknowledged, kept and ignored."""

from __future__ import annotations

from collections.abc import Mapping

from callwaiting.features.webhooks.service import Handler

HANDLERS: Mapping[tuple[str, str], Handler] = {}  # by (provider, event type)
