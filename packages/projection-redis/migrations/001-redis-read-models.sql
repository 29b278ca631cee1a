-- What is kept in Redis counts for one epoch. Whatever casts doubt on it, a lost write or a server that may have forgotten
-- something, begins the next one: then nothing of the old one is read any more.
create table redis_read_models (
  name text primary key,
  epoch bigint not null default 1,
  -- The run of the Redis server in which this epoch began; another run may have begun with old data.
  run_id text,
  updated_at timestamptz not null default clock_timestamp()
);
