-- A read model has a version and tables of its own. Its successor is filled beside it, in a schema of its own.
alter table projections
  add column version int not null default 1,
  -- The text that has made the tables; null where a migration has made them.
  add column definition text,
  add column tables text[] not null default '{}',
  -- Until then the read model stands still: its successor takes over at exactly this position.
  add column frozen_until timestamptz,
  -- Why it cannot go on.
  add column error text;

create table projection_rebuilds (
  name text primary key references projections,
  run bigint not null generated always as identity,
  version int not null,
  definition text not null,
  tables text[] not null,
  -- The last event that was taken in, or how many facts the source has said again.
  position bigint not null default 0,
  -- How many facts the source says again; null until it has told, and where there is no source to ask.
  expected bigint,
  error text,
  started_at timestamptz not null default clock_timestamp()
);

-- Makes the tables of a definition in a schema of their own, which begins empty, and answers their names. `replaced` are
-- those whose names are free to be used again; null if all are.
create function projection_build(build_schema text, definition text, replaced text[]) returns text[]
language plpgsql as $$
declare
  home text := current_schema();
  path text := current_setting('search_path');
  made text[];
  stray text;
begin
  execute format('drop schema if exists %I cascade', build_schema);
  execute format('create schema %I', build_schema);
  perform set_config('search_path', format('%I, %s', build_schema, path), true);
  execute definition;
  perform set_config('search_path', path, true);
  select array_agg(relname::text order by relname) filter (where relkind in ('r', 'p')),
         min(relname::text) filter (where relkind not in ('r', 'p', 'i', 'I', 'S', 't'))
  into made, stray from pg_class where relnamespace = quote_ident(build_schema)::regnamespace;
  if made is null then
    raise exception 'A read model has to make a table, and to name it without a schema.';
  end if;
  if stray is not null then
    raise exception 'A read model is made of tables and indexes only: "%" is something else.', stray;
  end if;
  select relname into stray from pg_class
  where relnamespace = quote_ident(home)::regnamespace and relname = any (made) and relname <> all (replaced);
  if stray is not null then
    raise exception 'There is a "%" already that is not of this read model.', stray;
  end if;
  return made;
end $$;

-- Puts tables that were made beside into the place of those that they replace. Whoever reads these is waited for, but
-- not for long: others would queue behind us. What depends on them from outside, such as a view, is an error.
create function projection_install(build_schema text, replaced text[], made text[]) returns void
language plpgsql as $$
declare
  home text := current_schema();
  old_schema text := 'replaced by ' || build_schema;
  one text;
begin
  perform set_config('lock_timeout', '50ms', true);
  if cardinality(replaced) > 0 then
    execute (select 'lock table ' || string_agg(format('%I.%I', home, t), ', ' order by t) || ' in access exclusive mode'
             from unnest(replaced) as t);
  end if;
  execute format('create schema %I', old_schema);
  foreach one in array replaced loop
    execute format('alter table %I.%I set schema %I', home, one, old_schema);
  end loop;
  foreach one in array made loop
    execute format('alter table %I.%I set schema %I', build_schema, one, home);
  end loop;
  if cardinality(replaced) > 0 then
    execute (select 'drop table ' || string_agg(format('%I.%I', old_schema, t), ', ') from unnest(replaced) as t);
  end if;
  execute format('drop schema %I', old_schema);
  execute format('drop schema %I', build_schema);
end $$;

create function projection_discard(build_schema text) returns void
language plpgsql as $$
begin
  execute format('drop schema %I cascade', build_schema);
end $$;

-- Tables that were filled at once are known to the planner before anybody reads them.
create function projection_analyze(build_schema text, tables text[]) returns void
language plpgsql as $$
declare
  one text;
begin
  foreach one in array tables loop
    execute format('analyze %I.%I', build_schema, one);
  end loop;
end $$;

-- Fails if this transaction has written to any other table than those of the read model: a rebuild would write it twice.
create function projection_wrote_only(place text, tables text[]) returns void
language plpgsql as $$
declare
  stray text;
begin
  select min(c.relname) into stray from pg_locks l join pg_class c on c.oid = l.relation
  where l.pid = pg_backend_pid() and l.locktype = 'relation' and l.mode = 'RowExclusiveLock' and c.relkind in ('r', 'p')
    and l.database = (select oid from pg_database where datname = current_database())
    and c.relnamespace <> 'pg_catalog'::regnamespace and c.relnamespace <> 'pg_toast'::regnamespace
    and c.relname not in ('projections', 'projection_rebuilds')
    and not (c.relnamespace = quote_ident(place)::regnamespace and c.relname = any (tables));
  if stray is not null then
    raise exception 'A read model may write to its own tables only, and "%" is none of them.', stray;
  end if;
end $$;
