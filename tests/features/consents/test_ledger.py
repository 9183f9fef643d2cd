from __future__ import annotations

import psycopg2
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.consents import service as consents
from callwaiting.features.consents.errors import ConsentRevoked
from tests.factories.merchants import create_merchant
from tests.factories.payments import make_caller


def test_a_caller_who_declared_nothing_may_be_answered(worker: Runtime, merchant: MerchantScope) -> None:
    caller = make_caller(worker, merchant)
    with worker.database.unit_of_work(merchant) as session:
        consents.require_consent(session, caller)


def test_the_latest_declaration_holds_even_within_one_transaction(worker: Runtime, merchant: MerchantScope) -> None:
    caller = make_caller(worker, merchant)
    with worker.database.unit_of_work(merchant) as session:
        consents.record_declaration(session, caller, "revoked", origin="voice", evidence="stop texting me")
        with pytest.raises(ConsentRevoked):
            consents.require_consent(session, caller)
        consents.record_declaration(session, caller, "granted", origin="sms", evidence="START")
        consents.require_consent(session, caller)
        consents.record_declaration(session, caller, "revoked", origin="sms", evidence="STOP")
    with worker.database.unit_of_work(merchant) as session, pytest.raises(ConsentRevoked):
        consents.require_consent(session, caller)


def test_a_declaration_counts_for_one_merchant_only(worker: Runtime, merchant: MerchantScope) -> None:
    other = create_merchant(worker, "Rosa's Hair")
    mine, theirs = make_caller(worker, merchant), make_caller(worker, other)
    with worker.database.unit_of_work(merchant) as session:
        consents.record_declaration(session, mine, "revoked", origin="sms", evidence="STOP")
    with worker.database.unit_of_work(other) as session:
        consents.require_consent(session, theirs)


@pytest.mark.parametrize(
    ("texts", "confirmed"),
    [
        (["STOP"], ["stop"]),
        (["STOP", "stop!!"], ["stop", None]),
        (["STOP", "START"], ["stop", "start"]),
        (["STOP", "Yes"], ["stop", "start"]),
        (["Yes"], [None]),
        (["START"], ["start"]),
        (["HELP"], ["help"]),
        (["STOP", "HELP"], ["stop", None]),
        (["two pizzas please"], [None]),
    ],
)
def test_what_needs_a_confirmation(
    worker: Runtime, merchant: MerchantScope, texts: list[str], confirmed: list[str | None]
) -> None:
    caller = make_caller(worker, merchant)
    with worker.database.unit_of_work(merchant) as session:
        assert [consents.honour(session, caller, said, origin="sms") for said in texts] == confirmed


def test_the_ledger_is_append_only_and_its_evidence_sealed(
    worker: Runtime, merchant: MerchantScope, admin_url: str
) -> None:
    caller = make_caller(worker, merchant)
    with worker.database.unit_of_work(merchant) as session:
        consents.record_declaration(session, caller, "revoked", origin="sms", evidence="no more texts please")
    for statement in ("update app.consents set state = 'granted'", "delete from app.consents"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            worker.database.unit_of_work(merchant) as session,
        ):
            session.execute(text(statement))
    with psycopg2.connect(admin_url) as connection, connection.cursor() as cursor:
        cursor.execute("select state, origin, encode(evidence_sealed, 'escape') from app.consents")
        ((state, origin, evidence),) = cursor.fetchall()
    connection.close()
    assert (state, origin) == ("revoked", "sms")
    assert "texts" not in evidence
