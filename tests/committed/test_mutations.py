"""The proof is worth something only if it fails when the protection does: each policy is taken away, and widened."""

from __future__ import annotations

import pytest
from psycopg2 import sql
from psycopg2.extensions import cursor as Cursor

from tests.committed import gates, isolation
from tests.committed.catalogue import ROLES, Policy, read_policies


def drop(policy: Policy) -> sql.Composed:
    return sql.SQL("drop policy {} on {}").format(sql.Identifier(policy.name), sql.SQL(policy.table))


def widened(policy: Policy) -> sql.Composed:
    using = sql.SQL("" if policy.command == "insert" else " using (true)")
    check = sql.SQL(" with check (true)" if policy.command in {"insert", "update"} else "")
    return sql.SQL("alter policy {} on {}{}{}").format(sql.Identifier(policy.name), sql.SQL(policy.table), using, check)


def test_each_policy_is_missed_and_each_wider_one_is_noticed(cursor: Cursor) -> None:
    world = isolation.build(cursor)
    policies = [policy for policy in read_policies(cursor) if policy.roles[0] in ROLES]
    about_an_owner = [policy for policy in policies if "auth." in f"{policy.using}{policy.check}"]
    mutations = [(policy, drop(policy)) for policy in policies]
    mutations += [(policy, widened(policy)) for policy in about_an_owner]
    unnoticed = []

    for policy, mutation in mutations:
        cursor.execute("savepoint unharmed")
        cursor.execute(mutation)
        if not isolation.breaches(world, policy.roles[0], world.tables[policy.table]):
            unnoticed.append(mutation.as_string(cursor))
        cursor.execute("rollback to savepoint unharmed")

    assert len(about_an_owner) > 60
    assert unnoticed == []


@pytest.mark.parametrize(
    ("mutation", "noticed"),
    [
        ("alter table app.orders no force row level security", "app.orders: row security is not forced"),
        ("alter table app.orders disable row level security", "app.orders: row security is not enabled"),
        ("alter table audit.log alter merchant_id set not null", "audit.log: whether merchant_id may be null"),
        ("create table app.notes (id uuid primary key)", "app.notes: whether it has a merchant_id"),
        ("create table app.notes (id uuid primary key)", "app.notes: no policy"),
        ("drop policy resolver_select on app.payment_links", "cw_resolver is granted select but has no policy"),
        ("create policy all_ on app.orders for select to public using (false)", "is for ('public',)"),
        ("create policy more on app.orders for select to cw_web using (false)", "2 policies for cw_web and select"),
        ("create policy less on app.orders as restrictive for select to cw_web using (false)", "less: restrictive"),
        ("create policy all_ on app.call_turns for all to cw_service using (false)", "is for all, not"),
        (
            "drop policy web_update on app.orders; create policy web_update on app.orders for update to cw_web"
            " using (merchant_id = (select auth.merchant_id()))",
            "web_update: no WITH CHECK",
        ),
        ("alter policy web_select on app.orders using (merchant_id = auth.merchant_id())", "for each row"),
        ("grant truncate on app.orders to cw_web", "app.orders: TRUNCATE is granted to cw_web"),
        ("grant references on app.orders to cw_service", "app.orders: REFERENCES is granted to cw_service"),
        ("grant trigger on app.orders to cw_worker", "app.orders: TRIGGER is granted to cw_worker"),
        ("grant delete on app.orders to cw_web", "cw_web is granted delete but has no policy"),
        ("grant select on app.orders to public", "app.orders: SELECT is granted to public"),
        ("grant create on schema app to cw_web", "schema app: CREATE"),
        ("grant cw_service to cw_web", "cw_web: is a member of cw_service"),
        ("alter role cw_worker bypassrls", "cw_worker: has an attribute"),
        ("alter role cw_web superuser", "cw_web: has an attribute"),
        ("alter function auth.payment_link(bytea) owner to cw_owner", "SECURITY DEFINER, of cw_owner"),
        ("alter function auth.payment_link(bytea) reset search_path", "search_path pinned: False"),
        ("grant execute on function auth.payment_link(bytea) to public", "for everybody: True"),
        (
            "create function auth.peek() returns int language sql security definer as 'select 1'",
            "not a reviewed look-up",
        ),
        ("create view app.every_order as select * from app.orders", "app.every_order: a view"),
        ("create materialized view audit.copy as select * from app.orders", "audit.copy: a view"),
        ("create unique index on app.callers (phone_hash)", "app.callers (phone_hash): a unique index"),
        (
            "alter table app.callers add constraint by_id unique (id);"
            " alter table app.orders add foreign key (caller_id) references app.callers (id)",
            "app.orders (caller_id): a foreign key to app.callers without the merchant",
        ),
        ("alter table app.orders owner to cw_migrator", "app.orders: belongs to cw_migrator"),
    ],
)
def test_gates_notice(cursor: Cursor, mutation: str, noticed: str) -> None:
    cursor.execute(mutation)

    assert any(noticed in line for line in gates.breaches(cursor))
