"""Celery's entry point for beat alone: `celery -A tasks.beat beat`, with CELERY_BROKER_URL as its whole configuration.

Beat only rings, so it holds no database URL and no key. (`celery_worker:app` would ask for all that a worker needs.)
"""

from __future__ import annotations

import sys

from callwaiting.core.settings import SettingsInvalid, load_broker

try:
    load_broker()
except SettingsInvalid as error:
    sys.stderr.write("".join(f"configuration: {line}\n" for line in error.lines))
    raise

from callwaiting.core import broker
from tasks import schedule

app = broker.worker_app("")  # Celery itself reads CELERY_BROKER_URL
app.conf.beat_schedule = schedule.beat_schedule()
