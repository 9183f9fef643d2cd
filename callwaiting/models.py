"""Every table, imported for Alembic and for the tests that walk the schema."""

from callwaiting.core.db import Base
from callwaiting.core.http import idempotency
from callwaiting.features.accounts import models as accounts
from callwaiting.features.alerts import models as alerts
from callwaiting.features.audit import models as audit
from callwaiting.features.bookings import models as bookings
from callwaiting.features.callers import models as callers
from callwaiting.features.calls import models as calls
from callwaiting.features.catalogue import models as catalogue
from callwaiting.features.consents import models as consents
from callwaiting.features.forwarding import models as forwarding
from callwaiting.features.keys import models as keys
from callwaiting.features.mails import models as mails
from callwaiting.features.merchants import models as merchants
from callwaiting.features.messages import models as messages
from callwaiting.features.orders import models as orders
from callwaiting.features.outbox import models as outbox
from callwaiting.features.outgoing import models as outgoing
from callwaiting.features.payments import models as payments
from callwaiting.features.phone_numbers import models as phone_numbers
from callwaiting.features.receipts import models as receipts
from callwaiting.features.reception import models as reception
from callwaiting.features.reconciliation import models as reconciliation
from callwaiting.features.summaries import models as summaries
from callwaiting.features.webhooks import models as webhooks

__all__ = [
    "accounts",
    "alerts",
    "audit",
    "bookings",
    "callers",
    "calls",
    "catalogue",
    "consents",
    "forwarding",
    "idempotency",
    "keys",
    "mails",
    "merchants",
    "messages",
    "orders",
    "outbox",
    "outgoing",
    "payments",
    "phone_numbers",
    "receipts",
    "reception",
    "reconciliation",
    "summaries",
    "webhooks",
]

metadata = Base.metadata
