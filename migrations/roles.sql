-- Roles of the running system. Run by the administrator, again and again: every statement is idempotent.
-- Roles belong to the cluster; schemas, extension and grants belong to the database that this runs in.
-- Passwords are set by migrations/prepare.py, never here.

do $$
declare
    name text;
begin
    foreach name in array array['cw_owner', 'cw_resolver'] loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I nologin', name);
        end if;
    end loop;
    foreach name in array array['cw_migrator', 'cw_web', 'cw_webhook', 'cw_worker', 'cw_service', 'cw_audit_writer'] loop
        if not exists (select from pg_roles where rolname = name) then
            execute format('create role %I login', name);
        end if;
    end loop;
    foreach name in array array['cw_owner', 'cw_resolver', 'cw_migrator', 'cw_web', 'cw_webhook', 'cw_worker',
                                'cw_service', 'cw_audit_writer'] loop
        execute format('alter role %I nocreatedb nocreaterole noinherit', name);
    end loop;
    -- A forgotten transaction must not hold locks or a horizon for ever.
    foreach name in array array['cw_web', 'cw_webhook', 'cw_worker', 'cw_service', 'cw_audit_writer'] loop
        execute format('alter role %I set idle_in_transaction_session_timeout = ''15s''', name);
    end loop;
    -- What is prepared is planned once. Left alone, Postgres plans a list anew each time: it takes a limit that it does
    -- not know yet for a tenth of the table, and any plan that knows it for cheaper (docs/adr/0018).
    foreach name in array array['cw_web', 'cw_webhook', 'cw_worker'] loop
        execute format('alter role %I set plan_cache_mode = ''force_generic_plan''', name);
    end loop;
    -- Acknowledging a webhook: durable, and never long. Set here and not by the session, so that it holds behind a
    -- transaction pooler too.
    alter role cw_webhook set synchronous_commit = 'on';
    alter role cw_webhook set statement_timeout = '2s';
    alter role cw_webhook set lock_timeout = '300ms';
end
$$;

-- The migrator becomes the owner by SET ROLE; the owner hands the look-up functions to the resolver.
grant cw_owner to cw_migrator;
grant cw_resolver to cw_owner;
do $$ begin execute format('grant cw_owner to %I', current_user); end $$;

do $$
begin
    execute format('revoke all on database %I from public', current_database());
    execute format('grant connect on database %I to cw_migrator, cw_web, cw_webhook, cw_worker, cw_service, cw_audit_writer',
                   current_database());
    execute format('grant create on database %I to cw_owner', current_database());
end
$$;
revoke all on schema public from public;
create extension if not exists btree_gist with schema public;
grant usage on schema public to cw_owner;

create schema if not exists app authorization cw_owner;
create schema if not exists audit authorization cw_owner;
create schema if not exists auth authorization cw_owner;
