"""The journal of the ledger on its way out: each transfer with its debit and its credit."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from callwaiting.core.days import Days
from callwaiting.core.exports import Export, Exported, within
from callwaiting.core.money import Money
from callwaiting.features.payments.models import LedgerTransfer

COLUMNS = ("id", "recorded_at", "kind", "subject_id", "debit", "credit", "currency", "amount", "entry_key")


def _page(session: Session, days: Days, after: UUID | None, limit: int) -> list[Exported]:
    transfers = within(select(LedgerTransfer), LedgerTransfer.id, LedgerTransfer.recorded_at, days, after, limit)
    return [
        Exported(
            row.id,
            {
                "id": row.id,
                "recorded_at": row.recorded_at,
                "kind": row.kind,
                "subject_id": row.subject_id,
                "debit": row.debit,
                "credit": row.credit,
                "currency": row.currency,
                "amount": Money(row.amount_minor, row.currency).decimal(),
                "entry_key": row.entry_key,
            },
        )
        for row in session.scalars(transfers)
    ]


EXPORT = Export(COLUMNS, _page)
