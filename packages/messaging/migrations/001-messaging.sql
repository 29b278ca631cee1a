-- What this service has to tell others. Rows are marked published once the bus answers for them.
create table outbox (
  position bigserial primary key,
  id uuid not null,
  channel text not null,
  key text not null,
  sequence bigint not null,
  type text not null,
  time timestamptz not null,
  data jsonb not null,
  context jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  published_at timestamptz
);
create index outbox_unpublished on outbox (position) where published_at is null;
create index outbox_by_key on outbox (channel, key, sequence);

-- The dense counter of each (channel, key). Never deleted: a counter that starts again loses messages at every consumer.
create table outbox_keys (
  channel text not null,
  key text not null,
  sequence bigint not null,
  primary key (channel, key)
);

-- The highest sequence that each consumer has handled of each key, and the id of that message: another one under the same
-- number comes from a source that was restored. `previous` is the mark before the last change (compare and set).
create table inbox (
  consumer text not null,
  source text not null,
  channel text not null,
  key text not null,
  sequence bigint not null,
  previous bigint not null,
  last_id uuid,
  parked boolean not null default false,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (consumer, channel, key, source)
) with (fillfactor = 60);
-- Not a btree: it would keep every move of a mark from being a heap-only update.
create index inbox_idle on inbox using brin (updated_at);

-- Messages whose handling failed, and those of the same key that wait behind them.
create table parked_messages (
  id uuid not null unique,
  consumer text not null,
  source text not null,
  channel text not null,
  key text not null,
  sequence bigint not null,
  type text not null,
  message jsonb not null,
  status text not null check (status in ('retrying', 'dead', 'waiting', 'discarded')),
  attempts int not null default 0,
  error text,
  first_failed_at timestamptz not null default clock_timestamp(),
  next_attempt_at timestamptz,
  primary key (consumer, source, channel, key, sequence)
);

-- The channels that each consumer has begun to read: on a new one it starts with the oldest message that is kept.
create table consumers (
  consumer text not null,
  channel text not null,
  registered_at timestamptz not null default clock_timestamp(),
  primary key (consumer, channel)
);

create table leases (
  name text primary key,
  holder text not null,
  epoch bigint not null default 1,
  expires_at timestamptz not null
);
