"""`/api/v1/audit`."""

from __future__ import annotations

from sqlalchemy.orm import Session

from callwaiting.core.http.api import Api
from callwaiting.core.http.paging import Page
from callwaiting.features.audit import repository, verify
from callwaiting.features.audit.repository import Filter
from callwaiting.features.audit.schemas import EntryFace, EntryQuery, Proof, ProofQuery

api = Api("audit")
LINKS_AT_ONCE = 20_000


@api.get("/audit/entries", requires="audit.read", query=EntryQuery, answers=Page[EntryFace])
def newest(session: Session, query: EntryQuery) -> Page[EntryFace]:
    """What was done in the business, newest first.

    An entry appears once it is chained, some seconds after the deed.
    """
    wanted = Filter(action=query.action, subject=query.subject, since=query.since, until=query.until, actor=query.actor)
    rows = repository.own_entries(session, wanted, before=query.position(int), limit=query.limit + 1)
    return Page[EntryFace].of([EntryFace.of(row) for row in rows], query, key=lambda face: face.seq)


@api.get("/audit/proof", requires="audit.read", query=ProofQuery, answers=Proof)
def prove(session: Session, query: ProofQuery) -> Proof:
    """Recompute the business's own part of the chain, twenty thousand links at a time.

    Keep the head somewhere else: given back as `after`, it shows that the end is not missing and that the chain was
    not made anew.
    """
    after = verify.parse_anchor(query.after) if query.after else None
    return Proof.of(verify.verify_own(session, after=after, limit=LINKS_AT_ONCE))
