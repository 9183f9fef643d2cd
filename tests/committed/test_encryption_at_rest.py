"""Personal data goes through the services, and then nothing of it is found in any column of any table."""

from __future__ import annotations

from psycopg2.extensions import cursor as Cursor

from callwaiting.core.tenancy import MerchantScope, SystemScope
from callwaiting.factory import Runtime
from callwaiting.features.callers import service as callers
from callwaiting.features.consents import service as consents
from callwaiting.features.messages import service as messages
from callwaiting.features.webhooks import source_admin
from tests.committed.catalogue import fetch
from tests.factories.phone_numbers import create_number
from tests.factories.stored_events import store_event, store_source

CALLER, NUMBER = "+14155550197", "+12125550198"
CANARIES = (CALLER, NUMBER, "Casimir Canary", "canary@example.org", "whsec_canary_0123456789", "canary stop please")


def found(cursor: Cursor, schema: str = "%") -> list[tuple[str, str]]:
    """(table, canary) wherever one stands as text, or as the bytes of text."""
    hits = []
    for (table,) in fetch(
        cursor,
        "select format('%%I.%%I', schemaname, tablename) from pg_tables"
        " where schemaname in ('app', 'audit', 'auth') and schemaname like %s",
        schema,
    ):
        for (row,) in fetch(cursor, f"select to_jsonb(t)::text from {table} t"):
            for canary in CANARIES:
                digits = canary.removeprefix("+")
                if any(form in row for form in (canary, digits, digits.encode().hex())):
                    hits.append((table, canary))
    return hits


def test_no_personal_data_stands_in_the_clear(worker: Runtime, merchant: MerchantScope, cursor: Cursor) -> None:
    phone_number_id = create_number(worker, merchant, NUMBER)
    with worker.database.unit_of_work(merchant) as session:
        caller_id = callers.remember(session, CALLER)
        consents.record_declaration(session, caller_id, "granted", origin="sms", evidence="canary stop please")
        messages.plan_message(
            session,
            caller_id=caller_id,
            phone_number_id=phone_number_id,
            kind="receipt",
            message_key="canary",
            body="For Casimir Canary, canary@example.org",
        )
    store_event(
        worker, store_source(worker, merchant), raw=f'{{"From": "{CALLER}", "Name": "Casimir Canary"}}'.encode()
    )
    with worker.database.unit_of_work(SystemScope("a source of the tests")) as session:
        source_admin.create_source(
            session, provider="stripe", mode="test", account="", webhook_id="", secret="whsec_canary_0123456789"
        )

    assert fetch(cursor, "select count(*) from app.messages") == [(1,)]
    assert found(cursor) == []


def test_search_finds_what_does_stand_in_the_clear(merchant: MerchantScope, cursor: Cursor) -> None:
    cursor.execute("update app.merchants set name = 'Casimir Canary'")
    cursor.execute(
        "insert into audit.outbox (merchant_id, record) values (%s, %s)",
        (str(merchant.merchant_id), f"called {CALLER}".encode()),
    )

    assert sorted(found(cursor)) == [("app.merchants", "Casimir Canary"), ("audit.outbox", CALLER)]
