"""Celery's entry point for workers: `celery -A celery_worker:app worker -Q events,effects,maintenance`."""

from __future__ import annotations

import gc
import importlib
import logging
import pkgutil
import sys

gc.disable()  # as in wsgi.py; what the pool's processes share with this one is better not touched, either
from callwaiting.core.roles import WORKER_ROLES  # noqa: E402 - after the collector is off
from callwaiting.core.settings import SettingsInvalid, load  # noqa: E402

try:
    settings = load(roles=WORKER_ROLES)
except SettingsInvalid as error:
    sys.stderr.write("".join(f"configuration: {line}\n" for line in error.lines))
    raise

# A wrong configuration is refused before all of this is loaded.
from celery import signals  # noqa: E402
from prometheus_client import multiprocess  # noqa: E402
from sqlalchemy.orm import configure_mappers  # noqa: E402

import tasks  # noqa: E402
from callwaiting.core import broker  # noqa: E402
from tasks import base, watch  # noqa: E402

for module in pkgutil.iter_modules(tasks.__path__):
    if module.name != "beat":  # which is an entry point of its own
        importlib.import_module(f"tasks.{module.name}")  # registers its jobs

app = broker.worker_app(settings.redis_url.get_secret_value())
watch.install(app)
configure_mappers()  # once, and not in each process of the pool
gc.collect()
gc.freeze()
gc.enable()


@signals.setup_logging.connect
def _use_our_logging(**_: object) -> None:
    base.process_runtime()
    for repeats_our_own_line in ("celery.app.trace", "celery.worker.strategy"):
        logging.getLogger(repeats_our_own_line).setLevel(logging.WARNING)


@signals.worker_process_init.connect
def _prepare_process(**_: object) -> None:
    base.process_runtime()


@signals.worker_process_shutdown.connect
def _forget_process(pid: int, **_: object) -> None:
    if settings.prometheus_multiproc_dir:
        multiprocess.mark_process_dead(pid, settings.prometheus_multiproc_dir)  # type: ignore[no-untyped-call]
