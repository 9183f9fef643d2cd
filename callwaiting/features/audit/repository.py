"""Reading the trail: the links of the chain, and the entries that a person asks for."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, DateTime, Select, cast, func, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import InstrumentedAttribute, Session

from callwaiting.features.audit.models import AuditLog, AuditOutbox

PAGE = 1000


class Link(NamedTuple):
    """One row of the chain, as it is stored."""

    seq: int
    merchant_id: UUID | None
    record: bytes
    prev_hash: bytes
    merchant_prev_hash: bytes | None
    hash: bytes


@dataclass(frozen=True, slots=True)
class Filter:
    """Which entries to show. `action` and `subject` are exact; an action that ends in `.` stands for its slice."""

    merchant_id: UUID | None = None
    action: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One record. `seq` and `hash` are None while it waits for the chain."""

    seq: int | None
    hash: bytes | None
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChainedEntry:
    """One record that has its place in the chain."""

    seq: int
    hash: bytes
    body: Mapping[str, Any]


def links(session: Session, *, merchant_id: UUID | None = None, since_seq: int = 0) -> Iterator[Link]:
    """All links from a number on, or one merchant's, in order, page by page: memory does not grow with the log."""
    query = select(*(getattr(AuditLog, name) for name in Link._fields)).order_by(AuditLog.seq).limit(PAGE)
    if merchant_id:
        query = query.where(AuditLog.merchant_id == merchant_id)
    last = since_seq - 1
    while page := session.execute(query.where(AuditLog.seq > last)).all():
        yield from (Link(*row) for row in page)
        last = page[-1].seq


def entries(session: Session, wanted: Filter, *, limit: int) -> list[Entry]:
    """The newest `limit` entries, oldest first; those that wait for the chain come last."""
    waiting = select(AuditOutbox.record).where(*_conditions(wanted, AuditOutbox.merchant_id, AuditOutbox.record))
    chained = select(AuditLog.seq, AuditLog.hash, AuditLog.record).where(
        *_conditions(wanted, AuditLog.merchant_id, AuditLog.record)
    )
    pending = _newest(session, waiting.order_by(AuditOutbox.id.desc()), limit)
    found = _newest(session, chained.order_by(AuditLog.seq.desc()), limit - len(pending))
    meanwhile = {row.record for row in found}  # one that is chained between the two looks would be there twice
    return [Entry(row.seq, row.hash, orjson.loads(row.record)) for row in found] + [
        Entry(None, None, orjson.loads(row.record)) for row in pending if row.record not in meanwhile
    ]


def own_entries(session: Session, wanted: Filter, *, before: int | None, limit: int) -> list[ChainedEntry]:
    """The chained entries that the session may see, newest first; those before a number."""
    query = select(AuditLog.seq, AuditLog.hash, AuditLog.record).where(
        *_conditions(wanted, AuditLog.merchant_id, AuditLog.record)
    )
    if before is not None:
        query = query.where(AuditLog.seq < before)
    rows = session.execute(query.order_by(AuditLog.seq.desc()).limit(limit))
    return [ChainedEntry(row.seq, row.hash, orjson.loads(row.record)) for row in rows]


def links_about(session: Session, subjects: Collection[str]) -> list[Link]:
    """The links that the session may see whose subject is one of these, in order."""
    subject = cast(func.convert_from(AuditLog.record, text("'UTF8'")), JSONB)["subject"].astext
    query = select(*(getattr(AuditLog, name) for name in Link._fields)).where(subject.in_(subjects))
    return [Link(*row) for row in session.execute(query.order_by(AuditLog.seq))]


def _newest(session: Session, query: Select[*tuple[Any, ...]], limit: int) -> list[Any]:
    return list(reversed(session.execute(query.limit(limit)).all())) if limit else []


def _conditions(
    wanted: Filter, merchant_id: InstrumentedAttribute[UUID | None], record: InstrumentedAttribute[bytes]
) -> Iterator[ColumnElement[bool]]:
    body = cast(func.convert_from(record, text("'UTF8'")), JSONB)
    if wanted.merchant_id:
        yield merchant_id == wanted.merchant_id
    if wanted.action and wanted.action.endswith("."):
        yield body["action"].astext.startswith(wanted.action, autoescape=True)
    elif wanted.action:
        yield body["action"].astext == wanted.action
    if wanted.subject:
        yield body["subject"].astext == wanted.subject
    if wanted.actor:
        yield body["actor"].astext == wanted.actor
    if wanted.since:
        yield cast(body["at"].astext, DateTime(timezone=True)) >= wanted.since
    if wanted.until:
        yield cast(body["at"].astext, DateTime(timezone=True)) < wanted.until
