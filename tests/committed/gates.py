"""What must hold for every table, policy, role and function, whatever they are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from psycopg2.extensions import cursor as Cursor

from tests.committed.catalogue import COMMANDS, RESOLVER, ROLES, fetch, read_grants, read_policies, read_tables

# Reviewed: each exception, and why it is one.
MERCHANT_MAY_BE_ABSENT = {
    "app.alerts": "alerts of the platform",
    "app.webhook_sources": "a platform-wide source serves many merchants",
    "app.webhook_events": "stored before its merchant is known",
    "app.webhook_attempts": "an event without a merchant is attempted too",
    "audit.log": "records of the platform",
    "audit.outbox": "records of the platform",
}
WITHOUT_MERCHANT = {
    "app.merchants": "its id is the merchant",
    "app.platform_keys": "one key for the platform",
    "app.users": "a person may belong to several merchants, or to none",
    "app.user_keys": "a person's",
    "app.sessions": "a person's",
    "app.account_tokens": "a person's",
    "app.totp_factors": "a person's",
    "app.recovery_codes": "a person's",
    "app.signing_keys": "access tokens of the platform",
    "app.sign_in_failures": "counted before anybody is known; keyed hashes",
    "app.mails": "to persons, who may belong to no merchant; sealed, and read by the worker alone",
    "app.leases": "duties of the platform",
    "app.reconcile_runs": "about a source, seen by the service alone",
    "app.rejected_requests": "about a source, seen by the service and counted by the webhook role",
}
UNIQUE_ACROSS_MERCHANTS = {
    "app.phone_numbers (number_hash)": "a number leads to one merchant only; the hash is under the platform's key",
    "app.payment_accounts (provider, mode, account)": "a provider's account leads to one merchant only",
    "app.payment_links (token_hash)": "a token is found before its merchant; nobody can guess one",
    "app.receipts (token_hash)": "a token is found before its merchant; nobody can guess one",
    "app.booking_feeds (token_hash)": "a token is found before its merchant; nobody can guess one",
    "app.booking_links (token_hash)": "a token is found before its merchant; nobody can guess one",
    "app.invitations (token_hash)": "a token is found before its merchant; nobody can guess one",
    "app.webhook_sources (public_id)": "a source is found before its merchant; nobody can guess one",
    "app.webhook_events (source_id, dedupe_key)": "an event is stored before its merchant is known",
    "app.webhook_sources (id)": "see public_id",
    "app.webhook_events (id)": "stored before its merchant is known; random",
    "app.webhook_attempts (event_id, n)": "hangs on its event",
    "app.alerts (id)": "random",
    "audit.log (seq)": "one chain over all merchants",
    "audit.outbox (id)": "one queue for all merchants",
}
LOOK_UPS = {
    "auth.webhook_source": "a source, by the unguessable id in its URL",
    "auth.twilio_source_url": "where Twilio reports about a text; one of the merchant's or the platform's",
    "auth.merchant_of_number": "by the platform's keyed hash of a number",
    "auth.merchant_of_account": "by the provider's own id, for the service alone",
    "auth.payment_link": "by the hash of an unguessable token",
    "auth.receipt": "by the hash of an unguessable token",
    "auth.booking_feed": "by the hash of an unguessable token",
    "auth.booking_link": "by the hash of an unguessable token",
    "auth.source_of_event": "mode and account of the source of one event of the transaction's merchant",
    "auth.oldest_due_event_seconds": "one number for the health check",
    "auth.user_by_email": "by the platform's keyed hash of an address",
    "auth.refresh_session": "by the id in a token whose seal has held",
    "auth.account_token": "by the hash of an unguessable token",
    "auth.invitation": "by the hash of an unguessable token",
    "auth.api_key": "by the key's id; its secret is compared by the caller",
    "auth.my_merchants": "those that the transaction's person belongs to",
    "auth.team": "the persons in the team of the transaction's merchant",
    "auth.people": "all persons, for a person who is an operator",
    "auth.session_state": "one word about a token that has been verified",
}


def breaches(cursor: Cursor) -> list[str]:
    """One line for each rule that does not hold; empty when all do."""
    checks = (_tables, _keys, _policies, _grants, _roles, _functions, _views)
    return [line for check in checks for line in check(cursor)]


def _tables(cursor: Cursor) -> Iterator[str]:
    for name, enabled, forced in fetch(
        cursor,
        "select format('%I.%I', relnamespace::regnamespace, relname), relrowsecurity, relforcerowsecurity from pg_class"
        " where relkind in ('r', 'p') and relnamespace::regnamespace::text in ('app', 'audit')",
    ):
        if not enabled:
            yield f"{name}: row security is not enabled"
        if not forced:
            yield f"{name}: row security is not forced"
    nullable = {
        name
        for (name,) in fetch(
            cursor,
            "select attrelid::regclass::text from pg_attribute where attname = 'merchant_id' and not attnotnull"
            " and attrelid::regclass::text = any(%s)",
            list(read_tables(cursor)),
        )
    }
    for name in nullable ^ MERCHANT_MAY_BE_ABSENT.keys():
        yield f"{name}: whether merchant_id may be null is not as reviewed"
    for table in read_tables(cursor).values():
        if ("merchant_id" in table.columns) == (table.name in WITHOUT_MERCHANT):
            yield f"{table.name}: whether it has a merchant_id is not as reviewed"


def _keys(cursor: Cursor) -> Iterator[str]:
    tables = read_tables(cursor)
    for name, columns, first in fetch(
        cursor,
        "select i.indrelid::regclass::text, string_agg(a.attname, ', ' order by k.n),"
        " min(a.attname) filter (where k.n = 1)"
        " from pg_index i cross join unnest(i.indkey) with ordinality k (num, n)"
        " join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.num"
        " join pg_class c on c.oid = i.indrelid where i.indisunique"
        " and c.relnamespace::regnamespace::text in ('app', 'audit') group by i.indexrelid, i.indrelid",
    ):
        if "merchant_id" not in tables[name].columns or first == "merchant_id":
            continue
        if f"{name} ({columns})" not in UNIQUE_ACROSS_MERCHANTS:
            yield f"{name} ({columns}): a unique index that does not start with merchant_id tells of other merchants"
    for table in tables.values():
        for key in table.foreign_keys:
            parent = tables[key.parent]
            both = "merchant_id" in table.columns and parent.name != "app.merchants"
            if both and "merchant_id" in parent.primary_key and "merchant_id" not in key.columns:
                yield f"{table.name} ({', '.join(key.columns)}): a foreign key to {parent.name} without the merchant"


def _policies(cursor: Cursor) -> Iterator[str]:
    count: Counter[tuple[str, str, str]] = Counter()
    policies, grants = read_policies(cursor), read_grants(cursor)
    for table in read_tables(cursor).keys() - {policy.table for policy in policies}:
        yield f"{table}: no policy"
    for policy in policies:
        where = f"{policy.table}, policy {policy.name}"
        if not policy.permissive:
            yield f"{where}: restrictive"
        if len(policy.roles) != 1 or policy.roles[0] not in (*ROLES, RESOLVER):
            yield f"{where}: is for {policy.roles}, not for one role of ours"
        if policy.command not in COMMANDS:
            yield f"{where}: is for {policy.command}, not for one command"
        if policy.command in {"insert", "update"} and policy.check is None:
            yield f"{where}: no WITH CHECK"
        for expression in (policy.using, policy.check):
            if "auth." in re.sub(r"\( SELECT auth\.\w+\(\) AS \w+\)", "", expression or ""):
                yield f"{where}: calls a function for each row: {expression}"
        count.update((policy.table, role, policy.command) for role in policy.roles)
    for (table, role, command), policies_of_it in count.items():
        if policies_of_it > 1:
            yield f"{table}: {policies_of_it} policies for {role} and {command}"
        if not grants[(role, table, command)]:
            yield f"{table}: a policy for {role} and {command}, but no grant"
    for (role, table, command), columns in grants.items():
        if columns and not count[(table, role, command)]:
            yield f"{table}: {role} is granted {command} but has no policy for it"


def _grants(cursor: Cursor) -> Iterator[str]:
    for table, grantee, privilege in fetch(
        cursor,
        "select c.oid::regclass::text, coalesce(nullif(a.grantee, 0)::regrole::text, 'public'), a.privilege_type"
        " from pg_class c cross join aclexplode(c.relacl) a"
        " where c.relnamespace::regnamespace::text in ('app', 'audit', 'auth') and c.relkind in ('r', 'p')"
        " and a.grantee <> c.relowner",
    ):
        if grantee not in (*ROLES, RESOLVER) or privilege.lower() not in COMMANDS:
            yield f"{table}: {privilege} is granted to {grantee}"
    for name, privilege in fetch(
        cursor,
        "select n.nspname, a.privilege_type from pg_namespace n cross join aclexplode(n.nspacl) a"
        " where n.nspname in ('app', 'audit', 'auth', 'public') and a.grantee <> n.nspowner"
        " and (a.grantee = 0 or a.privilege_type = 'CREATE')",
    ):
        yield f"schema {name}: {privilege} is granted to public or to a role that is not its owner"
    for table, owner in fetch(
        cursor,
        "select oid::regclass::text, relowner::regrole::text from pg_class where relkind in ('r', 'p')"
        " and relnamespace::regnamespace::text in ('app', 'audit') and relowner <> 'cw_owner'::regrole",
    ):
        yield f"{table}: belongs to {owner}"


def _roles(cursor: Cursor) -> Iterator[str]:
    for (name,) in fetch(
        cursor,
        "select rolname from pg_roles where rolname like 'cw\\_%'"
        " and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication or rolinherit)",
    ):
        yield f"{name}: has an attribute that no role of ours may have"
    for name, member in fetch(
        cursor,
        "select roleid::regrole::text, member::regrole::text from pg_auth_members"
        " where member::regrole::text = any(%s)",
        list(ROLES),
    ):
        yield f"{member}: is a member of {name}"


def _functions(cursor: Cursor) -> Iterator[str]:
    for name, owner, definer, pinned, public in fetch(
        cursor,
        "select format('%I.%I', pronamespace::regnamespace, proname), proowner::regrole::text, prosecdef,"
        " coalesce('search_path=pg_catalog, pg_temp' = any(proconfig), false),"
        " has_function_privilege('public', oid, 'execute') and prosecdef"
        " from pg_proc where pronamespace::regnamespace::text in ('app', 'audit', 'auth')",
    ):
        if definer and (owner != "cw_resolver" or not pinned or public):
            yield f"{name}: SECURITY DEFINER, of {owner}, search_path pinned: {pinned}, for everybody: {public}"
        if definer and name not in LOOK_UPS:
            yield f"{name}: SECURITY DEFINER and not a reviewed look-up"


def _views(cursor: Cursor) -> Iterator[str]:
    for (name,) in fetch(
        cursor,
        "select oid::regclass::text from pg_class where relkind in ('v', 'm')"
        " and relnamespace::regnamespace::text in ('app', 'audit', 'auth')",
    ):
        yield f"{name}: a view, which sees with its owner's eyes"
