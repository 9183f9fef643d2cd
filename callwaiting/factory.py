"""The composition root: settings in, a working app or worker runtime out."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import structlog
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from callwaiting import models as models  # whoever has a runtime knows every table, which foreign keys ask for
from callwaiting.core import broker
from callwaiting.core import logging as logs
from callwaiting.core.crypto import KeyEncryptionKeys
from callwaiting.core.db import Database, DatabaseRole
from callwaiting.core.errors import CallwaitingError
from callwaiting.core.events import EventBus
from callwaiting.core.http import auth, errors, headers, limits, origins, rate_limits, request_log
from callwaiting.core.http import jwt as access_tokens
from callwaiting.core.http.application import Application
from callwaiting.core.http.jwt import SigningRing
from callwaiting.core.jobs import Doorbell
from callwaiting.core.settings import Settings
from callwaiting.core.tenancy import SystemScope
from callwaiting.extensions import cors, jwt, talisman
from callwaiting.features.accounts import signing_keys
from callwaiting.features.accounts.api_keys_access import MachineAccess
from callwaiting.features.alerts import service as alerts
from callwaiting.features.bookings import replies as booking_replies
from callwaiting.features.bookings import texts as booking_texts
from callwaiting.features.bookings.events import BookingCancelled, BookingConfirmed, BookingsToLock, DepositDue
from callwaiting.features.calls.texting import on_text_received
from callwaiting.features.consents.events import TextsRevoked
from callwaiting.features.deposits import service as deposits
from callwaiting.features.keys.service import KeyRing
from callwaiting.features.messages.events import TextDue, TextFailed, TextReceived
from callwaiting.features.messages.waiting import on_texts_revoked
from callwaiting.features.orders import service as orders
from callwaiting.features.orders import texts as order_texts
from callwaiting.features.orders.events import OrderDepositPaid, OrderExpired, OrderPaid
from callwaiting.features.orders.refunds import on_payment_refunded
from callwaiting.features.outgoing import service as outgoing
from callwaiting.features.payments.events import PaymentParked, PaymentRefunded, PaymentSettled
from callwaiting.features.receipts import service as receipts
from callwaiting.features.webhooks import door
from callwaiting.features.webhooks.service import Handler
from callwaiting.providers.registry import Providers, build_providers

log = structlog.get_logger()
EventHandlers = Mapping[tuple[str, str], Handler]
# Somebody waits for the answer of a web process: three attempts at a checkout must fit into 8 s.
WEB_PATIENCE = {"connect_timeout_s": 1.0, "read_timeout_s": 3.0}


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a web process and a worker have in common."""

    settings: Settings
    database: Database
    doorbell: Doorbell
    providers: Providers

    def close(self) -> None:
        self.database.dispose()


def event_bindings() -> EventBus:
    """Which slice listens to which: the only place that knows both."""
    bus = EventBus()
    bus.bind(PaymentSettled, orders.on_payment_settled)
    bus.bind(PaymentParked, orders.on_payment_parked)
    bus.bind(PaymentRefunded, on_payment_refunded)
    bus.bind(TextsRevoked, on_texts_revoked)
    bus.bind(TextDue, order_texts.require_still_true)
    bus.bind(TextDue, booking_texts.require_still_true)
    bus.bind(TextReceived, booking_replies.on_text_received)
    bus.bind(TextFailed, order_texts.on_text_failed)
    bus.bind(TextReceived, on_text_received)  # after what replies to bookings
    bus.bind(OrderPaid, receipts.on_order_paid)
    bus.bind(OrderPaid, outgoing.on_order_paid)
    bus.bind(OrderDepositPaid, receipts.on_order_deposit_paid)
    bus.bind(OrderDepositPaid, outgoing.on_order_deposit_paid)
    bus.bind(BookingConfirmed, outgoing.on_booking_confirmed)
    bus.bind(DepositDue, deposits.on_deposit_due)
    bus.bind(OrderDepositPaid, deposits.on_order_paid)
    bus.bind(OrderPaid, deposits.on_order_paid)
    bus.bind(OrderExpired, deposits.on_order_expired)
    bus.bind(BookingsToLock, deposits.on_bookings_to_lock)
    bus.bind(BookingCancelled, deposits.on_booking_cancelled)
    return bus


def event_handlers() -> EventHandlers:
    """What workers do with each event, for a dry run. They stand above the app and are taken by name."""
    handlers: EventHandlers = importlib.import_module("tasks.webhook_handlers").HANDLERS
    return handlers


def build_runtime(settings: Settings, *, tenant_role: DatabaseRole) -> Runtime:
    """Wire the parts for one process. `tenant_role` is WEB in a web process and WORKER in a worker."""
    logs.configure(
        json_lines=settings.callwaiting_env == "production",
        level=settings.log_level,
        pseudonym_key=hashlib.sha256(b"log pseudonyms" + settings.secret_key.get_secret_value().encode()).digest(),
    )
    doorbell = Doorbell(broker.publisher(settings.redis_url.get_secret_value()))
    database = Database(
        settings.database_urls(),
        tenant_role=tenant_role,
        after_commit=doorbell.ring_names,
        pool_size=settings.database_pool_size,
        prepare=settings.database_prepare,
        application_name=f"callwaiting-{tenant_role}",
    )
    database.info["keys"] = KeyRing(KeyEncryptionKeys(settings.key_encryption_secrets()))
    database.info["events"] = event_bindings()
    database.info["settings"] = settings
    patience = WEB_PATIENCE if tenant_role is DatabaseRole.WEB else {}
    return Runtime(settings, database, doorbell, build_providers(settings, **patience))


def create_app(settings: Settings, overrides: Mapping[str, object] | None = None) -> Flask:
    """The web application. `overrides` are Flask config values, for tests."""
    from callwaiting import blueprints  # workers and commands do without: a third of what there is to load

    runtime = build_runtime(settings, tenant_role=DatabaseRole.WEB)
    app = Application("callwaiting")
    app.config.update(
        MAX_CONTENT_LENGTH=limits.JSON_BYTES,
        MAX_FORM_MEMORY_SIZE=64 * 1024,
        TRUSTED_HOSTS=settings.trusted_hosts or None,
        **(overrides or {}),
    )
    if settings.trusted_proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.trusted_proxies, x_proto=settings.trusted_proxies, x_host=0
        )
    app.extensions.update(
        settings=settings,
        database=runtime.database,
        doorbell=runtime.doorbell,
        providers=runtime.providers,
        event_handlers=event_handlers,
    )
    request_log.register(app, seconds=settings.request_timeout_ms / 1000)
    errors.register(app)
    headers.configure(app, talisman, settings)
    origins.configure(app, cors, settings)
    ring = SigningRing(lambda: signing_keys.load_ring(runtime.database))
    access_tokens.configure(app, jwt, settings, ring)
    app.extensions["machine_access"] = MachineAccess(runtime.database)
    app.before_request(auth.identify)
    rate_limits.configure(app, settings, on_outage=lambda: _report_outage(runtime.database))
    app.before_request(limits.check_body)
    app.before_request(auth.enforce)
    blueprints.register(app)
    door.install(app, settings)
    return app


def _report_outage(database: Database) -> None:
    """Valkey cannot be reached: a person should know, and the requests go on."""
    try:
        with database.unit_of_work(SystemScope("an outage of Valkey")) as session:
            alerts.raise_alert(
                session,
                "limiter.per_process",
                subject="valkey",
                severity="high",
                summary="Valkey cannot be reached: each web process limits requests on its own",
            )
    except CallwaitingError as error:
        log.error("limiter.outage_not_reported", reason=error.reason)
