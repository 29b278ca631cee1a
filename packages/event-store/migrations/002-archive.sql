-- A stream can be ended: no event follows then. An ended stream can be archived: its events move to a table of their own, so
-- that the one which is appended to stays small.
alter table streams add column ended_at timestamptz, add column archived_at timestamptz;
create index streams_to_archive on streams (ended_at) where ended_at is not null and archived_at is null;

create table archived_events (
  position bigint primary key,
  stream text not null,
  version bigint not null,
  type text not null,
  data jsonb not null,
  at timestamptz not null,
  unique (stream, version)
);

-- What readers read. The move of a stream commits at once, so that each of its events is seen here exactly once.
create view all_events as
  select position, stream, version, type, data, at from events
  union all
  select position, stream, version, type, data, at from archived_events;

-- Moves an ended stream, in the transaction of the caller. Answers how many events that were; null where it has not ended.
create function archive_stream(name text) returns bigint
language plpgsql as $$
declare
  moved bigint;
begin
  update streams set archived_at = coalesce(archived_at, clock_timestamp())
  where stream = name and ended_at is not null;
  if not found then
    return null;
  end if;
  with taken as (
    delete from events where stream = name returning position, stream, version, type, data, at
  )
  insert into archived_events (position, stream, version, type, data, at)
  select position, stream, version, type, data, at from taken;
  get diagnostics moved = row_count;
  return moved;
end $$;

-- Why nothing could be appended: the stream has ended, or somebody was faster.
create function refuse_append(name text) returns void
language plpgsql as $$
declare
  found_stream streams;
begin
  select * into found_stream from streams where stream = name;
  if found_stream.ended_at is not null then
    raise exception 'stream_ended: The stream % has ended at version %.', name, found_stream.version using errcode = 'AS409';
  end if;
  raise exception 'lost race: stream % (at version %)', name, coalesce(found_stream.version, 0) using errcode = '40001';
end $$;

-- Appends to several streams, in the order of their names. `expected`: a version, 0 for none yet, -1 for any, -2 for existing.
-- A stream's time never runs backwards, so that every moment is a prefix.
create or replace function append_events(batches jsonb) returns table (appended_stream text, appended_version bigint)
language plpgsql as $$
declare
  batch record;
  stored record;
  count int;
begin
  for batch in
    select b.stream, b.expected, b.events, b.snapshot, b.schema, b.ends
    from jsonb_to_recordset(batches)
      as b(stream text, expected bigint, events jsonb, snapshot jsonb, schema int, ends boolean)
    order by b.stream
  loop
    count := jsonb_array_length(batch.events);
    if batch.expected in (0, -1) then
      insert into streams as s (stream, version, last_at)
      values (batch.stream, count, clock_timestamp() + (count - 1) * interval '1 microsecond')
      on conflict (stream) do update
        set version = s.version + count,
            last_at = greatest(clock_timestamp(), s.last_at + interval '1 microsecond') + (count - 1) * interval '1 microsecond'
        where batch.expected = -1 and s.ended_at is null
      returning s.version, s.last_at into stored;
    else
      update streams as s
      set version = s.version + count,
          last_at = greatest(clock_timestamp(), s.last_at + interval '1 microsecond') + (count - 1) * interval '1 microsecond'
      where s.stream = batch.stream and (s.version = batch.expected or batch.expected = -2) and s.ended_at is null
      returning s.version, s.last_at into stored;
    end if;
    if not found then
      perform refuse_append(batch.stream);
    end if;
    insert into events (stream, version, type, data, at)
    select batch.stream, stored.version - count + e.n, e.event->>'type', e.event->'data',
           stored.last_at - (count - e.n) * interval '1 microsecond'
    from jsonb_array_elements(batch.events) with ordinality as e(event, n)
    order by e.n;
    if batch.snapshot is not null then
      update streams as s set snapshot = batch.snapshot, snapshot_version = stored.version, snapshot_schema = batch.schema
      where s.stream = batch.stream;
    end if;
    if batch.ends then
      update streams as s set ended_at = stored.last_at where s.stream = batch.stream;
    end if;
    appended_stream := batch.stream;
    appended_version := stored.version;
    return next;
  end loop;
end $$;

-- The common case, without JSON to take apart: events of one stream, without a snapshot. Answers the new version.
create or replace function append_to_stream(name text, expected bigint, types text[], payloads jsonb[]) returns bigint
language plpgsql as $$
declare
  count int := cardinality(types);
  new_version bigint;
  new_at timestamptz;
begin
  if expected in (0, -1) then
    insert into streams as s (stream, version, last_at)
    values (name, count, clock_timestamp() + (count - 1) * interval '1 microsecond')
    on conflict (stream) do update
      set version = s.version + count,
          last_at = greatest(clock_timestamp(), s.last_at + interval '1 microsecond') + (count - 1) * interval '1 microsecond'
      where expected = -1 and s.ended_at is null
    returning s.version, s.last_at into new_version, new_at;
  else
    update streams as s
    set version = s.version + count,
        last_at = greatest(clock_timestamp(), s.last_at + interval '1 microsecond') + (count - 1) * interval '1 microsecond'
    where s.stream = name and (s.version = expected or expected = -2) and s.ended_at is null
    returning s.version, s.last_at into new_version, new_at;
  end if;
  if not found then
    perform refuse_append(name);
  end if;
  if count = 1 then
    insert into events (stream, version, type, data, at) values (name, new_version, types[1], payloads[1], new_at);
  else
    insert into events (stream, version, type, data, at)
    select name, new_version - count + n, e.type, e.data, new_at - (count - n) * interval '1 microsecond'
    from unnest(types, payloads) with ordinality as e(type, data, n) order by n;
  end if;
  return new_version;
end $$;
