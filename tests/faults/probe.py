"""The counter without a unique key: one row for each time that a handler ran to its commit."""

from __future__ import annotations

COUNTED = "probe.counted"
STALL_SECONDS = 5.0  # above the short lease, below what one event may take
SHORT_LEASE_SECONDS = 3
TABLE = """
create schema probe;
create table probe.counter (key text not null);
grant usage on schema probe to cw_worker;
grant insert on probe.counter to cw_worker;
"""
