"""The counter without a unique key: one row for each time that a handler ran to its commit."""

from __future__ import annotations

COUNTED = "probe.counted"
# A drain works for 10 s; it must still be at work when the stall is over.
LONGEST_STALL_SECONDS = 8.0
TAKEN_OVER = 5  # events that another worker has done by then
SHORT_LEASE_SECONDS = 3
# A text has no idempotency key: whoever was slower than its lease would send it twice. Even on a slow machine nobody
# shall be, and the hard limit of a job sees to that in the product.
EFFECT_LEASE_FACTOR = 4
TABLE = """
create schema probe;
create table probe.counter (key text not null);
grant usage on schema probe to cw_worker;
grant insert, select on probe.counter to cw_worker;
"""
