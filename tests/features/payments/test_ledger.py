"""The ledger: entries with what they tell of, in balance, for ever, and of one merchant."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, ProgrammingError
from sqlalchemy.orm import Session

from callwaiting.cli.ledger import command
from callwaiting.core.ids import new_id
from callwaiting.core.money import Money
from callwaiting.core.tenancy import MerchantScope
from callwaiting.factory import Runtime
from callwaiting.features.payments import ledger, refunds
from callwaiting.features.payments.models import LedgerTransfer, Payment, Refund
from tests.factories.merchants import create_merchant
from tests.factories.payments import Payable, make_payment
from tests.servers import execute


def balances(worker: Runtime, scope: MerchantScope) -> dict[str, int]:
    with worker.database.unit_of_work(scope) as session:
        assert ledger.differences(session) == []
        found = ledger.balances(session)
    assert {row.currency for row in found} <= {"USD"}
    assert sum(row.debit - row.credit for row in found) == 0
    return {row.account: row.debit - row.credit for row in found}


def give_back(session: Session, minor: int, provider_id: str) -> tuple[Payment, Refund]:
    """A refund that its provider says has been made."""
    payment = session.scalars(select(Payment)).one()
    refund = refunds.request_refund(session, payment.id, amount=Money(minor, "USD"), reason="other")
    refund.provider_id = provider_id
    refunds.move(session, payment, refund, "succeeded")
    return payment, refund


def test_money_in_and_back_and_in_again(worker: Runtime, payable: Payable) -> None:
    make_payment(worker, payable)
    total = payable.total.minor
    assert balances(worker, payable.scope) == {"stripe": total, "orders": -total}

    with worker.database.unit_of_work(payable.scope) as session:
        payment, refund = give_back(session, 706, "re_1")
    assert balances(worker, payable.scope) == {"stripe": total - 706, "orders": 706 - total}

    with worker.database.unit_of_work(payable.scope) as session:
        refunds.move(session, session.merge(payment), session.merge(refund), "failed", failure="lost card")
    assert balances(worker, payable.scope) == {"stripe": total, "orders": -total}


def test_money_that_does_not_fit_waits_in_an_account_of_its_own(worker: Runtime, payable: Payable) -> None:
    make_payment(worker, payable, amount=Money(100, "USD"))
    assert balances(worker, payable.scope) == {"stripe": 100, "parked": -100}


def test_nobody_changes_an_entry_and_other_merchants_see_none(worker: Runtime, payable: Payable) -> None:
    make_payment(worker, payable)
    for change in (update(LedgerTransfer).values(amount_minor=1), text("delete from app.ledger_transfers")):
        with pytest.raises(ProgrammingError), worker.database.unit_of_work(payable.scope) as session:
            session.execute(change)
    with worker.database.unit_of_work(create_merchant(worker, "Mario's")) as session:
        assert (ledger.balances(session), ledger.differences(session)) == ([], [])


def test_not_even_the_owner_of_the_table_changes_an_entry(worker: Runtime, payable: Payable, admin_url: str) -> None:
    make_payment(worker, payable)
    with pytest.raises(Exception, match="append-only"):
        execute(admin_url, "update app.ledger_transfers set amount_minor = 1")


@pytest.mark.parametrize(
    "bad", [{"credit": "stripe"}, {"amount_minor": 0}, {"amount_minor": -5}, {"debit": "somewhere"}]
)
def test_an_entry_out_of_balance_cannot_be_written(
    worker: Runtime, merchant: MerchantScope, bad: dict[str, str | int]
) -> None:
    row = {"debit": "stripe", "credit": "orders", "amount_minor": 5}
    entry = LedgerTransfer(
        merchant_id=merchant.merchant_id,
        entry_key="x",
        kind="payment",
        subject_id=new_id(),
        currency="USD",
        **row | bad,
    )
    with pytest.raises(IntegrityError), worker.database.unit_of_work(merchant) as session:
        session.add(entry)


def test_the_command_names_a_payment_that_was_changed_behind_the_ledgers_back(
    worker: Runtime, payable: Payable, admin_url: str, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    payment_id = make_payment(worker, payable)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    shown = CliRunner().invoke(command, ["show"])
    well = CliRunner().invoke(command, ["verify"])
    execute(admin_url, "update app.payments set amount_minor = amount_minor + 1")
    found = CliRunner().invoke(command, ["verify", "--json", "--merchant", str(payable.scope.merchant_id)])

    assert f"stripe           debit {payable.total}  credit $0.00  balance {payable.total}" in shown.stdout
    assert (well.exit_code, well.stdout) == (0, "OK: payments and refunds agree with the ledger\n")
    assert found.exit_code == 1
    assert {"subject_id": str(payment_id), "told": payable.total.minor + 1, "entered": payable.total.minor}.items() <= (
        json.loads(found.stdout).items()
    )
