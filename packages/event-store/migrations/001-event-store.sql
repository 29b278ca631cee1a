create table streams (
  stream text primary key,
  version bigint not null,
  last_at timestamptz not null,
  snapshot jsonb,
  snapshot_version bigint,
  snapshot_schema int
);

-- The position is drawn by the INSERT, after the row of the stream is locked: position order is version order in each stream.
create table events (
  position bigserial primary key,
  stream text not null,
  version bigint not null,
  type text not null,
  data jsonb not null,
  at timestamptz not null,
  unique (stream, version)
);

-- Appends to several streams, in the order of their names. `expected`: a version, 0 for none yet, -1 for any, -2 for existing.
-- A stream's time never runs backwards, so that every moment is a prefix.
create function append_events(batches jsonb) returns table (appended_stream text, appended_version bigint)
language plpgsql as $$
declare
  batch record;
  stored record;
  count int;
begin
  for batch in
    select b.stream, b.expected, b.events, b.snapshot, b.schema
    from jsonb_to_recordset(batches) as b(stream text, expected bigint, events jsonb, snapshot jsonb, schema int)
    order by b.stream
  loop
    count := jsonb_array_length(batch.events);
    if batch.expected in (0, -1) then
      insert into streams as s (stream, version, last_at)
      values (batch.stream, count, clock_timestamp() + (count - 1) * interval '1 microsecond')
      on conflict (stream) do update
        set version = s.version + count,
            last_at = greatest(clock_timestamp(), s.last_at + interval '1 microsecond') + (count - 1) * interval '1 microsecond'
        where batch.expected = -1
      returning s.version, s.last_at into stored;
    else
      update streams as s
      set version = s.version + count,
          last_at = greatest(clock_timestamp(), s.last_at + interval '1 microsecond') + (count - 1) * interval '1 microsecond'
      where s.stream = batch.stream and (s.version = batch.expected or batch.expected = -2)
      returning s.version, s.last_at into stored;
    end if;
    if not found then
      raise exception 'lost race: stream % (at version %)', batch.stream,
        coalesce((select s.version from streams s where s.stream = batch.stream), 0) using errcode = '40001';
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
    appended_stream := batch.stream;
    appended_version := stored.version;
    return next;
  end loop;
end $$;

-- The common case, without JSON to take apart: events of one stream, without a snapshot. Answers the new version.
create function append_to_stream(name text, expected bigint, types text[], payloads jsonb[]) returns bigint
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
      where expected = -1
    returning s.version, s.last_at into new_version, new_at;
  else
    update streams as s
    set version = s.version + count,
        last_at = greatest(clock_timestamp(), s.last_at + interval '1 microsecond') + (count - 1) * interval '1 microsecond'
    where s.stream = name and (s.version = expected or expected = -2)
    returning s.version, s.last_at into new_version, new_at;
  end if;
  if not found then
    raise exception 'lost race: stream % (at version %)', name,
      coalesce((select s.version from streams s where s.stream = name), 0) using errcode = '40001';
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
