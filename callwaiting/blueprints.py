"""Every blueprint with its prefix, one line each. Access policies stand beside the routes."""

from __future__ import annotations

from flask import Flask

from callwaiting import link_pages
from callwaiting.features.accounts import api_keys_routes as api_keys
from callwaiting.features.accounts import factors_routes as factors
from callwaiting.features.accounts import invitations_routes as invitations
from callwaiting.features.accounts import members_routes as members
from callwaiting.features.accounts import operators_routes as operators
from callwaiting.features.accounts import pages as account_pages
from callwaiting.features.accounts import routes as accounts
from callwaiting.features.alerts import routes as alerts
from callwaiting.features.audit import routes as audit
from callwaiting.features.bookings import booking_page
from callwaiting.features.bookings import calendar_routes as booking_calendars
from callwaiting.features.bookings import feed_page as booking_feed
from callwaiting.features.bookings import routes as bookings
from callwaiting.features.bookings import setup_routes as booking_setup
from callwaiting.features.callers import routes as callers
from callwaiting.features.calls import recording_routes as recordings
from callwaiting.features.calls import routes as calls
from callwaiting.features.calls import voice_routes as voice
from callwaiting.features.catalogue import routes as catalogue
from callwaiting.features.catalogue import transfer_routes as catalogue_files
from callwaiting.features.consents import routes as consents
from callwaiting.features.docs import routes as docs
from callwaiting.features.exports import routes as exports
from callwaiting.features.forwarding import routes as forwarding_tests
from callwaiting.features.health import routes as health
from callwaiting.features.kpis import routes as kpis
from callwaiting.features.merchants import routes as merchants
from callwaiting.features.merchants import tax_rate_routes as tax_rates
from callwaiting.features.messages import routes as messages
from callwaiting.features.messages import sms_routes as sms
from callwaiting.features.messages import template_routes as message_templates
from callwaiting.features.orders import discount_routes as discounts
from callwaiting.features.orders import payment_page
from callwaiting.features.orders import routes as orders
from callwaiting.features.orders import rules_routes as order_rules
from callwaiting.features.outgoing import routes as outgoing
from callwaiting.features.payments import routes as payments
from callwaiting.features.phone_numbers import forwarding_routes as forwarding
from callwaiting.features.phone_numbers import routes as phone_numbers
from callwaiting.features.receipts import receipt_page
from callwaiting.features.reception import routes as reception
from callwaiting.features.reconciliation import routes as reconciliation
from callwaiting.features.setup import routes as setup
from callwaiting.features.summaries import routes as summaries
from callwaiting.features.webhooks import event_routes as webhook_events
from callwaiting.features.webhooks import operator_routes as webhook_operators
from callwaiting.features.webhooks import routes as webhooks
from callwaiting.features.webhooks import source_routes as webhook_sources


def register(app: Flask) -> None:
    app.register_blueprint(health.blueprint)
    app.register_blueprint(health.api.blueprint)
    app.register_blueprint(docs.blueprint)
    app.register_blueprint(link_pages.assets)
    app.register_blueprint(accounts.api.blueprint)
    app.register_blueprint(factors.api.blueprint)
    app.register_blueprint(operators.api.blueprint)
    app.register_blueprint(account_pages.blueprint)
    app.register_blueprint(members.api.blueprint)
    app.register_blueprint(invitations.api.blueprint)
    app.register_blueprint(api_keys.api.blueprint)
    app.register_blueprint(webhooks.blueprint)
    app.register_blueprint(sms.blueprint)
    app.register_blueprint(payment_page.blueprint)
    app.register_blueprint(receipt_page.blueprint)
    app.register_blueprint(booking_page.blueprint)
    app.register_blueprint(booking_feed.blueprint)
    app.register_blueprint(voice.blueprint)
    app.register_blueprint(orders.api.blueprint)
    app.register_blueprint(discounts.api.blueprint)
    app.register_blueprint(order_rules.api.blueprint)
    app.register_blueprint(calls.api.blueprint)
    app.register_blueprint(recordings.api.blueprint)
    app.register_blueprint(bookings.api.blueprint)
    app.register_blueprint(booking_setup.api.blueprint)
    app.register_blueprint(booking_calendars.api.blueprint)
    app.register_blueprint(outgoing.api.blueprint)
    app.register_blueprint(kpis.api.blueprint)
    app.register_blueprint(summaries.api.blueprint)
    app.register_blueprint(exports.api.blueprint)
    app.register_blueprint(merchants.api.blueprint)
    app.register_blueprint(tax_rates.api.blueprint)
    app.register_blueprint(phone_numbers.api.blueprint)
    app.register_blueprint(forwarding.api.blueprint)
    app.register_blueprint(forwarding_tests.api.blueprint)
    app.register_blueprint(setup.api.blueprint)
    app.register_blueprint(reception.api.blueprint)
    app.register_blueprint(catalogue.api.blueprint)
    app.register_blueprint(catalogue_files.api.blueprint)
    app.register_blueprint(callers.api.blueprint)
    app.register_blueprint(consents.api.blueprint)
    app.register_blueprint(messages.api.blueprint)
    app.register_blueprint(message_templates.api.blueprint)
    app.register_blueprint(alerts.api.blueprint)
    app.register_blueprint(payments.api.blueprint)
    app.register_blueprint(reconciliation.api.blueprint)
    app.register_blueprint(webhook_sources.api.blueprint)
    app.register_blueprint(webhook_events.api.blueprint)
    app.register_blueprint(webhook_operators.api.blueprint)
    app.register_blueprint(audit.api.blueprint)
