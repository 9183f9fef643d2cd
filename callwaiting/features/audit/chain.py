"""Moving records from the outbox into the hash chain: one chainer at a time, in batches.

A record with a smaller id may commit after one with a larger id. That is no gap: the chain has its own numbers, given
in the order in which records are moved, and nothing waits for an id that is not there yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from callwaiting.features.audit.hashing import GENESIS, link_hash
from callwaiting.features.audit.models import AuditLog, AuditOutbox

BATCH = 500
CHAIN_LOCK = 7_243_002

# The record goes from table to table inside the server, so what is hashed is what was written with the deed. Arrays
# travel as one text each: the server reads those several times faster than a list of rows.
MOVE = text("""
    with moved as (delete from audit.outbox where id = any(cast(:ids as bigint[])) returning id, merchant_id, record)
    insert into audit.log (seq, merchant_id, record, prev_hash, merchant_prev_hash, hash)
    select link.seq, moved.merchant_id, moved.record, link.prev_hash, link.merchant_prev_hash, link.hash
    from unnest(cast(:ids as bigint[]), cast(:seqs as bigint[]), cast(:prev_hashes as bytea[]),
                cast(:merchant_prev_hashes as bytea[]), cast(:hashes as bytea[]))
         as link (id, seq, prev_hash, merchant_prev_hash, hash)
    join moved on moved.id = link.id
""")
MERCHANT_HEADS = text("""
    select merchant.id, head.hash
    from unnest(cast(:merchants as uuid[])) as merchant (id)
    cross join lateral (
        select hash from audit.log where merchant_id = merchant.id order by seq desc limit 1
    ) as head
""")


def chain_batch(session: Session, *, limit: int = BATCH) -> int:
    """Chain the oldest waiting records, at most `limit`; returns how many. Fewer than `limit`: none is left.

    Runs as the audit role. Two at once take turns; the second goes on where the first ended.
    """
    session.execute(text("select pg_advisory_xact_lock(:key)"), {"key": CHAIN_LOCK})
    waiting = session.execute(
        select(AuditOutbox.id, AuditOutbox.merchant_id, AuditOutbox.record).order_by(AuditOutbox.id).limit(limit)
    ).all()
    if not waiting:
        return 0
    last = session.execute(select(AuditLog.seq, AuditLog.hash).order_by(AuditLog.seq.desc()).limit(1)).one_or_none()
    seq, head = (last.seq, last.hash) if last else (0, GENESIS)
    merchants = {str(row.merchant_id) for row in waiting if row.merchant_id}
    heads: dict[UUID, bytes] = {
        row.id: row.hash for row in session.execute(MERCHANT_HEADS, {"merchants": sorted(merchants)})
    }
    prev_hashes, merchant_prev_hashes, hashes = [], [], []
    for offset, row in enumerate(waiting, 1):
        prev_hashes.append(_quoted(head))
        merchant_prev_hashes.append(_quoted(heads.get(row.merchant_id)))
        head = link_hash(head, seq + offset, row.merchant_id, row.record)
        hashes.append(_quoted(head))
        if row.merchant_id:
            heads[row.merchant_id] = head
    session.execute(
        MOVE,
        {
            "ids": _array(str(row.id) for row in waiting),
            "seqs": _array(str(seq + offset) for offset in range(1, len(waiting) + 1)),
            "prev_hashes": _array(prev_hashes),
            "merchant_prev_hashes": _array(merchant_prev_hashes),
            "hashes": _array(hashes),
        },
    )
    return len(waiting)


def _quoted(value: bytes | None) -> str:
    return f'"\\\\x{value.hex()}"' if value else "null"


def _array(items: Iterable[str]) -> str:
    return "{" + ",".join(items) + "}"
