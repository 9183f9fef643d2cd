"""Who leads a recurring duty: a row that is taken over when it runs out. A transaction pooler may sit between."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.orm import Session

LEAD = text("""
insert into app.leases (name, holder, until)
values (:name, :holder, clock_timestamp() + make_interval(secs => :seconds))
on conflict (name) do update set holder = excluded.holder, until = excluded.until
where leases.holder = excluded.holder or leases.until < clock_timestamp()
returning holder
""")


def leads(session: Session, name: str, holder: str, *, seconds: float) -> bool:
    """True when `holder` leads for the next `seconds`: it led already, or nobody did any more."""
    return session.scalar(LEAD, {"name": name, "holder": holder, "seconds": seconds}) is not None
