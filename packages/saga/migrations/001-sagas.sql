create table sagas (
  id uuid not null unique,
  name text not null,
  key text not null,
  version int not null,
  status text not null check (status in ('running', 'compensating', 'completed', 'compensated', 'stuck')),
  state jsonb not null,
  deadline timestamptz,
  started_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (name, key)
) with (fillfactor = 50);
create index sagas_by_status on sagas (status, id);
